"""`mediflow run` on a disk that fills up: it says so, and once there is room the tables are those of a clean run."""

import shutil
from pathlib import Path

import pytest

from mediflow_assets_tests.small_disk import ROOMY, small_disk
from mediflow_assets_tests.test_kills import Hospital, assert_equal, clean, hospital

__all__ = ["clean", "hospital"]
pytestmark = pytest.mark.faults
MEGABYTE = 1 << 20


@pytest.mark.parametrize("left", [0.05, 1, 2.5])
def test_a_full_disk_costs_nothing(
    hospital: Hospital, clean: dict[str, list[str]], tmp_path: Path, left: float
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        home = Hospital(Path(shutil.copytree(hospital.folder, disk.folder / "home")))
        disk.leave(int(left * MEGABYTE))
        process = home.start("run")
        _, said = process.communicate()
        assert process.returncode == 1
        assert b"disk is full" in said, said.decode()[-1000:]
        disk.leave(ROOMY)
        assert (home.call("run"), home.call("status")) == (0, 0)
        assert_equal(home.tables(), clean, left)
