"""A table is made again when the code that makes it changes, and only then."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mediflow_assets.pipeline.code import PACKAGE, code_version, files_of

MAKERS = tuple(f"mediflow_assets.{name}" for name in ("pipeline.gold", "ml.risk_scores", "privacy.leak_scan"))
GOLD, SCORES, LEAK_SCAN = MAKERS


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code."""
    ignored = shutil.ignore_patterns("__pycache__")
    return shutil.copytree(PACKAGE, tmp_path_factory.mktemp("source") / PACKAGE.name, ignore=ignored)


def versions(source: Path) -> dict[str, str]:
    code_version.cache_clear()
    return {made_by: code_version(made_by, source) for made_by in MAKERS}


def made_again(source: Path, file: str, text: str) -> set[str]:
    """The modules whose tables are made again once a file has this text."""
    place, before = source / file, versions(source)
    was = place.read_text() if place.exists() else None
    place.write_text(text if was is None else was + text)
    after = versions(source)
    place.unlink() if was is None else place.write_text(was)
    return {made_by for made_by in MAKERS if before[made_by] != after[made_by]}


@pytest.mark.parametrize(
    ("file", "makers"),
    [
        ("privacy/leak_scan.py", {LEAK_SCAN}),
        ("privacy/byte_search.py", {LEAK_SCAN}),
        ("transforms/costs.py", {GOLD}),
        ("pipeline/gold.py", {GOLD}),
        ("ml/specs/readmission_risk.py", {SCORES}),
        ("contracts/gold.py", {GOLD, SCORES, LEAK_SCAN}),
        ("contracts/served/treatment_cost.py", {GOLD, SCORES, LEAK_SCAN}),
        ("storage/delta.py", set()),
        ("cli/output.py", set()),
    ],
)
def test_a_remark_makes_those_tables_again_that_its_file_makes(source: Path, file: str, makers: set[str]) -> None:
    assert made_again(source, file, "# a remark\n") == makers


def test_a_new_file_counts_in_a_folder_that_finds_its_modules(source: Path) -> None:
    assert made_again(source, "ml/specs/another.py", "SPEC = None\n") == {SCORES}


@pytest.mark.parametrize("made_by", MAKERS)
def test_nothing_that_python_loads_for_it_is_left_out(made_by: str) -> None:
    code = (
        f"import sys, {made_by}; print(*(getattr(m, '__file__', None) or '' for m in sys.modules.values()), sep='\\n')"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    rooms = ("transforms", "ingest", "pipeline", "streaming", "privacy", "ml")
    loaded = {Path(file) for file in shown.stdout.splitlines() if Path(file).is_relative_to(PACKAGE)}
    wanted = {file for file in loaded if file.relative_to(PACKAGE).parts[0] in rooms and file.name != "__init__.py"}
    assert wanted and wanted <= files_of(made_by)
