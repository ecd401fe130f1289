"""HL7 v2 in files: each message as its text. A record begins with MSH; what wraps a batch (FHS, BHS, BTS, FTS) and the
bytes that MLLP puts around messages are none's."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from mediflow_assets.contracts import hl7
from mediflow_assets.contracts.hl7_message import Message, Unreadable, decoded
from mediflow_assets.contracts.source import ENCOUNTERS, LINKS, LOCATIONS, PATIENTS
from mediflow_assets.sources.delivery import JSON_LINE_LIMIT, RAW_KEPT, Recognised, RecordBatchOfDelivery, Reject
from mediflow_assets.sources.hl7_people import people_of
from mediflow_assets.sources.opening import Opened, opened
from mediflow_assets.sources.source import Candidate, Source

if TYPE_CHECKING:
    from mediflow_assets.sources.source import Transform

FORM = "hl7"
AROUND = b" \t\r\n\x0b\x1c"
"""Blanks and line ends, and what MLLP puts before a message and behind it."""
LONGEST = JSON_LINE_LIMIT
"""Bytes of a message: they carry whole documents."""
_RECORDS_AT_ONCE, _BYTES_AT_ONCE, _PIECE = 8192, 8 << 20, 1 << 20
_BEGIN = re.compile(rb"(?:\A|(?<=[\r\n\x0b\x1c]))(?=(?:MSH|FHS|BHS|BTS|FTS)[^A-Za-z0-9\s\x1c])")
_WRAPPING = re.compile(rb"(?:FHS|BHS|BTS|FTS)[^\r\n\x0b\x1c]*")
Row = tuple[str | None, str | None, str | None, str | None, str]


def _recognise(file: Candidate) -> Recognised | None:
    if not is_hl7(file.head):
        return None
    return Recognised(hl7.SOURCE.name, FORM, compression=file.compression, limits=file.limits)


def read_hl7(path: Path, what: Recognised) -> Iterator[RecordBatchOfDelivery]:
    """All messages of a delivery, in file order, numbered from 1."""
    rows: list[tuple[int, Row]] = []
    rejects: list[Reject] = []
    size = 0
    with opened(path, what.compression, what.limits, is_bytes=True) as stream:
        for number, raw in enumerate(_records(stream), start=1):
            found = read_message(raw)
            if isinstance(found, str):
                rejects.append(Reject(number, found, raw[:RAW_KEPT]))
            else:
                rows.append((number, found))
            size += len(raw)
            if size > _BYTES_AT_ONCE or len(rows) + len(rejects) >= _RECORDS_AT_ONCE:
                yield _batch(rows, rejects)
                rows, rejects, size = [], [], 0
    if rows or rejects:
        yield _batch(rows, rejects)


def read_message(raw: bytes) -> Row | str:
    """A message as a row of Bronze, or the reason why it is none."""
    if len(raw) > LONGEST:
        return "record_too_long"
    try:
        text = decoded(raw)
        message = Message(text)
    except Unreadable as error:
        return str(error)
    header, type_ = message("MSH"), message.type
    if type_ is None:
        return "no_message_type"
    purpose = hl7.NOT_REAL.get((header(11) or "").upper())
    kind = f"{type_} {purpose}" if purpose else type_
    return kind, type_.partition("^")[2] or None, header(10), header(7), text


def _records(stream: Opened) -> Iterator[bytes]:
    """What begins with MSH, up to the next that does, and what stands elsewhere and is no blank."""
    held = b""
    while piece := stream.read(_PIECE):
        *whole, held = _BEGIN.split(held + piece)
        yield from filter(None, map(_record, whole))
        if len(held) > LONGEST:
            # a message without end is told once, whatever follows it
            held = held[: LONGEST + 1] + held[-8:]
    if record := _record(held):
        yield record


def _record(part: bytes) -> bytes:
    return _WRAPPING.sub(b"", part, count=1).strip(AROUND) if _WRAPPING.match(part) else part.strip(AROUND)


def messages_in(raw: bytes) -> list[bytes]:
    """The messages that stand in some bytes, without what wraps them."""
    return [record for part in _BEGIN.split(raw) if (record := _record(part))]


def is_hl7(head: bytes) -> bool:
    """Whether bytes that begin so are messages, or a batch of them."""
    return head.lstrip(AROUND)[:3] in (b"MSH", b"FHS", b"BHS") and _BEGIN.match(head.lstrip(AROUND)[:8]) is not None


def count_hl7(path: Path, what: Recognised) -> int:
    """The messages of a delivery, and each stretch of lines between them that are of none, line by line."""
    count, is_within = 0, False
    with opened(path, what.compression, what.limits, is_bytes=True) as stream:
        for line in _lines(stream):
            name = line[:3] if line[3:4] and not (line[3:4].isalnum() or line[3:4].isspace()) else b""
            if name in (b"FHS", b"BHS", b"BTS", b"FTS"):
                is_within = False
            elif name == b"MSH" or (line.strip(AROUND) and not is_within):
                count, is_within = count + 1, True
    return count


def _lines(stream: Opened) -> Iterator[bytes]:
    rest = b""
    while piece := stream.read(_PIECE):
        *lines, rest = (rest + piece).translate(bytes.maketrans(b"\r\x0b\x1c", b"\n\n\n")).split(b"\n")
        yield from lines
        # of a line only its beginning is looked at
        rest = rest[:1024] if rest.strip(AROUND) else rest[-1024:]
    yield rest


def _batch(rows: list[tuple[int, Row]], rejects: list[Reject]) -> RecordBatchOfDelivery:
    columns = zip(*(row for _, row in rows), strict=True) if rows else ((),) * len(hl7.SOURCE.filled)
    arrays = [pa.array(list(column), pa.string()) for column in columns]
    numbers = pa.array([number for number, _ in rows], pa.int64())
    accepted = pa.RecordBatch.from_arrays([*arrays, numbers], names=[*hl7.SOURCE.filled, "_record_number"])
    return RecordBatchOfDelivery(accepted, tuple(rejects))


def _words(record: Mapping[str, object]) -> Mapping[str, str | None]:
    try:
        message = Message(str(record["message"]))
    except Unreadable:
        return {}
    return {name: message(segment)(field) for name, (segment, field) in hl7.WORDS.items()}


def _transforms() -> "Mapping[str, Transform]":
    from mediflow_assets.transforms import hl7

    return {PATIENTS: hl7.patients_of, ENCOUNTERS: hl7.encounters_of, LOCATIONS: hl7.locations_of, LINKS: hl7.links_of}


HL7 = Source(
    hl7.SOURCE,
    _transforms,
    recognise=_recognise,
    read=read_hl7,
    count=count_hl7,
    people=people_of,
    says_namespaces=True,
    words=_words,
    accepts=(("HL7 v2 messages, of which ADT become rows",), ()),
)
HL7_EVENTS = Source(hl7.EVENTS, _transforms, people=people_of, says_namespaces=True, words=_words)
