"""Workbooks (.xlsx): the sheets whose header fits, or the one that a feed names; dates and numbers as they show."""

import datetime as dt
import zipfile
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import python_calamine as calamine

from mediflow_assets.sources.csv_header import MOST_TITLE_LINES
from mediflow_assets.sources.delivery import Recognised
from mediflow_assets.sources.footers import FOOTER_ROWS, footer_of_rows
from mediflow_assets.sources.refusing import refusing
from mediflow_assets.sources.source import Candidate
from mediflow_assets.sources.table_format import RECORDS_AT_ONCE, TableBatch, TableFormat, TableTop, named
from mediflow_assets.sources.table_texts import text_of
from mediflow_assets.sources.workbook_xml import filled_rows

_ZIP = b"PK\x03\x04"
_DAMAGED = "the workbook is damaged, encrypted or cut short. Deliver it again, or as CSV."
_MEMBER = "xl/workbook.xml"
_LOOKED_AT = 5_000
"""Rows by which a header is judged, and a mapping drafted."""

Rows = list[list[str]]


def _is_one(file: Candidate) -> bool:
    return file.head.startswith(_ZIP) and zipfile.is_zipfile(file.path) and is_workbook(file.path)


def is_workbook(path: Path) -> bool:
    """Whether a zip file is a workbook."""
    # one that cannot be opened is a damaged archive, of whatever
    with suppress(Exception), zipfile.ZipFile(path) as packed:
        return _MEMBER in packed.namelist()
    return False


def _tops(file: Candidate) -> Iterator[TableTop]:
    with refusing(_DAMAGED):
        filled_rows(file.path, file.limits)
        names = calamine.CalamineWorkbook.from_path(str(file.path)).sheet_names
    for name in names:
        rows, width = enumerate(_rows(file.path, name)), 0
        first, last = [], deque[tuple[int, list[str]]](maxlen=FOOTER_ROWS)
        for place, row in rows:
            width = max(width, next((at for at in range(len(row), width, -1) if row[at - 1]), 0))
            if place < _LOOKED_AT:
                first.append(row)
            last.append((place, row))
        first = [row[:width] for row in first]
        for place, row in enumerate(first[: MOST_TITLE_LINES + 1]):
            if any(row):
                below = [row[:width] for at, row in last if at > place]
                yield TableTop(named(row), first[place + 1 :], name, place, below)


def _read(path: Path, what: Recognised) -> Iterator[TableBatch]:
    first = 1
    for sheet, title_lines in _places(what):
        for batch in _read_sheet(path, what, sheet, title_lines, first):
            first += len(batch.numbers)
            yield batch


def _places(what: Recognised) -> Iterator[tuple[str, int]]:
    """The sheets that are read, each with the lines above its header."""
    yield what.sheet or "", what.title_lines
    yield from what.more_sheets


def _read_sheet(path: Path, what: Recognised, sheet: str, title_lines: int, first: int) -> Iterator[TableBatch]:
    width, ended = len(what.header), deque[list[str]]()
    some: list[list[str]] = []
    for row in islice(_rows(path, sheet), title_lines + 1, None):
        ended.append(row[:width])
        if len(ended) > FOOTER_ROWS and any(record := ended.popleft()):
            some.append(record)
        if len(some) == RECORDS_AT_ONCE:
            yield _batch(some, first, what)
            first, some = first + len(some), []
    footer = footer_of_rows([*ended], what.columns)
    some += [row for row in islice(ended, len(ended) - footer.size) if any(row)]
    yield replace(_batch(some, first, what), total_rows=footer.rows)


def _batch(rows: Rows, first: int, what: Recognised) -> TableBatch:
    cells = [pa.array([row[place] or None for row in rows], pa.string()) for place in range(len(what.header))]
    return TableBatch(what.header, cells, range(first, first + len(rows)))


def _count(path: Path, what: Recognised) -> int:
    """Rows with something in them, as the sheet's XML has them, without what stands above and below the records."""
    with refusing(_DAMAGED):
        filled = filled_rows(path, what.limits)
    below = (len(filled[sheet]) - bisect_right(filled[sheet], lines) for sheet, lines in _places(what))
    return sum(below) - what.total_rows


def _rows(path: Path, sheet: str | None) -> Iterator[list[str]]:
    """All rows from the first on, each from its first column on."""
    with refusing(_DAMAGED):
        found = calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_name(sheet or "")
        before = [""] * (found.start[1] if found.start else 0)
        for row in found.iter_rows():
            yield before + [_text(cell) for cell in row]


def _text(cell: Any) -> str:
    if isinstance(cell, dt.datetime):
        # a spreadsheet counts days: what is left below a second is rounding
        cell = (cell + dt.timedelta(microseconds=500_000)).replace(microsecond=0)
    text = text_of(cell) or ""
    return text if text.strip() else ""


WORKBOOK = TableFormat("xlsx", _is_one, _tops, _read, _count)
