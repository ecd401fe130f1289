"""Plain lines of a block: those that are a record each, whatever stands around them, found for all lines at once.

Few records are odd, and only they are worth looking at one by one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mediflow_assets.sources.csv_records import Layout, record_at
from mediflow_assets.sources.delivery import LINE_LIMIT

LF, CR, QUOTE = b'\n\r"'


@dataclass(frozen=True)
class Piece:
    """A stretch of a block: plain lines (`count` records), or one record and why it is set aside."""

    raw: bytes
    count: int
    end: int
    reason: str | None = None


def pieces(block: bytes, layout: Layout, is_last: bool) -> Iterator[Piece]:
    """A block of whole lines as stretches of plain lines and single records, in order.

    Stops before a record that may go on in the next block, unless there is none.
    """
    data = np.frombuffer(block, np.uint8)
    newlines = np.flatnonzero(data == LF)
    starts = np.concatenate(([0], newlines[:-1] + 1))
    odd = np.flatnonzero(~_is_plain(data, newlines, starts, layout))
    line = 0
    while line < len(newlines):
        place = int(np.searchsorted(odd, line))
        next_odd = int(odd[place]) if place < len(odd) else len(newlines)
        if next_odd > line:
            start, end = int(starts[line]), int(newlines[next_odd - 1]) + 1
            yield Piece(block[start:end], next_odd - line, end)
            line = next_odd
            continue
        found = record_at(block, int(starts[line]), layout, is_last)
        if found is None:
            return
        end, raw, reason = found
        yield Piece(raw if reason else raw + b"\n", 1, end, reason)
        line = int(np.searchsorted(starts, end))


Places = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]


def _is_plain(data: npt.NDArray[np.uint8], newlines: Places, starts: Places, layout: Layout) -> Flags:
    """Whether each line is a record by itself: no stray byte, well quoted, with the right number of fields."""
    if layout.width == 1:
        return np.zeros(len(newlines), np.bool_)
    is_bare = np.concatenate(((data[:-1] == CR) & (data[1:] != LF), [False]))
    is_stray = (data == 0) | is_bare
    is_stray[_not_utf8(data)] = True
    edges = np.concatenate(([0], newlines))
    stray = np.diff(np.searchsorted(np.flatnonzero(is_stray), edges))
    delimiters, is_well_quoted = _outside_quotes(data, edges, ord(layout.delimiter))
    is_right: Flags = (delimiters == layout.width - 1) & (stray == 0) & is_well_quoted
    return is_right & (newlines - starts <= LINE_LIMIT)


def _outside_quotes(data: npt.NDArray[np.uint8], edges: Places, delimiter: int) -> tuple[Places, Flags]:
    """Per line the delimiters outside quotes, and whether every quote opens, closes or doubles as it should."""
    delimiters = np.flatnonzero(data == delimiter)
    quotes = np.flatnonzero(data == QUOTE)
    before_line = np.searchsorted(quotes, edges)
    is_well = np.diff(before_line) % 2 == 0
    lines = len(edges) - 1
    if not len(quotes):
        return np.diff(np.searchsorted(delimiters, edges)), is_well
    line_of_quote = np.searchsorted(edges[1:], quotes)
    is_opening = (np.arange(len(quotes)) - before_line[line_of_quote]) % 2 == 0
    previous = np.where(quotes > 0, data[quotes - 1], LF)
    is_fitting = np.where(
        is_opening,
        np.isin(previous, (delimiter, LF, QUOTE)),
        np.isin(data[quotes + 1], (delimiter, LF, CR, QUOTE)),
    )
    is_well &= np.bincount(line_of_quote[~is_fitting], minlength=lines) == 0
    line_of_delimiter = np.searchsorted(edges[1:], delimiters)
    is_outside = (np.searchsorted(quotes, delimiters) - before_line[line_of_delimiter]) % 2 == 0
    return np.bincount(line_of_delimiter[is_outside], minlength=lines), is_well


def _not_utf8(data: npt.NDArray[np.uint8]) -> list[int]:
    """Where bytes stand that are no UTF-8. What is read up to one of them is not read again."""
    view, start, found = memoryview(data.tobytes()), 0, []
    while start < len(data):
        try:
            str(view[start:], "utf-8")
            break
        except UnicodeDecodeError as error:
            found.append(start + error.start)
            start += error.start + 1
    return found
