"""`mediflow bench --growth` and `--one-stay-each`: deliveries are taken whole, and what was written is counted."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from benchmarks import growth
from mediflow_assets.errors import NothingToDo


@pytest.fixture
def bench(tmp_path: Path) -> Callable[..., Any]:
    """Runs the command as a process of its own, by whatever lake the environment names; gives its figures."""

    def _run(*words: str) -> Any:
        out, elsewhere = tmp_path / "bench.json", tmp_path / "elsewhere"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MEDIFLOW_", "DAGSTER_"))}
        said = subprocess.run(
            [sys.executable, "-m", "mediflow_assets.cli", "bench", *words, "--out", str(out)],
            env=kept | {"RUST_LOG": "error", "TMPDIR": str(tmp_path), "MEDIFLOW_LAKE": str(elsewhere)},
            capture_output=True,
            text=True,
        )
        assert said.returncode == 0, said.stderr[-2000:]
        assert not elsewhere.exists()
        return json.loads(out.read_text())

    return _run


@pytest.mark.slow
def test_each_size_is_measured_with_what_follows_it(bench: Callable[..., Any]) -> None:
    steps = bench("--growth", "--sizes", "300", "--more", "40")["steps"]
    whole, _, recent, corrections, nothing, publication = steps
    assert [(step["encounters"], step["what"]) for step in steps] == [
        (300, "whole run"),
        (300, "nightly maintenance"),
        (300, "40 recent rows"),
        (300, "40 scattered corrections"),
        (300, "nothing new"),
        (300, "publication"),
    ]
    assert whole["share_of_lake"] == 1 and whole["bytes_written"] > 0
    assert 0 < recent["share_of_lake"] < 1 and 0 < corrections["share_of_lake"] < 1
    assert (nothing["bytes_written"], nothing["files_written"]) == (0, 0)
    assert publication["bytes_written"] > 0
    for step in steps:
        assert step["cpu_s"] > 0 and step["peak_mb"] == max(command["peak_mb"] for command in step["commands"])


@pytest.mark.slow
def test_a_file_with_one_stay_each_is_taken_in_and_made_by_hand(bench: Callable[..., Any]) -> None:
    told = bench("--one-stay-each", "--rows", "300")
    assert [figure["what"] for figure in told["figures"]] == [
        "init",
        "generate",
        "ingest",
        "run",
        "floor (Polars, by hand)",
        "floor with a masked table",
    ]
    assert len(told["ratios"]) == 2 and all(ratio > 0 for ratio in told["ratios"].values())


def test_files_written_are_those_that_are_new_or_stand_in_the_place_of_others(tmp_path: Path) -> None:
    for name in ("kept", "replaced", "removed"):
        (tmp_path / name).write_text("before")
    before = growth.files_below(tmp_path)
    (tmp_path / "removed").unlink()
    (tmp_path / "new").write_text("new")
    (tmp_path / "other").write_text("before")
    (tmp_path / "other").replace(tmp_path / "replaced")
    after = growth.files_below(tmp_path)
    assert {Path(path).name for path, found in after.items() if before.get(path) != found} == {"new", "replaced"}


def outcome(table: str, accepted: int, **counts: int) -> dict[str, Any]:
    return {"table": table, "delivery": "a", "accepted": accepted, "new": 0, "newer": 0} | counts


@pytest.mark.parametrize(
    ("encounters", "patients", "said"),
    [
        (outcome("silver/encounters", 9, new=9), outcome("silver/patients", 10), "not accepted whole"),
        (outcome("silver/encounters", 10, new=10), outcome("silver/patients", 9), "not accepted whole"),
        (outcome("silver/encounters", 10, new=9, newer=1), outcome("silver/patients", 10), "only 9 were new"),
    ],
)
def test_a_delivery_that_is_not_taken_whole_ends_the_measurement(
    encounters: dict[str, Any], patients: dict[str, Any], said: str
) -> None:
    with pytest.raises(NothingToDo, match=said):
        growth.require_taken([encounters, patients], 10, "new")


def test_a_delivery_that_is_nowhere_ends_the_measurement() -> None:
    with pytest.raises(NothingToDo, match="none"):
        growth.require_taken([], 10, "new")


@pytest.mark.parametrize("sizes", ["", "ten", "0", "5,-3", "5,,3", "1.5"])
def test_sizes_are_whole_numbers_above_zero(mediflow: Callable[..., Result], sizes: str) -> None:
    assert mediflow("bench", "--growth", "--sizes", sizes).exit_code == 2


def test_one_measurement_is_made_at_a_time(mediflow: Callable[..., Result]) -> None:
    assert mediflow("bench", "--growth", "--stages").exit_code == 2
