"""How a text file is written: its encoding and its line ends, seen from its bytes."""

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass

from mediflow_assets.sources.alphabets import WINDOWS, encoding_by_letters

UTF8, UTF16_LE, UTF16_BE = "utf-8", "utf-16-le", "utf-16-be"
NEEDS_NO_WORD = (UTF8, UTF16_LE, UTF16_BE, WINDOWS)
"""What is told surely from a file; another encoding is better said by its feed."""
MARKS = ((b"\xef\xbb\xbf", UTF8), (b"\xff\xfe", UTF16_LE), (b"\xfe\xff", UTF16_BE))

_SIGNS = bytes((0x80, *range(0x82, 0x88), *range(0x8A, 0x8D), 0x8E, *range(0x91, 0x98), 0x99, 0x9A, 0x9C, 0x9E, 0x9F))
_PLAUSIBLE = (
    _SIGNS
    + b"\xa0\xa1\xa3\xa7\xa9\xaa\xab\xb0\xb2\xb3\xb4\xb5\xb7\xb9\xba\xbb\xbc\xbd\xbe\xbf"
    + bytes(each for each in range(0xC0, 0xFF) if each not in (0xD7, 0xF7))
)
_RUN = re.compile(rb"[\x80-\xff]+")
_BESIDE_LETTER = re.compile(
    rb"[A-Za-z][\xdf-\xf6\xf8-\xfe\x8a\x8c\x8e\x9a\x9c\x9e]|[A-Z][\xc0-\xd6\xd8-\xde](?![a-z])|"
    rb"[\xc0-\xd6\xd8-\xf6\xf8-\xfe\x8a\x8c\x8e\x9a\x9c\x9e][A-Za-z]|[A-Za-z]\x92[A-Za-z]|"
    rb"[\xa0 0-9]\x80|\x80[\xa0 0-9]|\xa7[\xa0 0-9]"
)
_BROKEN_LETTER = re.compile(rb"[A-Za-z][\xc0-\xde][a-z]")
_LINES_A_LETTER = 1000
"""In a file of so many lines one letter beyond ASCII is rather a broken byte than a letter of another encoding."""
_MOST_LETTERS = 0.9
"""The share of the letters beyond ASCII that are those of one language."""
_UTF16_SAMPLE = 4096
_UTF16_SHARE = 0.7


@dataclass(frozen=True)
class TextForm:
    """An encoding that is not plain UTF-8, or CR as the only line end; both as far as can be seen."""

    encoding: str = UTF8
    has_cr_ends: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether the bytes are what everything behind expects."""
        return self.encoding == UTF8 and not self.has_cr_ends


def text_form(samples: Sequence[bytes], declared: str | None = None) -> TextForm:
    """How a file is written of which the first sample is the beginning; `declared` is believed unless a mark says
    otherwise."""
    head = samples[0]
    encoding = _marked(head) or _named(declared) or _unmarked_utf16(head)
    if encoding is None:
        # the words of a header are never broken bytes, whatever stands below it
        header, text = head.split(b"\n", 1)[0], b"\n".join(map(_whole_lines, samples))
        encoding = other_encoding(text) or (other_encoding(header) and (_by_letters(text) or WINDOWS)) or UTF8
    text = head.replace(b"\0", b"") if encoding.startswith("utf-16") else head
    return TextForm(encoding, b"\r" in text and b"\n" not in text)


def other_encoding(text: bytes, lines: int = 0) -> str | None:
    """The encoding of one byte a letter in which bytes are plausible words; None where they rather are UTF-8.

    A lone broken byte among so many `lines` is no reason to read a file otherwise.
    """
    if text.isascii() or b"\0" in text:
        return None
    runs = _RUN.findall(text)
    valid = sum(map(_is_utf8, runs))
    lines = lines or text.count(b"\n") + text.count(b"\r") + 1
    if valid * 100 >= len(runs) or len(runs) * _LINES_A_LETTER < lines:
        return None
    fit = len(_BESIDE_LETTER.findall(text)) - len(_BROKEN_LETTER.findall(text))
    is_plausible = not b"".join(runs).translate(None, _PLAUSIBLE)
    return (_by_letters(text) or WINDOWS) if is_plausible and fit * 2 >= len(runs) else _by_letters(text)


def _by_letters(text: bytes) -> str | None:
    return encoding_by_letters(text, _MOST_LETTERS)


def is_encoding(name: object) -> bool:
    """Whether text can be read in an encoding of that name."""
    try:
        return isinstance(name, str) and bool("a".encode(name))
    except (LookupError, ValueError):
        return False


def _named(encoding: str | None) -> str | None:
    is_utf8 = encoding is not None and codecs.lookup(encoding).name in ("utf-8", "utf-8-sig", "ascii")
    return UTF8 if is_utf8 else encoding and encoding.lower().replace("_", "-")


def _marked(head: bytes) -> str | None:
    return next((encoding for mark, encoding in MARKS if head.startswith(mark)), None)


def _unmarked_utf16(head: bytes) -> str | None:
    sample = head[:_UTF16_SAMPLE]
    if b"\0" not in sample or len(sample) < 4:
        return None
    even, odd = (sample[start::2].count(0) / (len(sample) // 2) for start in (0, 1))
    if odd >= _UTF16_SHARE and not even:
        return UTF16_LE
    return UTF16_BE if even >= _UTF16_SHARE and not odd else None


def _whole_lines(sample: bytes) -> bytes:
    """A sample may begin and end within a letter: only what stands between line ends counts."""
    ends = [place for mark in (b"\n", b"\r") if (place := sample.rfind(mark)) >= 0]
    return sample[: max(ends)] if ends else sample


def _is_utf8(run: bytes) -> bool:
    try:
        run.decode()
    except UnicodeDecodeError:
        return False
    return True
