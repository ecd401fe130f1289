"""What a file is, validated by its header or content, never by its name."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from mediflow_assets.contracts.source import CLEARED
from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources.csv_header import beginnings, header_line, header_names, refuse_repeated_names
from mediflow_assets.sources.csv_stream import total_rows
from mediflow_assets.sources.delivery import LINE_LIMIT, Limits, Recognised
from mediflow_assets.sources.feed_section import DELIMITERS
from mediflow_assets.sources.feeds import Feeds
from mediflow_assets.sources.footers import footer_of_rows
from mediflow_assets.sources.names_for_ids import refuse_names_for_ids
from mediflow_assets.sources.opening import compression_of, form_of, read_head
from mediflow_assets.sources.readings import Reading, Top, choose, readings, refusal
from mediflow_assets.sources.refusing import refusing
from mediflow_assets.sources.registry import sources
from mediflow_assets.sources.source import Candidate
from mediflow_assets.sources.table_format import TableFormat, TableTop
from mediflow_assets.sources.table_formats import json_format, typed_format

HEAD = LINE_LIMIT + (64 << 10)
_ROWS_LOOKED_AT = 500


def recognise(path: Path, feeds: Feeds, limits: Limits | None = None) -> Recognised:
    """Which source a file is, and how its columns are named; raises DeliveryRefused where it is none."""
    with refusing():
        return _recognise(path, feeds, limits or Limits())


def _recognise(path: Path, feeds: Feeds, limits: Limits) -> Recognised:
    compression = compression_of(path)
    file = Candidate(path, compression, read_head(path, compression, HEAD, limits), limits)
    if typed := typed_format(file):
        return _by_table(file, feeds, typed)
    try:
        return _by_content(file) or _by_header(file, feeds)
    except DeliveryRefused:
        if (found := json_format(file)) is None:
            raise
    return _by_table(file, feeds, found)


def _by_content(file: Candidate) -> Recognised | None:
    """As the first source that takes it for its own. Raises DeliveryRefused if one does, and finds it broken."""
    refusal = None
    for source in sources().values():
        try:
            if source.recognise and (found := source.recognise(file)):
                return found
        except DeliveryRefused as error:
            refusal = refusal or error
    if refusal:
        raise refusal
    return None


def _by_header(file: Candidate, feeds: Feeds) -> Recognised:
    found = _recognised(file, _read_header(file, feeds), "csv", feeds)
    encoding = form_of(file.path, file.compression, file.limits, found.encoding).encoding
    found = replace(found, encoding=encoding)
    return replace(found, total_rows=total_rows(file.path, found))


def _by_table(file: Candidate, feeds: Feeds, table: TableFormat) -> Recognised:
    """The first place of a typed table where a header stands; one in a sheet that a feed names goes first."""
    seen: list[Reading] = []
    chosen: list[tuple[Reading, TableTop]] = []
    for at in table.tops(file):
        ways = list(readings(at.header, "", feeds, Top(at.title_rows, _head_of(at), sheet=at.sheet)))
        seen += ways
        if reading := choose(ways):
            chosen.append((reading, at))
    if not chosen:
        raise refusal(seen)
    reading, at = next((each for each in chosen if each[0].feed and each[0].feed.sheet), chosen[0])
    alike = _alike(reading, at, chosen)
    return replace(
        _recognised(file, reading, table.name, feeds),
        total_rows=sum(footer_of_rows(each.last, reading.columns).rows for each in (at, *alike)),
        more_sheets=tuple((each.sheet or "", each.title_rows) for each in alike),
    )


def _alike(reading: Reading, at: TableTop, chosen: list[tuple[Reading, TableTop]]) -> list[TableTop]:
    """The further sheets that go on with a table, as one for each year or ward does; a feed may name a single one."""
    if at.sheet is None or (reading.feed and reading.feed.sheet):
        return []
    found: dict[str | None, TableTop] = {}
    for other, top in chosen:
        if top.sheet != at.sheet and (top.header, other.form, other.feed) == (at.header, reading.form, reading.feed):
            found.setdefault(top.sheet, top)
    return [*found.values()]


def _head_of(table: TableTop) -> bytes:
    """The first rows as CSV, for those who look at values."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([table.header, *islice(table.rows, _ROWS_LOOKED_AT)])
    return text.getvalue().encode()


def _recognised(file: Candidate, reading: Reading, form: str, feeds: Feeds) -> Recognised:
    """A file by the reading that was chosen. Raises DeliveryRefused where its values say otherwise."""
    refuse_repeated_names(reading.header)
    if not reading.feed and (near := feeds.nearly(reading.header)):
        lacks = ", ".join(near.lacking(reading.header))
        said = f"looks like feed '{near.name}' of sources.toml, but lacks its columns: {lacks}."
        raise DeliveryRefused(f"{said} Write there what they are called now, or take them out.")
    delimiter = reading.delimiter or ","
    if reading.form.refuse_lookalike:
        reading.form.refuse_lookalike(reading.top.head, reading.columns, delimiter)
    mapped = reading.feed.mapped if reading.feed else frozenset()
    used = {place for each in reading.composed for place in each.places}
    places = enumerate(zip(reading.header, reading.columns, strict=True))
    refuse_names_for_ids(reading.top.head, reading.columns, delimiter, reading.form, mapped)
    return Recognised(
        source=reading.form.source,
        form=form,
        feed=reading.feed.name if reading.feed else None,
        compression=file.compression,
        delimiter=reading.delimiter,
        columns=reading.columns,
        header=reading.header,
        composed=reading.composed,
        clears=bool(reading.feed and reading.feed.empty_means == CLEARED),
        unknown_columns=tuple(name for place, (name, column) in places if column is None and place not in used),
        missing_columns=tuple(column for column in reading.form.columns if column not in reading.filled),
        limits=file.limits,
        encoding=reading.top.encoding,
        title_lines=reading.top.title_lines,
        sheet=reading.top.sheet,
    )


def _read_header(file: Candidate, feeds: Feeds) -> Reading:
    """The first line that makes a header; where a feed says how many lines stand above it, that line goes first."""
    seen: list[Reading] = []
    broken = None
    for encoding, head in _heads(file, feeds):
        own = replace(feeds, feeds=tuple(feed for feed in feeds.feeds if feed.encoding == encoding))
        said = {feed.skip_lines for feed in own.feeds}
        for place, beginning in sorted(beginnings(head), key=lambda at: at[0] not in said):
            try:
                line = header_line(beginning)
            except DeliveryRefused as error:
                broken = broken or (None if place else error)
                continue
            ways = _of_line(line, own, Top(place, beginning, encoding))
            found = [each for each in ways if (each.feed.encoding if each.feed else None) == encoding]
            if chosen := choose(found):
                return chosen
            seen += found
    raise broken if broken and not any(reading.is_near for reading in seen) else refusal(seen)


def _of_line(line: str, feeds: Feeds, top: Top) -> Iterator[Reading]:
    for delimiter in DELIMITERS:
        if header := header_names(line, delimiter):
            yield from readings(header, delimiter, feeds, top)


def _heads(file: Candidate, feeds: Feeds) -> Iterator[tuple[str | None, bytes]]:
    """A file's beginning in each encoding that a feed names, and in the one that it seems to be written in."""
    for encoding in sorted({feed.encoding for feed in feeds.feeds if feed.encoding}):
        yield encoding, read_head(file.path, file.compression, HEAD, file.limits, encoding)
    yield None, file.head
