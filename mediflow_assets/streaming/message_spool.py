"""Messages that were sent, on disk before anybody is told that they came: a spool, whose files become deliveries.

One file at a time is open, in a hidden folder of the inbox; closed by its size or age, it is moved into the inbox. What
was being written when the process died was not acknowledged: on opening it is cut off. Messages that came before are
known by what they are, so that one sent again is not kept twice.
"""

import contextlib
import datetime as dt
import fcntl
import io
import itertools
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from mediflow_assets.contracts.hl7_message import IDENTITY_BYTES, identity
from mediflow_assets.errors import StreamFailed

BEGIN, END = b"\x0b", b"\x1c"
"""What MLLP puts before a message and behind it; so do the files."""
LARGEST_BYTES, OLDEST_SECONDS = 16 << 20, 60.0
_REMEMBERED = 200_000
SPOOL = ".hl7"
"""The hidden folder of an inbox."""
_ASKED, _PATIENCE_SECONDS = "asked", 15.0


class MessageSpool:
    """The files of one inbox. Not for several threads."""

    def __init__(self, inbox: Path, largest_bytes: int = LARGEST_BYTES, oldest_seconds: float = OLDEST_SECONDS) -> None:
        self.inbox, self.folder = inbox, inbox / SPOOL
        self.largest_bytes, self.oldest_seconds = largest_bytes, oldest_seconds
        self._seen: dict[bytes, None] = {}
        self._size, self._since = 0, 0.0
        self._is_torn = self._is_new = False

    def __enter__(self) -> "MessageSpool":
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = (self.folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise StreamFailed("Another process listens for HL7 for this home already.") from None
        self._remember(self._stored())
        self._file = self._open()
        self._mend()
        self._digests = (self.folder / "seen").open("ab")
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        for file in (self._file, self._digests, self._lock):
            with contextlib.suppress(OSError):
                file.close()

    def add(self, messages: Iterable[bytes]) -> int:
        """Have messages on disk, each once; how many were new. Raises OSError; then none of them is kept."""
        new = {digest: each for each in messages if (digest := identity(each)) not in self._seen}
        if not new:
            return 0
        self._require_whole()
        self._since = self._since or time.monotonic()
        data = b"".join(BEGIN + each + b"\r" + END + b"\r" for each in new.values())
        self._is_torn = True
        try:
            self._write(data)
        except OSError:
            with contextlib.suppress(OSError):
                self._require_whole()
            raise
        self._size, self._is_torn = self._size + len(data), False
        self._remember(new)
        # what is lost of these is read from the open file again, and else at worst kept twice
        with contextlib.suppress(OSError):
            self._digests.write(b"".join(new))
            self._digests.flush()
        return len(new)

    def close_if_due(self) -> bool:
        """Have the file become a delivery if it is large or old enough, or somebody has asked for it."""
        asked = self.folder / _ASKED
        if asked.exists():
            is_closed = self.close()
            asked.unlink(missing_ok=True)
            return is_closed
        is_old = self._size and time.monotonic() - self._since >= self.oldest_seconds
        return self.close() if is_old or self._size >= self.largest_bytes else False

    def close(self) -> bool:
        """Have the file become a delivery, if anything is in it. Raises OSError; then it goes on, or a new one does."""
        if not self._size:
            return False
        self._require_whole()
        name = f"hl7-{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}.hl7"
        (self.folder / "open").rename(self.inbox / name)
        self._file.close()
        self._size, self._since, self._is_new = 0, 0.0, True
        self._require_whole()
        return True

    def _require_whole(self) -> None:
        """Have a file that holds what is told to be on disk, no more, and that is there after a loss of power."""
        if self._file.closed:
            self._file = self._open()
        if self._is_new:
            _sync_folders(self.inbox, self.folder)
            self._is_new = False
        if self._is_torn:
            # whatever the disk has taken of messages that could not be kept
            os.truncate(self._file.fileno(), self._size)
            self._is_torn = False

    def _mend(self) -> None:
        """Cut off what was not written to its end, and remember what was."""
        data = (self.folder / "open").read_bytes()
        self._size = data.rfind(END + b"\r") + 2 if END + b"\r" in data else 0
        os.truncate(self._file.fileno(), self._size)
        os.fsync(self._file.fileno())
        _sync_folders(self.folder)
        self._since = time.monotonic() if self._size else 0.0
        self._remember(map(identity, _framed(data[: self._size])))

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) or 0 :]
        os.fsync(self._file.fileno())

    def _open(self) -> io.FileIO:
        # not buffered: what could not be written must not be written later
        return io.FileIO(self.folder / "open", "ab", opener=lambda name, flags: os.open(name, flags, 0o600))

    def _stored(self) -> Iterator[bytes]:
        path = self.folder / "seen"
        data = path.read_bytes() if path.exists() else b""
        whole = len(data) - len(data) % IDENTITY_BYTES
        kept = data[max(0, whole - _REMEMBERED * IDENTITY_BYTES) : whole]
        if len(kept) != len(data):
            path.write_bytes(kept)
        return (kept[at : at + IDENTITY_BYTES] for at in range(0, len(kept), IDENTITY_BYTES))

    def _remember(self, digests: Iterable[bytes]) -> None:
        self._seen.update(dict.fromkeys(digests))
        for old in list(itertools.islice(self._seen, max(0, len(self._seen) - _REMEMBERED))):
            del self._seen[old]


def hand_in(inbox: Path) -> None:
    """Have the open file become a delivery now, by the listener if there is one. Raises StreamFailed where it does not
    do so."""
    if not (inbox / SPOOL).is_dir():
        return
    with contextlib.suppress(StreamFailed), MessageSpool(inbox):
        return
    asked = inbox / SPOOL / _ASKED
    asked.touch(mode=0o600)
    until = time.monotonic() + _PATIENCE_SECONDS
    while asked.exists() and time.monotonic() < until:
        time.sleep(0.05)
    if asked.exists():
        asked.unlink(missing_ok=True)
        raise StreamFailed("The HL7 listener does not hand in what has come. End it, and try again.")


def _framed(data: bytes) -> Iterator[bytes]:
    for part in data.split(END + b"\r"):
        if part:
            yield part.removeprefix(BEGIN).removesuffix(b"\r")


def _sync_folders(*folders: Path) -> None:
    for folder in folders:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
