"""What MediFlow writes is closed to others, wherever it lies and whoever writes it."""

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from mediflow_assets import modes
from mediflow_assets_tests.samples import ADMISSION, csv_text


def open_to_others(*folders: Path) -> list[str]:
    """Everything in these folders that somebody else may look at, links aside."""
    paths = [path for folder in folders for path in (folder, *folder.rglob("*"))]
    assert all(folder.is_dir() for folder in folders)
    return [str(path) for path in paths if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o077]


@pytest.fixture
def places(quick_folder):
    """A folder for a home and what lies beside it."""
    return Path(tempfile.mkdtemp(dir=quick_folder))


@pytest.fixture
def mediflow(places):
    """Runs commands of a home whose lake lies elsewhere, by a user who leaves the modes open."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MEDIFLOW_", "DAGSTER_"))}
    set_to = {"MEDIFLOW_HOME": str(places / "home"), "MEDIFLOW_LAKE": str(places / "elsewhere" / "lake")}

    def _run(*arguments: object) -> None:
        command = [sys.executable, "-m", "mediflow_assets.cli", *map(str, arguments)]
        ended = subprocess.run(
            command, env=kept | set_to, umask=0o022, cwd=places, capture_output=True, text=True, timeout=200
        )
        assert ended.returncode == 0, ended.stderr

    return _run


@pytest.mark.slow
def test_every_file_and_folder_of_home_lake_and_backup_is_closed(mediflow, places):
    (places / "delivery.csv").write_text(csv_text(ADMISSION, ({}, {"encounter_id": "E2", "cost": "x"})))
    mediflow("init")
    mediflow("ingest", places / "delivery.csv")
    mediflow("run")
    mediflow("backup", places / "backup")
    lake = places / "elsewhere" / "lake"
    assert (lake / "masked" / "encounters").is_dir()
    assert open_to_others(places / "home", lake, places / "backup") == []


def test_what_an_older_version_left_open_is_closed(tmp_path):
    table = tmp_path / "lake" / "gold" / "table"
    table.mkdir(parents=True)
    (table / "part.parquet").write_bytes(b"x")
    (tmp_path / "outside").write_bytes(b"x")
    (table / "link").symlink_to(tmp_path / "outside")
    for path in (tmp_path / "lake", table, table / "part.parquet", tmp_path / "outside"):
        path.chmod(0o755)
    modes.close_below(tmp_path / "lake")
    assert open_to_others(tmp_path / "lake") == []
    assert stat.S_IMODE((tmp_path / "outside").stat().st_mode) == 0o755


@pytest.mark.parametrize("entry", ["mediflow_assets.definitions", "serving.__main__:main", "dashboard.__main__:main"])
def test_each_entry_of_a_process_closes_what_it_will_write(entry, tmp_path):
    module, _, called = entry.partition(":")
    probe = f"import os, sys; os.umask(0o022); sys.argv = ['x', '--port', '-1']; import {module} as entry\n"
    probe += "try:\n    entry.main()\nexcept BaseException: pass\n" if called else ""
    probe += "print(f'{os.umask(0):04o}')"
    environment = os.environ | {"MEDIFLOW_HOME": str(tmp_path / "home"), "DAGSTER_HOME": str(tmp_path)}
    told = subprocess.run([sys.executable, "-c", probe], env=environment, capture_output=True, text=True, timeout=100)
    assert told.stdout.splitlines()[-1:] == ["0077"], told.stderr
