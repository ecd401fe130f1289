"""Opening a delivery: compression by content, byte order marks, and every failure as a refusal."""

import gzip
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources.delivery import UNJUDGED_BYTES, Limits

GZIP = b"\x1f\x8b"
UTF8_MARK = b"\xef\xbb\xbf"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
BUFFER = 1 << 20


def compression_of(path: Path) -> str | None:
    """`gzip` where the file's first bytes say so, else None. The file's name does not count."""
    if not path.exists():
        raise DeliveryRefused("there is no such file. Check the path.")
    if not path.is_file():
        raise DeliveryRefused("not a file. Name a file, or a folder to be walked.")
    with refusing(), path.open("rb") as file:
        return "gzip" if file.read(2) == GZIP else None


class _Unpacked(io.RawIOBase):
    """A gzip file's content, refused where it grows beyond what a file of that size may hold."""

    def __init__(self, file: io.BufferedReader, limits: Limits) -> None:
        self._plain = gzip.GzipFile(fileobj=file)
        packed = os.fstat(file.fileno()).st_size
        self._most = min(max(packed * limits.expansion, UNJUDGED_BYTES), limits.unpacked_bytes)
        self._taken = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer."""
        count = self._plain.readinto(buffer)
        self._taken += count
        if self._taken > self._most:
            raise DeliveryRefused(
                "unpacked it is many times its size, more than a delivery may be. Deliver it in parts, or raise "
                "MEDIFLOW_MAX_EXPANSION or MEDIFLOW_MAX_UNPACKED_BYTES."
            )
        return count


class Opened(io.BufferedReader):
    """A delivery's bytes, and how much of them a record may take."""

    def __init__(self, raw: Any, limits: Limits) -> None:
        super().__init__(raw, BUFFER)
        self.limits = limits

    def refuse_overlong(self, length: int) -> None:
        """Refuse a delivery with a record that is longer than any may be."""
        if length > self.limits.record_bytes:
            raise DeliveryRefused(
                "one record is longer than a record may be: line breaks may be missing. Deliver it with one record a "
                "line, or raise MEDIFLOW_MAX_RECORD_BYTES."
            )

    def skip_blank_lines(self, blanks: bytes) -> None:
        """Pass over whole lines of blanks that are read already, without looking at each."""
        while ahead := self.peek(BUFFER):
            text = ahead.lstrip(blanks)
            end = ahead.rfind(b"\n", 0, len(ahead) - len(text)) + 1
            if not end:
                return
            self.read(end)


@contextmanager
def opened(path: Path, compression: str | None, limits: Limits | None = None) -> Iterator[Opened]:
    """The delivery's bytes, decompressed, after its byte order mark."""
    limits = limits or Limits()
    with refusing(), path.open("rb") as file:
        stream = Opened(_Unpacked(file, limits) if compression == "gzip" else file, limits)
        if stream.peek(3)[:3] == UTF8_MARK:
            stream.read(3)
        yield stream


@contextmanager
def refusing() -> Iterator[None]:
    """Turns what goes wrong while reading a file into a refusal that carries no path and no value."""
    try:
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise DeliveryRefused("the gzip data is damaged or cut short. Deliver the file again.") from None
    except OSError as error:
        raise DeliveryRefused(f"the file cannot be read ({type(error).__name__}).") from None


def read_head(path: Path, compression: str | None, size: int, limits: Limits | None = None) -> bytes:
    """The first `size` bytes, after the byte order mark; refuses what is empty or UTF-16."""
    with opened(path, compression, limits) as stream:
        head = stream.read(size)
    if not head.strip():
        raise DeliveryRefused("the file is empty.")
    if head.startswith(UTF16_MARKS):
        raise DeliveryRefused("the file is UTF-16. Convert it to UTF-8 and deliver it again.")
    return head
