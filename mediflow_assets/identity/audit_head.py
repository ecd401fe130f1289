"""The head of the audit chain, written outside the database: number and hash of the newest record."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from mediflow_assets.errors import EngineFailed

_BYTES = 20 + 1 + 64 + 1


class Head(NamedTuple):
    """A record's number and hash; number 0 before the first."""

    sequence: int
    hash: str


class HeadFile:
    """One line of fixed length, replaced in place: a process killed at any moment leaves an old or a new head."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Head | None:
        """The head, None where there is no file. Raises EngineFailed if the file holds something else."""
        try:
            return _parsed(self._path.read_bytes())
        except FileNotFoundError:
            return None

    def advance(self, new: Head, before: Head, hash_of: Callable[[int], str | None]) -> None:
        """Move on to `new`, which was appended after `before`.

        A head that the chain does not hold any more stays as it is: it is the proof that records were cut off.
        """
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                known = _parsed(os.pread(descriptor, _BYTES + 1, 0))
                if known is None or (known.sequence < new.sequence and self._stands(known, before, hash_of)):
                    os.pwrite(descriptor, f"{new.sequence:020d} {new.hash}\n".encode(), 0)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise EngineFailed(f"The head of the audit log cannot be written: {type(error).__name__}.") from None

    @staticmethod
    def _stands(known: Head, before: Head, hash_of: Callable[[int], str | None]) -> bool:
        return known == before or hash_of(known.sequence) == known.hash


def _parsed(line: bytes) -> Head | None:
    if not line:
        return None
    number, _, rest = line.partition(b" ")
    if len(line) != _BYTES or not number.isdigit():
        raise EngineFailed("The head file of the audit log is damaged: restore it from a backup.")
    return Head(int(number), rest.decode("ascii", "replace").rstrip("\n"))
