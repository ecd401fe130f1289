"""What the code may import and use, and how long a file may be. The layers themselves are held by import-linter."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "mediflow_assets"
LONGEST_FILE = 250
FILES = sorted(PACKAGE.rglob("*.py"))
CLOCKS = {"current_timestamp", "current_date", "localtimestamp", "curdate", "now", "today", "utcnow"}
SLOW_OR_ABSENT = {"udf", "rdd", "RDD", "sparkContext", "DeltaTable"}
CLOCK_IN_SQL = re.compile(
    r"\b(current_timestamp|current_date|localtimestamp|curdate|now)\s*\(|unix_timestamp\(\)", re.IGNORECASE
)


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def imported(path: Path) -> Iterator[str]:
    """Modules that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""


def names_used(path: Path) -> Iterator[str]:
    """Names, attributes and imported names of a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)


def test_the_code_location_loads_nothing_of_the_models() -> None:
    probe = "import sys, mediflow_assets.definitions; print(sorted({'mlflow', 'sklearn', 'pysail'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_contracts_import_the_standard_library_only() -> None:
    allowed = sys.stdlib_module_names | {"mediflow_assets"}
    foreign = {
        (name_of(file), module)
        for file in FILES
        if name_of(file).startswith("contracts/")
        for module in imported(file)
        if module.split(".")[0] not in allowed
    }
    assert foreign == set()


def test_contracts_load_without_anything_installed() -> None:
    found = subprocess.run(
        [
            sys.executable,
            "-S",
            "-I",
            "-c",
            f"import sys; sys.path.insert(0, {str(PACKAGE.parent)!r})\n"
            "import mediflow_assets.contracts as c; print(len(c.TABLES) > 20)",
        ],
        capture_output=True,
        text=True,
    )
    assert (found.returncode, found.stdout) == (0, "True\n"), found.stderr


def test_only_the_code_location_imports_dagster() -> None:
    importers = {name_of(file) for file in FILES if any(module.startswith("dagster") for module in imported(file))}
    assert importers and {name for name in importers if not name.startswith("defs/")} == {"definitions.py"}


@pytest.mark.parametrize("file", [file for file in FILES if name_of(file).startswith("transforms/")], ids=name_of)
def test_a_transform_reads_no_clock_and_uses_no_slow_path(file: Path) -> None:
    assert set(names_used(file)) & (CLOCKS | SLOW_OR_ABSENT) == set()
    assert CLOCK_IN_SQL.findall(file.read_text(encoding="utf-8")) == []


def test_no_file_is_too_long_to_read_at_once() -> None:
    long = {name_of(file): lines for file in FILES if (lines := len(file.read_text().splitlines())) > LONGEST_FILE}
    assert long == {}


def test_no_drawer_is_opened() -> None:
    drawers = {"utils", "helpers", "common", "misc"}
    assert {name_of(file) for file in FILES if drawers & {*file.relative_to(PACKAGE).parts[:-1], file.stem}} == set()


def test_no_pattern_counts_letters_of_all_scripts() -> None:
    counted = re.compile(r"\\p\{\w+\}[^\]\"]*\]\{\d+,\d*\}")
    assert [name_of(file) for file in FILES if counted.search(file.read_text(encoding="utf-8"))] == []
