"""Whether a file is at rest: not written for a while, and open for writing nowhere that this system can see."""

import contextlib
import os
import stat
import time
from pathlib import Path

File = tuple[int, int]
"""A file, whatever its names: its device and its number there."""


Content = tuple[int, int, int, int]
"""A file as it stands: which one it is, its size, and when it was last written."""


def content_of(status: os.stat_result) -> Content:
    """What it holds, as far as can be told without reading it."""
    return (*file_of(status), status.st_size, status.st_mtime_ns)


def file_of(status: os.stat_result) -> File:
    """Which file it is."""
    return status.st_dev, status.st_ino


def open_for_writing() -> set[File]:
    """The files that some process of this system has open for writing, as far as we may see; none where it cannot be
    told (the processes of other users, other hosts of a shared folder, systems without /proc)."""
    found = set()
    for folder in _entries(Path("/proc")):
        for entry in _entries(folder / "fd") if folder.name.isdigit() else ():
            # a file may be closed meanwhile
            with contextlib.suppress(OSError):
                # the mode of the link itself says how the file was opened
                if entry.lstat().st_mode & stat.S_IWUSR:
                    found.add(file_of(entry.stat()))
    return found


def age_seconds(status: os.stat_result) -> float:
    """For how long its content has been as it is."""
    now = time.time()
    # a time to come is a wrong clock or a whim of the sender: the system's own time of change stands for it
    changed = status.st_mtime if status.st_mtime <= now else status.st_ctime
    return now - changed


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []
