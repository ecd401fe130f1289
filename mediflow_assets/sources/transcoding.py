"""Text in another encoding, or with other line ends, as UTF-8 with LF while it is read."""

import codecs
import io
from typing import Any

from mediflow_assets.sources.text_form import TextForm

PIECE = 1 << 20


class Transcoded(io.RawIOBase):
    """What a stream holds, as UTF-8. A letter that cannot be read stays a broken one: its record is rejected."""

    def __init__(self, raw: Any, form: TextForm) -> None:
        self._raw, self._has_cr_ends = raw, form.has_cr_ends
        self._errors = "surrogatepass" if form.encoding.startswith("utf-16") else "surrogateescape"
        self._decoder = codecs.getincrementaldecoder(form.encoding)(self._errors)
        self._ready = memoryview(b"")
        self._is_over = False

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer."""
        while not self._ready and not self._is_over:
            self._ready = memoryview(self._next())
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _next(self) -> bytes:
        piece = self._raw.read(PIECE)
        self._is_over = not piece
        try:
            text = self._decoder.decode(piece, final=self._is_over)
        except UnicodeDecodeError:
            # it ends within a letter
            return b"\xff"
        if self._has_cr_ends:
            text = text.replace("\r", "\n")
        return text.encode("utf-8", self._errors)
