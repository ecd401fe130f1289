"""`mediflow bench --stages` tells every stage of a run once, with figures that add up."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_each_stage_is_measured(tmp_path: Path) -> None:
    out = tmp_path / "stages.json"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MEDIFLOW_", "DAGSTER_"))}
    said = subprocess.run(
        [sys.executable, "-m", "mediflow_assets.cli", "bench", "--stages", "--rows", "300", "--out", str(out)],
        env=kept | {"RUST_LOG": "error", "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert said.returncode == 0, said.stderr[-2000:]
    stages = json.loads(out.read_text())["stages"]
    names = [each["stage"] for each in stages]
    assert names[0] == "ingest" and "landing" in names and len(set(names)) == len(names) > 20
    assert sum(each["cpu_s"] for each in stages) > 0
    peaks = [each["peak_mb"] for each in stages]
    assert peaks == sorted(peaks) and peaks[0] > 0
