"""Workbooks (.xlsx): the sheet whose header fits, or the one that a feed names; dates and numbers as they show."""

import datetime as dt
import zipfile
from collections.abc import Iterator
from contextlib import suppress
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
from mediflow_assets.sources.workbook_xml import measured, row_widths

_ZIP = b"PK\x03\x04"
_DAMAGED = "the workbook is damaged, encrypted or cut short. Deliver it again, or as CSV."
_MEMBER = "xl/workbook.xml"

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
        measured(file.path, file.limits)
        names = calamine.CalamineWorkbook.from_path(str(file.path)).sheet_names
    for name in names:
        rows = _rows(file.path, name)
        for place, row in enumerate(rows[: MOST_TITLE_LINES + 1]):
            if any(row):
                yield TableTop(named(row), rows[place + 1 :], name, place)


def _read(path: Path, what: Recognised) -> Iterator[TableBatch]:
    rows = _rows(path, what.sheet)[what.title_lines + 1 :]
    footer = footer_of_rows(rows[-FOOTER_ROWS:], what.columns)
    records = [row for row in rows[: len(rows) - footer.size] if any(row)]
    width = len(what.header)
    for first in range(0, len(records), RECORDS_AT_ONCE):
        some = records[first : first + RECORDS_AT_ONCE]
        cells = [pa.array([row[place] or None for row in some], pa.string()) for place in range(width)]
        yield TableBatch(what.header, cells, range(first + 1, first + len(some) + 1))
    yield TableBatch(what.header, [pa.nulls(0, pa.string())] * width, range(0), total_rows=footer.rows)


def _count(path: Path, what: Recognised) -> int:
    """Rows with something in them, as the sheet's XML has them, without what stands above and below the records."""
    with refusing(_DAMAGED):
        places = row_widths(path, what.sheet or "")
    below = sum(1 for place, width in places if place > what.title_lines and width)
    return below - what.total_rows


def _rows(path: Path, sheet: str | None) -> Rows:
    with refusing(_DAMAGED):
        book = calamine.CalamineWorkbook.from_path(str(path))
        found: list[list[Any]] = book.get_sheet_by_name(sheet or "").to_python(skip_empty_area=False)
    rows = [[_text(cell) for cell in row] for row in found]
    width = max((place for row in rows for place, cell in enumerate(row, start=1) if cell), default=0)
    return [row[:width] for row in rows]


def _text(cell: Any) -> str:
    if isinstance(cell, dt.datetime):
        # a spreadsheet counts days: what is left below a second is rounding
        cell = (cell + dt.timedelta(microseconds=500_000)).replace(microsecond=0)
    return text_of(cell) or ""


WORKBOOK = TableFormat("xlsx", _is_one, _tops, _read, _count, may_have_totals=True)
