"""Cells of CSV records as Arrow strings. An empty cell is null; every other text stays as delivered."""

import csv
import io

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from mediflow_assets.sources.csv_lines import CR, LF, QUOTE
from mediflow_assets.sources.csv_records import Layout
from mediflow_assets.sources.delivery import LINE_LIMIT, RECORD_LINES


def parse_whole(block: bytes, layout: Layout) -> tuple[list[pa.Array], int] | None:
    """The cells of a block of whole lines, and where its last whole record ends.

    None where any record might have to be quarantined, or read otherwise than Arrow would.
    """
    if b"\0" in block or block.count(b"\r") != block.count(b"\r\n"):
        return None
    data = np.frombuffer(block, np.uint8)
    newlines = np.flatnonzero(data == LF)
    ends = _ends_by_quotes(data, newlines, layout) if b'"' in block else newlines
    if ends is None or np.diff(ends, prepend=-1).max() > LINE_LIMIT:
        return None
    end = int(ends[-1]) + 1
    if len(block) - end > LINE_LIMIT or len(newlines) - np.searchsorted(newlines, end) >= RECORD_LINES:
        return None
    try:
        columns = _parse(memoryview(block)[:end], layout)
    except pa.ArrowInvalid:
        return None
    return (columns, end) if len(columns[0]) == len(ends) else None


def parse_records(good: list[bytes], count: int, layout: Layout) -> list[pa.Array]:
    """The cells of `count` records that are known to be splittable, each piece ending in a line break."""
    if not good:
        return [pa.nulls(0, pa.string()) for _ in range(layout.width)]
    try:
        columns = _parse(b"".join(good), layout)
        if len(columns[0]) == count:
            return columns
    except pa.ArrowInvalid:
        pass
    return parse_by_hand(good, layout)


def parse_by_hand(good: list[bytes], layout: Layout) -> list[pa.Array]:
    """The same by Python's csv module, for what Arrow reads otherwise."""
    rows = [
        row
        for piece in good
        for row in csv.reader(io.StringIO(piece.decode(), newline=""), delimiter=layout.delimiter, strict=True)
    ]
    return [pa.array([cell or None for cell in cells], pa.string()) for cells in zip(*rows, strict=True)]


def _parse(block: bytes | memoryview, layout: Layout) -> list[pa.Array]:
    names = [str(place) for place in range(layout.width)]
    table = pa.csv.read_csv(
        pa.py_buffer(block),
        read_options=pa.csv.ReadOptions(column_names=names, block_size=len(block) + 1, use_threads=False),
        parse_options=pa.csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(
            column_types={name: pa.string() for name in names},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )
    return [column.combine_chunks() for column in table.columns]


def _ends_by_quotes(
    data: npt.NDArray[np.uint8], newlines: npt.NDArray[np.intp], layout: Layout
) -> npt.NDArray[np.intp] | None:
    """Where records end, if every quote before the last end opens, closes or doubles as it should."""
    quotes = np.flatnonzero(data == QUOTE)
    is_end = np.searchsorted(quotes, newlines) % 2 == 0
    ends = newlines[is_end]
    if not len(ends) or np.diff(np.flatnonzero(is_end), prepend=-1).max() > RECORD_LINES:
        return None
    quotes = quotes[quotes < ends[-1]]
    opening, closing = quotes[0::2], quotes[1::2]
    before = np.where(opening > 0, data[opening - 1], LF)
    delimiter = ord(layout.delimiter)
    opens_well = np.isin(before, (delimiter, LF, QUOTE)).all()
    closes_well = np.isin(data[closing + 1], (delimiter, LF, CR, QUOTE)).all()
    return ends if opens_well and closes_well else None
