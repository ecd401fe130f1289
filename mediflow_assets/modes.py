"""Who may look at what MediFlow writes: its owner, and nobody else, for tables, deliveries and backups are of people.

The modes are those of the process: whatever writes in it (delta-rs, the engine, Dagster, MLflow, SQLite), and whatever
it starts, makes closed files. Each entry of a process calls `close_to_others` first.
"""

import contextlib
import os
import stat
from pathlib import Path

_OTHERS = 0o077


def close_to_others() -> None:
    """From now on this process makes folders of mode 0700 and files of mode 0600."""
    os.umask(_OTHERS)


def close_below(folder: Path) -> None:
    """Close a folder and all that lies in it, its content first: one that was cut short is still open itself."""
    for place, folders, files in os.walk(folder, topdown=False):
        for name in (*folders, *files):
            _close(Path(place) / name)
    _close(folder)


def is_open(path: Path) -> bool:
    """Whether others than the owner may do anything with it; not where it is not there."""
    return path.exists() and bool(stat.S_IMODE(path.lstat().st_mode) & _OTHERS)


def _close(path: Path) -> None:
    # a file that is gone meanwhile, or belongs to another user, is not ours to close; a link is not followed
    with contextlib.suppress(FileNotFoundError, PermissionError):
        if not path.is_symlink() and is_open(path):
            path.chmod(stat.S_IMODE(path.lstat().st_mode) & ~_OTHERS)
