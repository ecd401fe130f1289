"""Tombstones: a mark for each erased patient, so that a later delivery or a restored backup cannot bring one back.

A mark is the HMAC-SHA256 of the canonical id under a key of its own, which is never rotated: from the marks alone
nobody learns who was erased. Beside it stands the namespace in which the id is refused; one without, as older releases
set them, refuses the id everywhere. They lie in a file of their own, outside the lake, so that a restored lake meets
them.
"""

import fcntl
import hashlib
import hmac
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from mediflow_assets.contracts.identifiers import canonical, may_have_been
from mediflow_assets.secrets.secret_files import make_secret, read_secret

KEY_FILE = "tombstone.key"
FILE_NAME = "tombstones"
_LINE = re.compile(r"([0-9a-f]{64}) ([0-9a-z]{1,40})(?: ([a-z][a-z0-9_-]{0,39}))?\Z")
EVERYWHERE = ""
"""Stands for the namespace of a mark that has none."""
Name = tuple[str, str]
"""A namespace, and an id in its one spelling there."""
_WHAT = "tombstone key"


class Mark(NamedTuple):
    """One line of the file."""

    mark: str
    erasure_id: str
    namespace: str = EVERYWHERE


@dataclass
class Tombstones:
    """The marks of one home; `refuses` remembers what it was asked."""

    marks: frozenset[str] = frozenset()
    """Those that refuse an id everywhere."""
    secret: bytes = field(default=b"", repr=False)
    by_namespace: Mapping[str, frozenset[str]] = field(default_factory=dict)
    home: Path | None = None
    _known: dict[tuple[str | None, str], bool] = field(default_factory=dict, repr=False)

    def __bool__(self) -> bool:
        return bool(self.marks or self.by_namespace)

    def mark(self, identifier: str) -> str:
        """What stands for a patient's id, as people write it: 64 hex digits."""
        return self.mark_of(canonical(identifier))

    def mark_of(self, spelled: str) -> str:
        """The same for an id in its one spelling."""
        message = f"tombstone|{spelled}".encode("utf-8", "surrogatepass")
        return hmac.digest(self.secret, message, hashlib.sha256).hex()

    def marks_of(self, namespace: str) -> frozenset[str]:
        """Those that refuse an id of a namespace."""
        return self.marks | self.by_namespace.get(namespace, frozenset())

    def refuses(self, identifier: str | None, namespace: str | None = None) -> bool:
        """Whether this patient was erased. The id is in its one spelling where its namespace is known; without, it is
        refused if it stands for an erased patient of any."""
        if not identifier or not self:
            return False
        asked = (namespace, identifier)
        if asked not in self._known:
            self._known[asked] = self._has_mark(identifier, namespace)
        return self._known[asked]

    def _has_mark(self, identifier: str, namespace: str | None) -> bool:
        if self.mark(identifier) in self.marks:
            return True
        if namespace is not None:
            mark, of = self.mark_of(identifier), self.by_namespace
            return any(mark in of[each] for each in of if each == namespace or may_have_been(namespace, each))
        marks = {self.mark(identifier), self.mark_of(canonical(identifier, keeps_case=True))}
        return any(marks & of for of in self.by_namespace.values())

    @classmethod
    def load(cls, home: Path) -> "Tombstones":
        """The marks there are. Raises SecretMissing if there are some and their key is gone."""
        marks = read_marks(home / FILE_NAME)
        return cls._of(marks, read_secret(home / "secrets" / KEY_FILE, _WHAT), home) if marks else cls()

    @classmethod
    def _of(cls, marks: "Iterable[Mark]", secret: bytes, home: Path) -> "Tombstones":
        by_namespace: dict[str, set[str]] = {}
        for each in marks:
            by_namespace.setdefault(each.namespace, set()).add(each.mark)
        everywhere = frozenset(by_namespace.pop(EVERYWHERE, ()))
        return cls(everywhere, secret, {name: frozenset(found) for name, found in by_namespace.items()}, home)

    def with_names(self, same: Mapping[Name, str]) -> "Tombstones":
        """With more names of erased patients, each beside an id by which that patient is refused; on disk as well."""
        found, home = self, self.home
        if home is None:
            return self
        for name, identifier in same.items():
            erasures = {each.mark: each.erasure_id for each in read_marks(home / FILE_NAME)}
            erasure_id = erasures.get(self.mark_of(identifier)) or erasures[self.mark(identifier)]
            found = self.add(home, [name], erasure_id)
        return found

    @classmethod
    def add(cls, home: Path, people: Iterable[str | Name], erasure_id: str) -> "Tombstones":
        """Mark these patients as erased, an id alone everywhere; on disk when this returns. Marking one twice changes
        nothing."""
        make_secret(home / "secrets" / KEY_FILE)
        secret = read_secret(home / "secrets" / KEY_FILE, _WHAT)
        new = cls(frozenset(), secret)
        path = home / FILE_NAME
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            known = {(each.mark, each.namespace) for each in read_marks(path)}
            asked = [(EVERYWHERE, canonical(each)) if isinstance(each, str) else each for each in people]
            coming = sorted({(new.mark_of(spelled), namespace) for namespace, spelled in asked} - known)
            # a line that a killed process left unfinished is ended first
            size = os.fstat(descriptor).st_size
            is_torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            lines = (f"{mark} {erasure_id} {namespace}".rstrip() for mark, namespace in coming)
            text = "\n" * is_torn + "".join(f"{line}\n" for line in lines)
            os.write(descriptor, text.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return cls._of(read_marks(path), secret, home)


def read_marks(path: Path) -> list[Mark]:
    """Each mark with the erasure that set it; a line that is none is passed over."""
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    return [Mark(found[1], found[2], found[3] or EVERYWHERE) for line in lines if (found := _LINE.match(line))]
