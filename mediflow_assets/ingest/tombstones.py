"""Tombstones: a mark for each erased patient, so that a later delivery or a restored backup cannot bring one back.

A mark is the HMAC-SHA256 of the canonical id under a key of its own, which is never rotated: from the marks alone
nobody learns who was erased. They lie in a file of their own, outside the lake, so that a restored lake meets them.
"""

import fcntl
import hashlib
import hmac
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from mediflow_assets.contracts.identifiers import canonical
from mediflow_assets.secrets.secret_files import make_secret, read_secret

KEY_FILE = "tombstone.key"
FILE_NAME = "tombstones"
_LINE = re.compile(r"([0-9a-f]{64}) ([0-9a-z]{1,40})\Z")
_WHAT = "tombstone key"


@dataclass
class Tombstones:
    """The marks of one home; `refuses` remembers what it was asked."""

    marks: frozenset[str] = frozenset()
    secret: bytes = field(default=b"", repr=False)
    _known: dict[str, bool] = field(default_factory=dict, repr=False)

    def __bool__(self) -> bool:
        return bool(self.marks)

    def mark(self, identifier: str) -> str:
        """What stands for a patient's id: 64 hex digits."""
        message = f"tombstone|{canonical(identifier)}".encode("utf-8", "surrogatepass")
        return hmac.digest(self.secret, message, hashlib.sha256).hex()

    def refuses(self, identifier: str | None) -> bool:
        """Whether this patient was erased."""
        if not identifier or not self.marks:
            return False
        is_known = self._known.get(identifier)
        if is_known is None:
            is_known = self._known[identifier] = self.mark(identifier) in self.marks
        return is_known

    @classmethod
    def load(cls, home: Path) -> "Tombstones":
        """The marks there are. Raises SecretMissing if there are some and their key is gone."""
        marks = frozenset(mark for mark, _ in read_marks(home / FILE_NAME))
        return cls(marks, read_secret(home / "secrets" / KEY_FILE, _WHAT)) if marks else cls()

    @classmethod
    def add(cls, home: Path, identifiers: Iterable[str], erasure_id: str) -> "Tombstones":
        """Mark these patients as erased; on disk when this returns. Marking one twice changes nothing."""
        make_secret(home / "secrets" / KEY_FILE)
        secret = read_secret(home / "secrets" / KEY_FILE, _WHAT)
        new = cls(frozenset(), secret)
        path = home / FILE_NAME
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            known = {mark for mark, _ in read_marks(path)}
            coming = sorted({new.mark(identifier) for identifier in identifiers} - known)
            # a line that a killed process left unfinished is ended first
            size = os.fstat(descriptor).st_size
            is_torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            text = "\n" * is_torn + "".join(f"{mark} {erasure_id}\n" for mark in coming)
            os.write(descriptor, text.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return cls(frozenset(known | set(coming)), secret)


def read_marks(path: Path) -> list[tuple[str, str]]:
    """Each mark with the erasure that set it; a line that is none is passed over."""
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    return [(found[1], found[2]) for line in lines if (found := _LINE.match(line))]
