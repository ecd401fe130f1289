"""What is known of the pulls of one export: since when the next one asks, and how far one that was cut short came.

It lies in the hidden folder `inbox/.fhir`, and goes with the inbox and the tables where a home is reset.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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


@dataclass
class PullState:
    """The state of one export, and the file in which it is kept."""

    path: Path
    since: str | None = None
    job: Job | None = None
    done: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Of the job: by the digest of its address what became of each file that has come."""

    @property
    def scratch(self) -> Path:
        """Where a file is written until it is whole."""
        return self.path.with_suffix(".part")

    @property
    def _journal(self) -> Path:
        return self.path.with_suffix(".done")

    def note(self, file: str, fate: dict[str, Any]) -> None:
        """Have on disk what became of a file."""
        self.done[file] = fate
        # not all of it anew: an export may have tens of thousands of files
        with self._journal.open("a", encoding="utf-8") as journal:
            json.dump({file: fate}, journal)
            journal.write("\n")
            journal.flush()
            os.fsync(journal.fileno())

    def begin(self, job: Job | None) -> None:
        """Have another job, or none, of which nothing has come yet."""
        if self.job is not None:
            self.job = None
            self._save()
        self._journal.unlink(missing_ok=True)
        self.done = {}
        if job is not None:
            self.job = job
            self._save()

    def end(self, since: str | None) -> None:
        """The job has come wholly; the next one asks from a time on."""
        self.since = since
        self.begin(None)

    def read(self) -> "PullState":
        """What is on disk."""
        if self.path.exists():
            said = json.loads(self.path.read_bytes())
            self.since, self.job = said["since"], Job(**said["job"]) if said["job"] else None
        if self.job and self._journal.exists():
            for line in self._journal.read_text(encoding="utf-8").splitlines():
                # a line that was being written says nothing: its file comes once more
                with suppress(json.JSONDecodeError):
                    self.done |= json.loads(line)
        return self

    def _save(self) -> None:
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
        state = PullState(path).read()
        # what a process that was killed had not written to its end
        state.scratch.unlink(missing_ok=True)
        yield state


def digest(text: str) -> str:
    """A name that tells nothing of an address."""
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
