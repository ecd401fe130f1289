"""A hospital's own source, in a package of its own: installed, it takes the way of every other one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    """What a process with the package installed makes of a ward list: nothing of it stays in this one."""
    folder = tmp_path_factory.mktemp("ward")
    installed = folder / "site" / "ward-1.0.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: ward\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text(
        "[mediflow.sources]\nward_list = mediflow_assets_tests.sources.ward.contract:SOURCE\n"
    )
    paths = os.pathsep.join([str(installed.parent), str(ROOT)])
    made = subprocess.run(
        [sys.executable, "-m", "mediflow_assets_tests.sources.ward.hospital", str(folder / "home")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": paths, "RUST_LOG": "error"},
    )
    assert made.returncode == 0, made.stderr[-3000:]
    return json.loads(made.stdout.splitlines()[-1])


def test_it_is_recognised_read_and_counted(hospital):
    assert hospital["ledger"] == {"source": "ward_list", "records": 5, "bronze": 4, "rejects": 1}
    assert hospital["bronze"] == [[kind, id_] for id_ in ("W-700001", "W-700002") for kind in ("person", "stay")]
    assert hospital["told"] == [["a first line WARD LIST 1"], []]


def test_its_records_become_patients_and_encounters(hospital):
    assert hospital["silver"] == [["W-700001", "1200.00", "F"]]
    assert hospital["gold"] == ["1200.00", "80.00"]
    assert hospital["masked"] == [["OTHER", "1200.00"], ["OTHER", "80.00"]]
    assert hospital["unbalanced"] == []


def test_a_record_is_quarantined_and_replayed_after_a_correction(hospital):
    assert hospital["quarantine"] == [[4, ["cost_unreadable"]]]
    assert (hospital["mended"][1], hospital["status"]) == (["W-700002", "80.00", "M"], "replayed")


def test_a_person_in_it_is_erased_and_refused_ever_after(hospital):
    assert hospital["proof"] == [1, 2, 0]
    assert (hospital["left"], hospital["after"]) == ([], [["W-700002", "80.00", "M"]])
    assert (hospital["refused"], hospital["unbalanced after"]) == (0, [])


def test_the_graph_and_the_lineage_know_it(hospital):
    assert "bronze/ward_lists" in hospital["upstream"]
    assert "bronze/ward_lists.came" in hospital["lineage"]
