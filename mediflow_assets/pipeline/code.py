"""Which code a table is made by: the module of its step and all that it imports, byte for byte.

Followed are the rooms that hold rules. How files are stored, how a user signs in, or how a command is typed makes no
table another one.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
_RULES = frozenset(("contracts", "transforms", "ingest", "pipeline", "streaming", "privacy", "ml"))


@cache
def code_version(made_by: str, package: Path = PACKAGE) -> str:
    """Twelve hex digits that change with any rule by which a module makes its tables."""
    digest = hashlib.sha256()
    for file in sorted(files_of(made_by, package)):
        digest.update(str(file.relative_to(package)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def files_of(made_by: str, package: Path = PACKAGE) -> set[Path]:
    """The files of a module and of all modules with rules that it imports, at its top or within a function."""
    found: set[Path] = set()
    waiting = set(_files(made_by, package))
    while waiting:
        file = waiting.pop()
        found.add(file)
        waiting |= {each for name in _imported(file) for each in _files(name, package)} - found
    return found


@cache
def _imported(file: Path) -> frozenset[str]:
    """What a file imports, by full name: a module, or something in one."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(found)


def _files(name: str, package: Path) -> list[Path]:
    """The files that a name brings with it: its module's, or a whole folder where something is taken from the folder
    itself, for that may find its modules by itself."""
    root, *parts = name.split(".")
    if root != package.name or not parts or parts[0] not in _RULES:
        return []
    place = package
    for part in parts:
        if (file := place / f"{part}.py").is_file():
            return [file]
        if not (place / part).is_dir():
            break
        place /= part
    return sorted(place.rglob("*.py"))
