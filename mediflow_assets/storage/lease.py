"""One writer: the lake lease, an `fcntl` lock on a file, which the kernel lets go of when its holder dies."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from mediflow_assets.errors import LakeBusy

_POLL_SECONDS = 0.2


@contextlib.contextmanager
def lake_lease(lock: Path, holder: str, wait_seconds: float = 0, keep_name: bool = False) -> Iterator[str | None]:
    """Hold the lake while the block runs; gives the name of a holder that died with it, if one did.

    `holder` is told to whoever comes meanwhile; with `keep_name` a dead holder's name stays for the next.
    Raises LakeBusy if it is not free within `wait_seconds`.
    """
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


def holder_of(lock: Path) -> str:
    """Who holds the lake, as that process wrote it."""
    with contextlib.suppress(OSError, ValueError):
        said = json.loads(lock.read_text())
        return f"{said['holder']} (process {said['pid']})"
    return "another process"
