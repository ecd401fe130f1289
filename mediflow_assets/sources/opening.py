"""Opening a delivery: compression by content, encodings, and every failure as a refusal."""

import gzip
import io
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources.delivery import Limits
from mediflow_assets.sources.footers import NO_FOOTER, Footer
from mediflow_assets.sources.text_form import MARKS, UTF8, TextForm, other_encoding, text_form
from mediflow_assets.sources.transcoding import Transcoded
from mediflow_assets.sources.unpacking import Unpacking

GZIP = b"\x1f\x8b"
UTF8_MARK = MARKS[0][0]
BUFFER = 1 << 20
TAIL = 64 << 10
"""The last bytes of the content, among which a footer is looked for."""
_SAMPLES, _SAMPLE = 32, 64 << 10
"""Of a file whose beginning is ASCII: more places where its encoding is looked for."""


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
        self._plain, self._unpacking = gzip.GzipFile(fileobj=file), Unpacking(file.fileno(), limits)

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer."""
        count = self._plain.readinto(buffer)
        self._unpacking.take(count)
        return count


class _WithoutFooter(io.RawIOBase):
    """A stream without what stands below its records: its last bytes are held back until its end is seen."""

    def __init__(self, raw: Any, judge: Callable[[bytes], Footer]) -> None:
        self._inner, self._judge = raw, judge
        self._held = memoryview(b"")
        self.footer: Footer | None = None

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer."""
        while self.footer is None and len(self._held) <= TAIL:
            if piece := self._inner.read(BUFFER):
                self._held = memoryview(bytes(self._held) + piece)
            else:
                self.footer = self._judge(bytes(self._held[-TAIL:]))
                self._held = self._held[: len(self._held) - self.footer.size]
        ready = len(self._held) - (TAIL if self.footer is None else 0)
        count = min(len(buffer), ready)
        buffer[:count] = self._held[:count]
        self._held = self._held[count:]
        return count


class Opened(io.BufferedReader):
    """A delivery's bytes, and how much of them a record may take."""

    def __init__(self, raw: Any, limits: Limits) -> None:
        super().__init__(raw, BUFFER)
        self.limits = limits
        self._raw = raw

    @property
    def footer(self) -> Footer | None:
        """What was left out at the end; None where that is not known yet."""
        return self._raw.footer if isinstance(self._raw, _WithoutFooter) else NO_FOOTER

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
def opened(
    path: Path,
    compression: str | None,
    limits: Limits | None = None,
    encoding: str | None = None,
    footer: Callable[[bytes], Footer] | None = None,
    is_bytes: bool = False,
) -> Iterator[Opened]:
    """The delivery's text, decompressed, as UTF-8 with LF, after its byte order mark, without its footer.

    Where no encoding is given it is seen from the file. What is plain already is read as it is; so is everything where
    `is_bytes` is asked for.
    """
    limits = limits or Limits()
    with refusing(), path.open("rb") as file:
        form = TextForm() if is_bytes else _form(file, compression, limits, encoding)
        raw: Any = _unpacked(file, compression, limits)
        raw = raw if form.is_plain else Transcoded(raw, form)
        if footer and (raw is not file or footer(_tail(file)).rows):
            raw = _WithoutFooter(raw, footer)
        stream = Opened(raw, limits)
        if stream.peek(3)[:3] == UTF8_MARK:
            stream.read(3)
        yield stream


def form_of(path: Path, compression: str | None, limits: Limits, encoding: str | None = None) -> TextForm:
    """How a delivery's text is written."""
    with refusing(), path.open("rb") as file:
        return _form(file, compression, limits, encoding)


def _form(file: io.BufferedReader, compression: str | None, limits: Limits, encoding: str | None) -> TextForm:
    content = _unpacked(file, compression, limits)
    head = content.read(BUFFER)
    samples = [head]
    if encoding is None and compression and head.isascii():
        # what is packed cannot be looked at in the middle
        pieces = islice(iter(partial(content.read, BUFFER), b""), _SAMPLES)
        # one that breaks off is refused by whoever reads it
        with suppress(DeliveryRefused, EOFError, OSError, zlib.error):
            samples.extend(piece for piece in pieces if not piece.isascii())
    elif encoding is None and head.isascii():
        size = os.fstat(file.fileno()).st_size
        for place in range(1, _SAMPLES + 1) if size > BUFFER else ():
            file.seek(max(BUFFER, size * place // _SAMPLES - _SAMPLE))
            samples.append(file.read(_SAMPLE))
    file.seek(0)
    return text_form(samples, encoding)


def refuse_other_encoding(path: Path, compression: str | None, limits: Limits) -> None:
    """Refuse a text that was read as UTF-8, and that in the end has words in another encoding: those records would be
    lost among the rejects."""
    text, lines, seen = bytearray(), 0, 0
    with opened(path, compression, limits, UTF8) as stream:
        while (line := stream.readline(BUFFER)) and len(text) < BUFFER:
            lines, seen = lines + 1, seen + len(line)
            text += b"" if line.isascii() else line
    # what was looked at from the first was judged then
    if seen > BUFFER and (found := other_encoding(bytes(text), lines)):
        raise DeliveryRefused(
            f"its text seems to be in {found} from some record on, and in UTF-8 before it. Name its 'encoding' in a "
            "feed of sources.toml."
        )


def _tail(file: io.BufferedReader) -> bytes:
    size = os.fstat(file.fileno()).st_size
    file.seek(max(0, size - TAIL))
    tail = file.read()
    file.seek(0)
    return tail


def _unpacked(file: io.BufferedReader, compression: str | None, limits: Limits) -> Any:
    return io.BufferedReader(_Unpacked(file, limits), BUFFER) if compression == "gzip" else file


@contextmanager
def refusing() -> Iterator[None]:
    """Turns what goes wrong while reading a file into a refusal that carries no path and no value."""
    try:
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise DeliveryRefused("the gzip data is damaged or cut short. Deliver the file again.") from None
    except OSError as error:
        raise DeliveryRefused(f"the file cannot be read ({type(error).__name__}).") from None


def read_head(
    path: Path, compression: str | None, size: int, limits: Limits | None = None, encoding: str | None = None
) -> bytes:
    """The first `size` bytes, after the byte order mark; refuses what is empty."""
    with opened(path, compression, limits, encoding) as stream:
        head = stream.read(size)
    if not head.strip():
        raise DeliveryRefused("the file is empty.")
    return head
