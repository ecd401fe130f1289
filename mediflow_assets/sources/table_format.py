"""A format of typed tables: how a file of it is told, read and counted. Its columns are named as those of CSV."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from mediflow_assets.contracts.blanks import BLANKS
from mediflow_assets.sources.delivery import Recognised, Reject
from mediflow_assets.sources.source import Candidate

RECORDS_AT_ONCE = 1 << 16
SAMPLE = 1000
"""Rows that are shown with a header."""


@dataclass(frozen=True)
class TableTop:
    """A place where a table's header may stand: in which sheet, below how many rows, and the first rows below it."""

    header: tuple[str, ...]
    rows: Sequence[Sequence[str]] = ()
    sheet: str | None = None
    title_rows: int = 0
    last: Sequence[Sequence[str]] = ()
    """The last rows below it, of a table that may have totals there."""


@dataclass(frozen=True)
class TableBatch:
    """Records of a table as texts, a column each; those that cannot be read."""

    header: tuple[str, ...]
    """As it was told of, and what later records have besides."""
    cells: list[pa.Array]
    numbers: Sequence[int]
    rejects: tuple[Reject, ...] = ()
    total_rows: int = 0


@dataclass(frozen=True)
class TableFormat:
    """One format."""

    name: str
    is_one: Callable[[Candidate], bool]
    tops: Callable[[Candidate], Iterator[TableTop]]
    read: Callable[[Path, Recognised], Iterator[TableBatch]]
    count: Callable[[Path, Recognised], int]
    """How many records it holds, by other means than `read`."""


def named(header: Sequence[str]) -> tuple[str, ...]:
    """Names of columns, stripped; a nameless column is called by its place."""
    names = (name.strip(BLANKS) for name in header)
    return tuple(name or f"column_{place}" for place, name in enumerate(names, start=1))
