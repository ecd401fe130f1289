"""Plain lines of a block: those that are a record each, whatever stands around them, found for all lines at once.

Few records are odd, and only they are worth looking at one by one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mediflow_assets.sources.csv_records import EMPTY, Layout, blanks_of, is_blank, is_utf8, record_at
from mediflow_assets.sources.delivery import LINE_LIMIT, RAW_KEPT

LF, CR, QUOTE = b'\n\r"'
ASCII = 0x7F


@dataclass(frozen=True)
class Piece:
    """A stretch of a block: plain lines (`count` records), or one record and why it is quarantined. A run of blank
    lines is one record, of so many `lines`."""

    raw: bytes
    count: int
    end: int
    reason: str | None = None
    lines: int = 1


def pieces(block: bytes, layout: Layout, is_last: bool) -> Iterator[Piece]:
    """A block of whole lines as stretches of plain lines and single records, in order.

    Stops before a record that may go on in the next block, unless there is none.
    """
    data = np.frombuffer(block, np.uint8)
    newlines = np.flatnonzero(data == LF)
    starts = np.concatenate(([0], newlines[:-1] + 1))
    odd = np.flatnonzero(~_is_plain(data, newlines, starts, layout))
    with_text: Places | None = None
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
        following = int(np.searchsorted(starts, end))
        if reason == EMPTY:
            with_text = _with_text(data, newlines, starts, layout) if with_text is None else with_text
            place = int(np.searchsorted(with_text, line))
            following = int(with_text[place]) if place < len(with_text) else len(newlines)
            start, end = int(starts[line]), int(newlines[following - 1]) + 1
            raw = block[start : min(end, start + RAW_KEPT)].rstrip(b"\r\n")
        yield Piece(raw if reason else raw + b"\n", 1, end, reason, following - line if reason == EMPTY else 1)
        line = following


Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]


def _with_text(data: Bytes, newlines: Places, starts: Places, layout: Layout) -> Places:
    """The lines that are not blank. To come to each blank line by itself took minutes for a file of nothing else."""
    is_text = np.ones(256, np.bool_)
    is_text[list(blanks_of(layout))] = False
    is_too_long = newlines - starts > LINE_LIMIT
    has_text: Flags = np.logical_or.reduceat(is_text[data], starts) | is_too_long
    # whether quotes and what is not ASCII show anything is seen in each of the few lines that hold nothing else
    is_text[QUOTE] = is_text[ASCII + 1 :] = False
    unsure = np.flatnonzero(has_text & ~is_too_long & ~np.logical_or.reduceat(is_text[data], starts))
    has_text[unsure] = [not is_blank(data[starts[at] : newlines[at]].tobytes(), layout) for at in unsure.tolist()]
    return np.flatnonzero(has_text)


def _is_plain(data: Bytes, newlines: Places, starts: Places, layout: Layout) -> Flags:
    """Whether each line is a record by itself: no stray byte, well quoted, with the right number of fields."""
    if layout.width == 1:
        return np.zeros(len(newlines), np.bool_)
    delimiters, is_well_quoted = _outside_quotes(data, newlines, starts, ord(layout.delimiter))
    is_plain: Flags = (delimiters == layout.width - 1) & is_well_quoted & (newlines - starts <= LINE_LIMIT)
    returns = np.flatnonzero(data[:-1] == CR)
    strays = np.concatenate((np.flatnonzero(data == 0), returns[data[returns + 1] != LF]))
    is_plain[np.searchsorted(newlines, strays)] = False
    beyond_ascii = np.unique(np.searchsorted(newlines, np.flatnonzero(data > ASCII)))
    not_utf8 = [line for line in beyond_ascii.tolist() if not is_utf8(data[starts[line] : newlines[line]].tobytes())]
    is_plain[not_utf8] = False
    return is_plain


def _outside_quotes(data: Bytes, newlines: Places, starts: Places, delimiter: int) -> tuple[Places, Flags]:
    """Per line the delimiters outside quotes, and whether every quote opens, closes or doubles as it should."""
    delimiters, quotes = np.flatnonzero(data == delimiter), np.flatnonzero(data == QUOTE)
    outside = np.diff(np.searchsorted(delimiters, newlines), prepend=0)
    is_well = np.ones(len(newlines), np.bool_)
    if not len(quotes):
        return outside, is_well
    lines, first, per_line = np.unique(np.searchsorted(newlines, quotes), return_index=True, return_counts=True)
    is_opening = (np.arange(len(quotes)) - np.repeat(first, per_line)) % 2 == 0
    previous = np.where(quotes > 0, data[quotes - 1], LF)
    is_fitting = np.where(
        is_opening,
        np.isin(previous, (delimiter, LF, QUOTE)),
        np.isin(data[quotes + 1], (delimiter, LF, CR, QUOTE)),
    )
    is_well[lines] = (per_line % 2 == 0) & np.logical_and.reduceat(is_fitting, first)
    # a block has as many delimiters as fields: only those of lines with quotes are looked at one by one
    begin, counts = np.searchsorted(delimiters, starts[lines]), outside[lines]
    place = np.repeat(np.arange(len(lines)), counts)
    theirs = delimiters[np.arange(len(place)) + (begin - np.cumsum(counts) + counts)[place]]
    is_outside = (np.searchsorted(quotes, theirs) - first[place]) % 2 == 0
    outside[lines] = np.bincount(place[is_outside], minlength=len(lines))
    return outside, is_well
