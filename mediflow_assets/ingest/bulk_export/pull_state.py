"""What is known of the pulls of one export: since when the next one asks, and how far one that was cut short came.

It lies in the hidden folder `inbox/.fhir`, and goes with the inbox and the tables where a home is reset.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mediflow_assets.errors import PullFailed
from mediflow_assets.secrets.secret_files import sync_folder

FOLDER = ".fhir"
_DIGITS = 16


@dataclass
class Job:
    """An export that was asked for and is not wholly in the inbox."""

    status_url: str
    since: str | None
    name: str
    done: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By the digest of its address what became of each file that has come."""


@dataclass
class PullState:
    """The state of one export, and the file in which it is kept."""

    path: Path
    since: str | None = None
    job: Job | None = None

    @property
    def scratch(self) -> Path:
        """Where a file is written until it is whole."""
        return self.path.with_suffix(".part")

    def save(self) -> None:
        """Have it on disk; a process that is killed meanwhile leaves the old one."""
        told = {"since": self.since, "job": asdict(self.job) if self.job else None}
        partial = self.path.with_suffix(".new")
        with partial.open("w", encoding="utf-8") as file:
            json.dump(told, file)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(self.path)
        sync_folder(self.path.parent)


@contextmanager
def opened(inbox: Path, server: str, export_name: str) -> Iterator[PullState]:
    """The state of an export, for one process at a time. Raises PullFailed where another one pulls it."""
    folder = inbox / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{digest(f'{server} {export_name}')}.json"
    with path.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise PullFailed("Another process pulls the same export for this home already.") from None
        state = _read(path)
        # what a process that was killed had not written to its end
        state.scratch.unlink(missing_ok=True)
        yield state


def digest(text: str) -> str:
    """A name that tells nothing of an address."""
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _read(path: Path) -> PullState:
    try:
        said = json.loads(path.read_bytes())
    except FileNotFoundError:
        return PullState(path)
    return PullState(path, said["since"], Job(**said["job"]) if said["job"] else None)
