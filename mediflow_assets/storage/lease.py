"""One writer: the lake lease, which ends with its holder's process and never stands by a row alone.

Embedded it is an `fcntl` lock on a file; where MediFlow's database is PostgreSQL it is an advisory lock of a session.
"""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from mediflow_assets.errors import LakeBusy
from mediflow_assets.storage import database_lease

Lock = Path | str
"""A lock file, or the URL of the PostgreSQL database that keeps the lock."""
_POLL_SECONDS = 0.2


def lock_of(root: Path, database_url: str) -> Lock:
    """Where the lease of a home is kept."""
    return database_url if database_url.startswith("postgresql") else root / "lake.lock"


@contextlib.contextmanager
def lake_lease(lock: Lock, holder: str, wait_seconds: float = 0, keep_name: bool = False) -> Iterator[str | None]:
    """Hold the lake while the block runs; gives the name of a holder that died with it, if one did.

    `holder` is told to whoever comes meanwhile; with `keep_name` a dead holder's name stays for the next.
    Raises LakeBusy if it is not free within `wait_seconds`.
    """
    kept = _file_lease if isinstance(lock, Path) else database_lease.hold
    with kept(lock, holder, wait_seconds, keep_name) as dead:  # type: ignore[arg-type]
        yield dead


def held_by(lock: Lock) -> str | None:
    """Who holds the lake now, None where it is free."""
    if not isinstance(lock, Path):
        return database_lease.held_by(lock)
    if not lock.exists():
        return None
    with lock.open("rb") as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return holder_of(lock)
        fcntl.flock(file.fileno(), fcntl.LOCK_UN)
    return None


def holder_of(lock: Path) -> str:
    """Who holds the lake, as that process wrote it."""
    with contextlib.suppress(OSError, ValueError):
        said = json.loads(lock.read_text())
        return f"{said['holder']} (process {said['pid']})"
    return "another process"


@contextlib.contextmanager
def _file_lease(lock: Path, holder: str, wait_seconds: float, keep_name: bool) -> Iterator[str | None]:
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+") as file:
        _acquire(file.fileno(), lock, wait_seconds)
        # whoever leaves in order wipes its name
        dead = _name_in(lock)
        if keep_name:
            yield dead
            return
        file.truncate(0)
        file.write(json.dumps({"holder": holder, "pid": os.getpid()}))
        file.flush()
        try:
            yield dead
        finally:
            file.truncate(0)
            fcntl.flock(file.fileno(), fcntl.LOCK_UN)


def _acquire(descriptor: int, lock: Path, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise LakeBusy(
                    f"The lake is held by {holder_of(lock)}. Wait until it is done, then try again."
                ) from None
        time.sleep(_POLL_SECONDS)


def _name_in(lock: Path) -> str | None:
    with contextlib.suppress(OSError, ValueError, KeyError):
        return str(json.loads(lock.read_text())["holder"])
    return None
