"""The first records of a file as columns of cells, its header found wherever it stands."""

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from charset_normalizer import from_bytes

from mediflow_assets.contracts.blanks import BLANKS
from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources import shapes
from mediflow_assets.sources.csv_header import refuse_repeated_names
from mediflow_assets.sources.delivery import Limits
from mediflow_assets.sources.drafting.header_words import concepts
from mediflow_assets.sources.feed_section import DELIMITERS
from mediflow_assets.sources.opening import compression_of, form_of, read_head
from mediflow_assets.sources.source import Candidate
from mediflow_assets.sources.table_format import TableTop, named
from mediflow_assets.sources.table_formats import json_format, typed_format
from mediflow_assets.sources.text_form import NEEDS_NO_WORD

ROWS = 5_000
HEAD = 8 << 20
_TITLES, _SHEETS = 30, 20
_LEAST_WIDTH = 2
_JUDGED = 256 << 10
_ENCODINGS = [
    "cp1251",
    "cp1253",
    "cp949",
    "cp932",
    "gb18030",
    "big5",
    "euc_jp",
]


@dataclass(frozen=True)
class Sample:
    """The header of a file, its first rows, and the keys of a feed that say how it is written."""

    header: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    keys: dict[str, object] = field(default_factory=dict)
    sheet: str | None = None
    other_sheets: Sequence[Sequence[str]] = ()
    """The headers of the sheets that are not taken."""

    def keys_for(self, used: Collection[str]) -> dict[str, object]:
        """The keys of a feed of these headers; its sheet is named where another could be taken for it."""
        are_alike = any(set(used) <= set(header) for header in self.other_sheets)
        # sheets with the very header are read together
        goes_on = self.header in map(tuple, self.other_sheets)
        return self.keys | ({"sheet": self.sheet} if are_alike and not goes_on else {})

    @property
    def known(self) -> int:
        """How many of its headers have a word that means something here."""
        return sum(bool(concepts(name)[0]) for name in self.header)

    @property
    def columns(self) -> list[list[str]]:
        """Its cells, by column."""
        return [[row[place].strip(BLANKS) for row in self.rows] for place in range(len(self.header))]


def sample(path: Path, limits: Limits) -> Sample:
    """The beginning of a file. Raises DeliveryRefused where it has no header."""
    compression = compression_of(path)
    file = Candidate(path, compression, read_head(path, compression, HEAD, limits), limits)
    format_ = typed_format(file) or json_format(file)
    found = list(_of_table(format_.tops(file))) if format_ else list(_of_text(file))
    if not found:
        raise DeliveryRefused(
            "no line is a header: they hold values, or nothing that divides them. Put a line with the names of its "
            "columns above the records."
        )
    best = max(found, key=lambda each: (each.known, len(each.header), len(each.rows)))
    refuse_repeated_names(best.header)
    alike = {each.sheet: each for each in reversed(found) if each.header == best.header and each.sheet}
    rows = [row for sheet in dict.fromkeys(each.sheet for each in found) if sheet in alike for row in alike[sheet].rows]
    others = [each.header for each in found if each.sheet != best.sheet]
    return replace(best, rows=rows[:ROWS] or best.rows, other_sheets=others)


def _of_table(tops: Iterable[TableTop]) -> Iterator[Sample]:
    for top in islice(tops, _TITLES * _SHEETS):
        if _is_header(top.header):
            rows = [row for row in top.rows[:ROWS] if len(row) == len(top.header)]
            yield Sample(named(top.header), rows, sheet=top.sheet)


def _of_text(file: Candidate) -> Iterator[Sample]:
    seen = form_of(file.path, file.compression, file.limits).encoding
    encoding = _encoding_of(file.head) if seen in NEEDS_NO_WORD else seen
    head = read_head(file.path, file.compression, HEAD, file.limits, encoding) if encoding else file.head
    for found in filter(None, (_divided(head.decode(errors="replace"), mark) for mark in DELIMITERS)):
        yield replace(found, keys=found.keys | {"encoding": encoding}) if encoding else found


def _encoding_of(head: bytes) -> str | None:
    """The encoding of a text that is neither UTF-8 nor Windows-1252, by the words in it; None where it is one of them,
    or cannot be told."""
    text = head[:_JUDGED].rpartition(b"\n")[0]
    try:
        text.decode()
    except UnicodeDecodeError:
        best = from_bytes(text, cp_isolation=_ENCODINGS).best()
        return best.encoding.replace("_", "-") if best else None
    return None


def _divided(text: str, delimiter: str) -> Sample | None:
    """The text as a table under a delimiter; None where it is none."""
    rows = _rows(text, delimiter)
    widths = Counter(len(row) for row in rows[: 10 * _TITLES])
    width = max(widths, key=lambda each: (widths[each], each), default=0)
    if width < _LEAST_WIDTH or widths[width] < sum(widths.values()) / 2:
        return None
    for place, row in enumerate(rows[:_TITLES]):
        if len(row) == width and _is_header(row):
            records = [record for record in rows[place + 1 : place + 1 + ROWS] if len(record) == width]
            return Sample(named(row), records, {"delimiter": delimiter})
    return None


def _rows(text: str, delimiter: str) -> list[list[str]]:
    lines = text.split("\n")
    whole = io.StringIO("\n".join(lines[:-1] or lines), newline="")
    rows: list[list[str]] = []
    with suppress(csv.Error):
        rows.extend(islice(csv.reader(whole, delimiter=delimiter), ROWS + _TITLES))
    return rows


def _is_header(row: Sequence[str]) -> bool:
    names = [name.strip(BLANKS) for name in row]
    given = [name for name in names if name]
    return len(given) > 0.6 * len(names) and len(given) > 1 and not any(map(shapes.is_value, given))
