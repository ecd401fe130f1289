"""An HL7 v2 message as segments, fields, repetitions, components and subcomponents. Standard library only.

HL7 2.5.1, chapter 2: the marks are those that MSH-1 and MSH-2 name (2.5.4); nothing (2.5.3), escapes (2.7), times.
Not a library: python-hl7 took 180 times as long for a message, hl7apy 4,000 times; a test holds this against the first.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

NOTHING = '""'
"""What stands in a field that is to be emptied, where an empty one says nothing."""
IDENTITY_BYTES = 16
_ENDS = re.compile(r"[\r\n]+")
_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}(?![A-Za-z0-9])")
_TIME = re.compile(
    r"(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:[.](\d{1,6}))?)?)?)?)?)?([+-]\d{4})?\Z", re.ASCII
)
_CHARSETS = {
    "": "utf-8",
    "ASCII": "utf-8",
    "UNICODE": "utf-8",
    "UNICODEUTF8": "utf-8",
    "UTF8": "utf-8",
    "UNICODEUTF16": "utf-16",
    **{f"{body}8859{n}": f"iso8859-{n}" for n in (*range(1, 12), *range(13, 17)) for body in ("", "ISO")},
    **{f"{name}{n}": f"cp{n}" for n in range(1250, 1259) for name in ("CP", "WINDOWS")},
    "ISOIR6": "ascii",
    "ISOIR87": "iso2022_jp",
    "ISOIR100": "iso8859-1",
    "ISOIR101": "iso8859-2",
    "ISOIR144": "iso8859-5",
    "ISOIR192": "utf-8",
    "GB180302000": "gb18030",
    "KSX1001": "euc_kr",
    "CNS116431992": "big5",
    "BIG5": "big5",
    "USASCII": "ascii",
    "LATIN1": "iso8859-1",
    "UTF16": "utf-16",
    "SHIFTJIS": "shift_jis",
    "EUCJP": "euc_jp",
    "EUCKR": "euc_kr",
    "GBK": "gbk",
    "GB2312": "gb2312",
    "GB18030": "gb18030",
    "KOI8R": "koi8-r",
    "KOI8U": "koi8-u",
}
"""Words of table 0211, and those that senders write beside them, by their letters and digits. No others: some codecs
of Python's make of bytes what is no text."""


class Unreadable(Exception):
    """Raised of a message that cannot be split; its text is the reason."""


class Marks(NamedTuple):
    """What stands between the parts of a message, and before an escape."""

    field: str
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ""


@dataclass(frozen=True)
class Value:
    """One repetition of a field."""

    text: str
    marks: Marks

    def __call__(self, component: int = 1, subcomponent: int = 1) -> str | None:
        """A part, its escapes undone; None where nothing is told, `NOTHING` where it, or all of the field, is to be
        emptied."""
        if self.text.strip() == NOTHING:
            return NOTHING
        parts = self.text.split(self.marks.component, component)
        if component > len(parts):
            return None
        parts = parts[component - 1].split(self.marks.subcomponent)
        return (unescaped(parts[subcomponent - 1], self.marks).strip() or None) if subcomponent <= len(parts) else None


@dataclass(frozen=True)
class Segment:
    """A segment; its fields count from 1."""

    fields: list[str]
    marks: Marks

    @property
    def name(self) -> str:
        """What it is called."""
        return self.fields[0]

    def each(self, field: int) -> list[Value]:
        """The repetitions of a field that hold something."""
        text = self.fields[field] if field < len(self.fields) else ""
        if not text:
            return []
        return [Value(each, self.marks) for each in text.split(self.marks.repetition) if each.strip()]

    def __call__(self, field: int, component: int = 1, subcomponent: int = 1) -> str | None:
        """A part of the first repetition of a field, as of a `Value`."""
        found = self.each(field)
        return found[0](component, subcomponent) if found else None


class Message:
    """A message that begins with its MSH. Raises Unreadable."""

    def __init__(self, text: str) -> None:
        self.text = text
        lines = list(_lines(text))
        self.marks = marks = _marks(lines[0] if lines else "")
        self._named: dict[str, list[Segment]] = {}
        self.every: list[Segment] = []
        for line in lines:
            fields = line.split(marks.field)
            # MSH-1 is the mark between fields itself
            fields[1:1] = [marks.field] if fields[0] == "MSH" else []
            self.every.append(Segment(fields, marks))
            self._named.setdefault(fields[0], []).append(self.every[-1])

    def segments(self, name: str) -> list[Segment]:
        """All segments of a name, in their order."""
        return self._named.get(name, [])

    def __call__(self, name: str) -> Segment:
        """The first segment of a name; one without fields where there is none."""
        return self._named[name][0] if name in self._named else Segment([name], self.marks)

    @cached_property
    def type(self) -> str | None:
        """Type and event as `ADT^A01`, of MSH-9, and of EVN-1 where that names no event; None where none is told."""
        header = self("MSH")
        kind, event = header(9), header(9, 2) or self("EVN")(1)
        return "^".join(each.upper() for each in (kind, event) if each) if kind else None


def identity(raw: bytes) -> bytes:
    """What a message is known by: it is the same if its sender, its control id and its content are, whenever it was
    sent; one without a control id only if it was sent at the same time."""
    mark = raw[3:4] or b"|"
    # MSH-7, the time of sending, is the seventh part
    parts, header = raw.split(mark, 7), _header(raw)
    if len(header) > 9 and header[9].strip():
        del parts[6:7]
    return hashlib.sha256(b"\0".join(parts)).digest()[:IDENTITY_BYTES]


def decoded(raw: bytes) -> str:
    """A message as text: in the character set that MSH-18 names, else UTF-8, else of Windows. Raises Unreadable."""
    header = _header(raw)
    named = header[17].split(b"~")[0].decode("ascii", "replace").strip() if len(header) > 17 else ""
    try:
        # UTF-8 is told surely, whatever a header says that nobody has changed
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode(_CHARSETS[re.sub(r"[^0-9A-Z]", "", named.upper())] if named else "cp1252")
    except (LookupError, UnicodeError):
        raise Unreadable("bad_character_set") from None


def _header(raw: bytes) -> list[bytes]:
    """MSH in its parts: MSH-2 is the second, MSH-10 the tenth."""
    return re.split(rb"[\r\n]", raw, maxsplit=1)[0].split(raw[3:4] or b"|")


def unescaped(text: str, marks: Marks) -> str:
    """The text with its escapes undone; those of highlighting and of character sets are left out."""
    if marks.escape not in text:
        return text
    mark = re.escape(marks.escape)
    return re.sub(rf"{mark}([^{mark}\r\n]*){mark}", lambda found: _meant(found[1], marks), text)


def iso(time: str | None) -> str | None:
    """An HL7 time as ISO 8601, as exact as it is told: 198005 is 1980-05. What is none stays as it is, to be told as
    unreadable; zeros alone tell nothing."""
    if not time or time == NOTHING or not time.strip("0"):
        return None
    if (found := _TIME.match(time)) is None:
        return time
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    date = "-".join(each for each in (year, month, day) if each)
    if hour is None:
        return date
    clock = ":".join((hour, minute or "00", second or "00")) + (f".{fraction}" if fraction else "")
    return f"{date}T{clock}" + (f"{offset[:3]}:{offset[3:]}" if offset else "")


def _meant(escape: str, marks: Marks) -> str:
    plain = {"F": marks.field, "S": marks.component, "R": marks.repetition, "E": marks.escape, "T": marks.subcomponent}
    plain["P"] = marks.truncation
    if escape in plain:
        return plain[escape]
    if re.fullmatch(r"X(?:[0-9A-Fa-f]{2})+", escape):
        data = bytes.fromhex(escape[1:])
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return data.decode("latin-1")
    return "\n" if re.match(r"[.](br|sp)", escape) else ""


def _lines(text: str) -> Iterator[str]:
    """Segments. A line that begins none goes on with the one before it."""
    held = ""
    for line in _ENDS.split(text):
        if held and not _SEGMENT.match(line):
            held += f"\n{line}" if line.strip() else ""
            continue
        if held:
            yield held
        held = line
    if held:
        yield held


def _marks(header: str) -> Marks:
    field = header[3:4]
    if header[:3] != "MSH" or not field or field.isalnum() or field.isspace():
        raise Unreadable("no_message_header")
    named = header[4:].split(field, 1)[0]
    # a fifth is the mark of what was cut off, since HL7 2.7 (2.7.1, `\P\`)
    if not 1 <= len(named) <= 5 or len(set(named + field)) <= len(named) or any(map(str.isalnum, named)):
        raise Unreadable("bad_encoding_characters")
    return Marks(field, *named)
