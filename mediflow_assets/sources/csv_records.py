"""What a record of a CSV file is, record by record: the definition that the fast path must agree with.

A record starts at a line's start. With an even number of quotes the line is the record. With an odd number it
goes on to the next line that makes the number even, within 200 lines and 1 MiB, if all these lines together
are as many fields as the header has; otherwise the line stands alone, quarantined, and reading goes on with the
next. Blank lines one after another are one record, quarantined: lines that show nothing, of blanks of any kind and
quotes around nothing.
"""

import csv
from dataclasses import dataclass

from mediflow_assets.contracts.blanks import ASCII_BLANKS, BLANKS
from mediflow_assets.sources.delivery import LINE_LIMIT, RAW_KEPT, RECORD_LINES

csv.field_size_limit(max(csv.field_size_limit(), LINE_LIMIT))

EMPTY = "empty_record"


@dataclass(frozen=True)
class Layout:
    """How the fields of a record are divided."""

    delimiter: str
    width: int


def record_at(block: bytes, start: int, layout: Layout, is_last: bool) -> tuple[int, bytes, str | None] | None:
    """The record at a place of a block of whole lines: where the next one starts, its bytes, why it is quarantined.

    None where it may go on in the next block, unless there is none.
    """
    end = block.index(b"\n", start)
    if end - start <= LINE_LIMIT and block.count(b'"', start, end) & 1:
        joined = _end_of_quoted(block, start, end)
        if joined is None and not is_last:
            return None
        if joined and field_count(block[start:joined].rstrip(b"\r"), layout) == layout.width:
            end = joined
    raw, is_too_long = block[start:end].rstrip(b"\r"), end - start > LINE_LIMIT
    if is_too_long:
        return end + 1, raw[:RAW_KEPT], "record_too_long"
    return end + 1, raw, reject_reason(raw, layout)


def _end_of_quoted(block: bytes, start: int, end: int) -> int | None:
    """Where a record that begins with an odd line ends: 0 if nowhere, None if the block is too short."""
    for _ in range(RECORD_LINES - 1):
        following = end + 1
        if following >= len(block):
            return None
        end = block.index(b"\n", following)
        if end - start > LINE_LIMIT:
            return 0
        if block.count(b'"', following, end) & 1:
            return end
    return 0


def blanks_of(layout: Layout) -> bytes:
    """What of ASCII may stand in a blank line: a delimiter makes it a record of empty cells."""
    return ASCII_BLANKS.replace(layout.delimiter, "").encode()


def is_blank(raw: bytes, layout: Layout) -> bool:
    """Whether a line shows nothing: blanks of any kind, and quotes around nothing else."""
    if raw.count(b'"') % 2 or b"\n" in raw or layout.delimiter.encode() in raw or not is_utf8(raw):
        return False
    return not raw.decode().strip(BLANKS + '"')


def reject_reason(raw: bytes, layout: Layout) -> str | None:
    """Why a record cannot be split into the header's fields, None if it can."""
    if is_blank(raw, layout):
        return EMPTY
    if b"\0" in raw:
        return "nul_byte"
    if not is_utf8(raw):
        return "bad_utf8"
    count = field_count(raw, layout)
    if count is None:
        return "unbalanced_quote" if b'"' in raw else "bare_carriage_return"
    if count != layout.width:
        return "too_few_fields" if count < layout.width else "too_many_fields"
    return None


def field_count(raw: bytes, layout: Layout) -> int | None:
    """How many fields a record has; None where its quotes or line breaks do not add up."""
    if b'"' not in raw and b"\r" not in raw:
        return raw.count(layout.delimiter.encode()) + 1
    try:
        # every byte is one character of Latin-1, and the structure is ASCII: bad bytes do not matter here
        rows = list(csv.reader([raw.decode("latin-1")], delimiter=layout.delimiter, strict=True))
    except csv.Error:
        return None
    return len(rows[0])


def is_utf8(raw: bytes) -> bool:
    """Whether the bytes are UTF-8 text."""
    if raw.isascii():
        return True
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
