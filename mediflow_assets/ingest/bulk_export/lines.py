"""The lines of a file that has come, in bounded memory."""

from collections import deque
from collections.abc import Iterator
from pathlib import Path

import msgspec

_LONGEST = 16 << 20
"""Bytes of a line that are looked at; what is longer is told by its begin."""
_GZIP = b"\x1f\x8b"


def lines_of(path: Path) -> Iterator[bytes]:
    """Every line that is not blank, each cut where it is too long."""
    with path.open("rb") as file:
        begun = b""
        while piece := file.readline(_LONGEST):
            begun = begun or piece.strip()
            if piece.endswith(b"\n"):
                if begun:
                    yield begun
                begun = b""
        if begun:
            yield begun


def is_packed(path: Path) -> bool:
    """Whether a file is compressed."""
    with path.open("rb") as file:
        return file.read(2) == _GZIP


def ends_whole(path: Path) -> bool:
    """Whether the last line is JSON to its end: of a file of untold length the only sign that nothing is missing."""
    last = next(iter(deque(lines_of(path), maxlen=1)), b"0")
    try:
        msgspec.json.decode(last)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return len(last) >= _LONGEST
    return True
