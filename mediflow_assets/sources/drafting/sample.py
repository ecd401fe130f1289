"""The first records of a file as columns of cells, its header found wherever it stands."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mediflow_assets.contracts.blanks import BLANKS
from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources import shapes
from mediflow_assets.sources.csv_header import refuse_repeated_names
from mediflow_assets.sources.delivery import Limits
from mediflow_assets.sources.feed_section import DELIMITERS
from mediflow_assets.sources.opening import compression_of, read_head
from mediflow_assets.sources.source import Candidate
from mediflow_assets.sources.table_format import TableTop
from mediflow_assets.sources.table_formats import json_format, typed_format

ROWS = 5_000
HEAD = 8 << 20
_TITLES = 30
_LEAST_WIDTH = 2


@dataclass(frozen=True)
class Sample:
    """The header of a file, its first rows, and the keys of a feed that say how it is written."""

    header: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    keys: dict[str, object] = field(default_factory=dict)

    @property
    def columns(self) -> list[list[str]]:
        """Its cells, by column."""
        return [[row[place].strip(BLANKS) for row in self.rows] for place in range(len(self.header))]


def sample(path: Path, limits: Limits) -> Sample:
    """The beginning of a file. Raises DeliveryRefused where it has no header."""
    compression = compression_of(path)
    head = read_head(path, compression, HEAD, limits)
    file = Candidate(path, compression, head, limits)
    if table := typed_format(file) or json_format(file):
        return _of_table(table.tops(file))
    text = head.decode(errors="replace")
    found = [each for mark in DELIMITERS if (each := _divided(text, mark))]
    if not found:
        raise DeliveryRefused("no line is a header: they hold values, or nothing that divides them.")
    best = max(found, key=lambda each: (len(each.header), len(each.rows)))
    refuse_repeated_names(best.header)
    return best


def _of_table(tops: Iterator[TableTop]) -> Sample:
    """The widest header of a typed table, wherever it stands."""
    found = [(at, len(rows)) for at in tops if (rows := at.rows[:ROWS]) and _is_header(at.header)]
    if not found:
        raise DeliveryRefused("no row is a header with records below it.")
    at, _ = max(found, key=lambda each: (_given(each[0]), each[1]))
    refuse_repeated_names(at.header)
    keys: dict[str, object] = {"sheet": at.sheet} if at.sheet else {}
    return Sample(at.header, [list(row) for row in at.rows[:ROWS]], keys)


def _given(at: TableTop) -> int:
    return sum(not name.startswith("column_") for name in at.header)


def _divided(text: str, delimiter: str) -> Sample | None:
    """The text as a table under a delimiter; None where it is none."""
    rows = _rows(text, delimiter)
    widths = Counter(len(row) for row in rows[: 10 * _TITLES])
    width = max(widths, key=lambda each: (widths[each], each), default=0)
    if width < _LEAST_WIDTH or widths[width] < sum(widths.values()) / 2:
        return None
    for place, row in enumerate(rows[:_TITLES]):
        if len(row) == width and _is_header(row):
            keys: dict[str, object] = {"delimiter": delimiter}
            if lines := sum(1 + "".join(above).count("\n") for above in rows[:place]):
                keys["skip_lines"] = lines
            records = [record for record in rows[place + 1 : place + 1 + ROWS] if len(record) == width]
            return Sample(named(row), records, keys)
    return None


def _rows(text: str, delimiter: str) -> list[list[str]]:
    lines = text.split("\n")
    whole = io.StringIO("\n".join(lines[:-1] or lines), newline="")
    rows: list[list[str]] = []
    try:
        for row in _limited(csv.reader(whole, delimiter=delimiter)):
            rows.append(row)
    except csv.Error:
        pass
    return rows


def _limited(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    for _, row in zip(range(ROWS + _TITLES), rows, strict=False):
        yield row


def _is_header(row: Sequence[str]) -> bool:
    names = [name.strip(BLANKS) for name in row]
    given = [name for name in names if name]
    return len(given) > 0.6 * len(names) and len(given) > 1 and not any(map(shapes.is_value, given))


def named(row: Sequence[str]) -> tuple[str, ...]:
    """A header's names; one without a name is called by its place."""
    return tuple(name.strip(BLANKS) or f"column_{place}" for place, name in enumerate(row, start=1))
