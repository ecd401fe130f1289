"""A disk of its own that can be made full and roomy again: a tmpfs, which takes the right to mount one."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

_PAGE = 4096
ROOMY = 1 << 31


@dataclass(frozen=True)
class SmallDisk:
    """The disk mounted at a folder."""

    folder: Path

    def leave(self, free: int) -> None:
        """Make so many bytes free, of what was free to begin with or not."""
        held = os.statvfs(self.folder)
        used = (held.f_blocks - held.f_bfree) * held.f_frsize
        subprocess.run(["mount", "-o", f"remount,size={used + max(free, _PAGE)}", str(self.folder)], check=True)


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """A roomy disk at a folder; the test is skipped where none may be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOMY},mode=0700", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a tmpfs may not be mounted here: this takes root")
    try:
        yield SmallDisk(folder)
    finally:
        # also while a service that is about to end still has files open on it
        subprocess.run(["umount", "-l", str(folder)], check=True)
