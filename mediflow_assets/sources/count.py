"""Second readers, which count the records of a delivery and share no parsing with the first."""

import json
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mediflow_assets.contracts.blanks import ASCII_BLANKS, BLANKS
from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources.csv_stream import opened_csv
from mediflow_assets.sources.delivery import JSON_LINE_LIMIT, LINE_LIMIT, RECORD_LINES, Recognised
from mediflow_assets.sources.opening import Opened, opened

PIECE = 1 << 20
BEYOND_ASCII = bytes(range(0x80, 0x100))
JSON_WHITE = b" \t\r\n"
_TWICE = "the same name twice"


def count_csv(path: Path, what: Recognised) -> int:
    """The records of a CSV delivery."""
    with opened_csv(path, what) as stream:
        next(_lines(stream))
        return _count_csv(stream, what)


def count_json(path: Path, what: Recognised) -> int:
    """The lines of an NDJSON delivery, or the entries of a document, or of a Bundle on each line."""
    with opened(path, what.compression, what.limits) as stream:
        return _count_entries(stream.read()) if what.form == "document" else _count_lines(stream)


def _lines(stream: Opened) -> Iterator[bytes | None]:
    """Physical lines without their LF; None for one over the limit."""
    while line := stream.readline(LINE_LIMIT + 1):
        if line.endswith(b"\n"):
            yield line[:-1]
        elif len(line) <= LINE_LIMIT:
            yield line
        else:
            length = len(line)
            while (piece := stream.readline(PIECE)) and not piece.endswith(b"\n"):
                length += len(piece)
                stream.refuse_overlong(length)
            yield None


def _count_csv(stream: Opened, what: Recognised) -> int:
    lines, pattern = _lines(stream), _record_pattern(what.delimiter, len(what.header))
    blanks, blank = ASCII_BLANKS.replace(what.delimiter, "").encode(), _blank_pattern(what.delimiter)
    perhaps_blank = blanks + b'"' + BEYOND_ASCII
    count = 0
    was_blank = False
    ahead: deque[bytes | None] = deque()
    while True:
        line = ahead.popleft() if ahead else next(lines, _END)
        if line is _END:
            return count
        if line is not None and not line.strip(perhaps_blank) and blank.fullmatch(line.decode("utf-8", "replace")):
            # blank lines one after another are one record
            count += not was_blank
            was_blank = True
            if not ahead:
                stream.skip_blank_lines(blanks)
            continue
        was_blank = False
        count += 1
        if line is None or line.count(b'"') % 2 == 0:
            continue
        taken = _lines_of_open_quote(line, ahead, lines)
        if taken and pattern.fullmatch(b"\n".join([line, *(more or b"" for more in list(ahead)[:taken])])):
            for _ in range(taken):
                ahead.popleft()


def _lines_of_open_quote(line: bytes, ahead: deque[bytes | None], lines: Iterator[bytes | None]) -> int:
    """How many of the following lines it takes to close a quote; 0 where it stays open. Fills `ahead`."""
    size = len(line)
    for place in range(RECORD_LINES - 1):
        if place == len(ahead):
            following = next(lines, _END)
            if following is _END:
                return 0
            ahead.append(following)
        more = ahead[place]
        if more is None or (size := size + 1 + len(more)) > LINE_LIMIT:
            return 0
        if more.count(b'"') % 2:
            return place + 1
    return 0


_END: Any = object()


def _blank_pattern(delimiter: str) -> re.Pattern[str]:
    """A line that shows nothing: blanks, also in quotes."""
    blank = f"[{re.escape(BLANKS.replace(delimiter, ''))}]"
    return re.compile(f'(?:{blank}|"{blank}*+")*+')


def _record_pattern(delimiter: str, width: int) -> re.Pattern[bytes]:
    """A record of `width` fields: quoted ones whole, others without a line break or a quote in front."""
    mark = re.escape(delimiter).encode()
    cell = rb'(?:"(?:[^"]|"")*+"|[^"' + mark + rb"\r\n][^" + mark + rb"\r\n]*+|)"
    return re.compile(rb"%b(?:%b%b){%d}\r*" % (cell, mark, cell, width - 1))


def _count_entries(data: bytes) -> int:
    """Entries of a Bundle, and elements of an array, by the standard library's parser; every other document is one
    record, and so is a Bundle that tells something twice."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        document = json.loads(text, strict=False, object_pairs_hook=_outline, parse_int=_nothing, parse_float=_nothing)
    except (ValueError, RecursionError):
        raise DeliveryRefused("the JSON document cannot be read to its end.") from None
    return sum(map(_records_of, document)) if isinstance(document, list) else _records_of(document)


def _records_of(document: Any) -> int:
    """Of a Bundle its entries, and those of a Bundle that is one of them; of all else one."""
    is_bundle = isinstance(document, dict) and document.get("resourceType") == "Bundle" and _TWICE not in document
    entries = document.get("entry", ()) if is_bundle else None
    if not isinstance(entries, list | tuple):
        return 1
    is_whole = (isinstance(entry, dict) and _TWICE not in entry for entry in entries)
    return sum(
        _records_of(entry.get("resource")) if whole else 1 for entry, whole in zip(entries, is_whole, strict=True)
    )


def _count_lines(stream: Opened) -> int:
    count = 0
    while line := stream.readline(JSON_LINE_LIMIT + 1):
        if len(line) > JSON_LINE_LIMIT and not line.endswith(b"\n"):
            length = len(line)
            while (piece := stream.readline(PIECE)) and not piece.endswith(b"\n"):
                length += len(piece)
                stream.refuse_overlong(length)
            count += 1
        elif line.strip(JSON_WHITE):
            count += _entries_of_line(line) if b"Bundle" in line else 1
        else:
            stream.skip_blank_lines(JSON_WHITE)
    return count


def _entries_of_line(line: bytes) -> int:
    try:
        return _count_entries(line)
    except DeliveryRefused:
        return 1


def _outline(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of each object only what tells a Bundle, so that a large one does not fill the memory."""
    found = {name: value for name, value in pairs if name in ("resourceType", "entry", "resource")}
    return found if len({name for name, _ in pairs}) == len(pairs) else found | {_TWICE: True}


def _nothing(_: str) -> None:
    return None
