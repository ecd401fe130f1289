"""Copying: a home's files (its SQLite databases as of one moment each), and a lake from or to an object store."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mediflow_assets.objects import is_remote, listed, remote

_SQLITE = b"SQLite format 3\0"
_LEFT_OUT = ("lake.lock",)
"""The lease is of this machine, not of the home."""


def copy_home(home: Path, to: Path, without: Path | None) -> None:
    """Copy a home's files with their modes, without the lake if it lies there. Databases are copied while in use."""
    _folder(home, to)
    for path in _walk(home, without):
        target = to / path.relative_to(home)
        if path.is_dir():
            _folder(path, target)
        elif _is_sqlite(path):
            _copy_database(path, target)
        else:
            shutil.copy2(path, target)


def copy_lake(root: str, to: str) -> None:
    """Copy all tables and models. The caller holds the lease."""
    if not is_remote(root) and not is_remote(to):
        if Path(root).is_dir():
            shutil.copytree(root, to, dirs_exist_ok=True)
        return
    from pyarrow.fs import FileType

    source, _ = _place(root)
    target, below = _place(to)
    start = len(_place(root)[1].rstrip("/")) + 1
    found = listed(root) if is_remote(root) else _below(Path(root))
    for info in found:
        if info.type != FileType.File:
            continue
        path = f"{below.rstrip('/')}/{info.path[start:]}"
        if not is_remote(to):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        with source.open_input_stream(info.path) as reader, target.open_output_stream(path) as writer:
            while chunk := reader.read(1 << 20):
                writer.write(chunk)


def is_empty(root: str) -> bool:
    """Whether nothing lies at the root of a lake."""
    if is_remote(root):
        return not listed(root)
    return not Path(root).is_dir() or not any(Path(root).iterdir())


def _place(uri: str) -> tuple[Any, str]:
    from pyarrow.fs import LocalFileSystem

    return remote(uri) if is_remote(uri) else (LocalFileSystem(), str(Path(uri).absolute()))


def _below(folder: Path) -> list[Any]:
    from pyarrow.fs import FileSelector, LocalFileSystem

    found: list[Any] = LocalFileSystem().get_file_info(FileSelector(str(folder.absolute()), recursive=True))
    return found


def _walk(home: Path, without: Path | None) -> Iterator[Path]:
    for path in sorted(home.iterdir()):
        if path.name in _LEFT_OUT or path.name.endswith(("-wal", "-shm")) or path == without or path.is_symlink():
            continue
        if path.is_dir():
            yield path
            yield from _walk(path, without)
        elif path.is_file():
            yield path


def _folder(like: Path, path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(like.stat().st_mode & 0o777)


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE


def _copy_database(path: Path, target: Path) -> None:
    """A database as of one moment, whoever writes it meanwhile."""
    target.touch(mode=0o600)
    source, copy = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True), sqlite3.connect(target)
    try:
        source.backup(copy)
    finally:
        copy.close()
        source.close()
    target.chmod(path.stat().st_mode & 0o777)
