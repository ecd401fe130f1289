"""What a file is, validated by its header or content, never by its name."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources.columns import composed_columns, name_columns
from mediflow_assets.sources.csv_header import beginnings, header_line, header_names, refuse_repeated_names
from mediflow_assets.sources.csv_stream import total_rows
from mediflow_assets.sources.delivery import LINE_LIMIT, Composed, Limits, Recognised
from mediflow_assets.sources.feed import Feed
from mediflow_assets.sources.feed_section import DELIMITERS
from mediflow_assets.sources.feeds import Feeds
from mediflow_assets.sources.forms import Form
from mediflow_assets.sources.names_for_ids import refuse_names_for_ids
from mediflow_assets.sources.opening import compression_of, form_of, read_head
from mediflow_assets.sources.registry import sources
from mediflow_assets.sources.source import Candidate

HEAD = LINE_LIMIT + (64 << 10)
FEWEST_BELOW_TITLES = 3
"""Columns of a header that does not stand in the first line."""
SEE = "'mediflow sources list' shows what is accepted, 'mediflow sources suggest FILE' drafts a mapping."


@dataclass(frozen=True)
class Top:
    """Where a header stands, and in which encoding it was read, if in one that was named."""

    title_lines: int = 0
    head: bytes = b""
    """The file's beginning, from the header on."""
    encoding: str | None = None


@dataclass(frozen=True)
class Reading:
    """One way to read a header: as a form, under a delimiter, perhaps with a feed."""

    form: Form
    delimiter: str
    header: tuple[str, ...]
    columns: tuple[str | None, ...]
    feed: Feed | None = None
    composed: tuple[Composed, ...] = ()
    top: Top = Top()

    @property
    def filled(self) -> frozenset[str | None]:
        """The Bronze columns that the file fills."""
        return frozenset((*self.columns, *(each.column for each in self.composed)))

    @property
    def known(self) -> int:
        """How many columns of Bronze the file fills."""
        return len(self.filled - {None})

    @property
    def missing(self) -> tuple[str, ...]:
        """The required columns that the header does not name."""
        return tuple(column for column in self.form.required if column not in self.filled)

    @property
    def is_complete(self) -> bool:
        """Whether the file can be landed as this form."""
        return not self.missing and not (self.form.is_closed and None in self.columns)

    @property
    def is_near(self) -> bool:
        """Whether the form was meant, though columns are missing."""
        is_distinct = self.filled.issuperset(self.form.distinctive)
        is_other_table = self.form.is_closed and None in self.columns
        return is_distinct and not is_other_table and len(self.missing) * 2 < len(self.form.required)


def recognise(path: Path, feeds: Feeds, limits: Limits | None = None) -> Recognised:
    """Which source a file is, and how its columns are named; raises DeliveryRefused where it is none."""
    limits = limits or Limits()
    compression = compression_of(path)
    file = Candidate(path, compression, read_head(path, compression, HEAD, limits), limits)
    return _by_content(file) or _by_header(file, feeds)


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
    reading = _read_header(file, feeds)
    refuse_repeated_names(reading.header)
    if reading.form.refuse_lookalike:
        reading.form.refuse_lookalike(reading.top.head, reading.columns, reading.delimiter)
    mapped = reading.feed.mapped if reading.feed else frozenset()
    used = {place for each in reading.composed for place in each.places}
    places = enumerate(zip(reading.header, reading.columns, strict=True))
    refuse_names_for_ids(reading.top.head, reading.columns, reading.delimiter, reading.form, mapped)
    found = Recognised(
        source=reading.form.source,
        form="csv",
        feed=reading.feed.name if reading.feed else None,
        compression=file.compression,
        delimiter=reading.delimiter,
        columns=reading.columns,
        header=reading.header,
        composed=reading.composed,
        unknown_columns=tuple(name for place, (name, column) in places if column is None and place not in used),
        missing_columns=tuple(column for column in reading.form.columns if column not in reading.filled),
        limits=file.limits,
        encoding=form_of(file.path, file.compression, file.limits, reading.top.encoding).encoding,
        title_lines=reading.top.title_lines,
    )
    return replace(found, total_rows=total_rows(file.path, found))


def _read_header(file: Candidate, feeds: Feeds) -> Reading:
    """The first line that makes a header; where a feed says how many lines stand above it, that line goes first."""
    readings: list[Reading] = []
    refusal = None
    for encoding, head in _heads(file, feeds):
        own = replace(feeds, feeds=tuple(feed for feed in feeds.feeds if feed.encoding == encoding))
        said = {feed.skip_lines for feed in own.feeds}
        for place, beginning in sorted(beginnings(head), key=lambda at: at[0] not in said):
            try:
                line = header_line(beginning)
            except DeliveryRefused as error:
                refusal = refusal or (None if place else error)
                continue
            at = Top(place, beginning, encoding)
            found = [reading for reading in _readings(line, own, at) if reading.feed or encoding is None]
            if chosen := _choose(found):
                return chosen
            readings += found
    raise refusal if refusal and not any(reading.is_near for reading in readings) else _refusal(readings)


def _heads(file: Candidate, feeds: Feeds) -> Iterator[tuple[str | None, bytes]]:
    """A file's beginning in each encoding that a feed names, and in the one that it seems to be written in."""
    for encoding in sorted({feed.encoding for feed in feeds.feeds if feed.encoding}):
        yield encoding, read_head(file.path, file.compression, HEAD, file.limits, encoding)
    yield None, file.head


def _readings(line: str, feeds: Feeds, top: Top) -> Iterator[Reading]:
    for delimiter in DELIMITERS:
        header = header_names(line, delimiter)
        if header is None or (top.title_lines and len(header) < FEWEST_BELOW_TITLES):
            continue
        for feed in feeds.fitting(header, delimiter):
            if feed.skip_lines in (None, top.title_lines):
                columns = name_columns(header, feed.form, feed)
                yield Reading(feed.form, delimiter, header, columns, feed, composed_columns(header, feed), top)
        for form in (source.form for source in sources().values() if source.form):
            yield Reading(form, delimiter, header, name_columns(header, form, None), top=top)


def _choose(readings: list[Reading]) -> Reading | None:
    """The reading that names most columns; one by a feed goes before all others. None where none is whole."""
    fed = [reading for reading in readings if reading.feed]
    complete = [r for r in fed if r.is_complete] or [r for r in readings if r.is_complete]
    if not complete:
        return None
    best = max(complete, key=lambda reading: reading.known)
    rivals = {r.feed.name for r in complete if r.feed and r.known == best.known}
    if len(rivals) > 1:
        raise DeliveryRefused(
            f"the feeds {', '.join(sorted(rivals))} of sources.toml fit equally. Lengthen one 'match'."
        )
    return best


def _refusal(readings: list[Reading]) -> DeliveryRefused:
    near = max((r for r in readings if r.is_near or r.feed), key=lambda r: r.known, default=None)
    if near is None:
        seen = max((len(reading.header) for reading in readings), default=0)
        return DeliveryRefused(f"no header of any known source (columns seen: {seen}). {SEE}")
    name = f"feed '{near.feed.name}'" if near.feed else near.form.source
    return DeliveryRefused(f"looks like {name}, but lacks required columns: {', '.join(near.missing)}. {SEE}")
