"""The ways to read a header: as each form, by each feed that fits; and the one of them that is taken."""

from collections.abc import Iterator
from dataclasses import dataclass

from mediflow_assets.errors import DeliveryNotRead, DeliveryRefused
from mediflow_assets.sources import known_unread
from mediflow_assets.sources.columns import composed_columns, name_columns
from mediflow_assets.sources.delivery import Composed
from mediflow_assets.sources.feed import Feed
from mediflow_assets.sources.feeds import Feeds
from mediflow_assets.sources.forms import Form
from mediflow_assets.sources.registry import sources

SEE = "'mediflow sources list' shows what is accepted, 'mediflow sources suggest FILE' drafts a mapping."
FEWEST_BELOW_TITLES = 3
"""Columns of a header that does not stand in the first line."""

FEWEST_OF_NEAR = 4
"""Known columns of a file that is meant for a form of which it lacks most of the few that are required."""


@dataclass(frozen=True)
class Top:
    """Where a header stands, and in which encoding it was read, if in one that was named."""

    title_lines: int = 0
    head: bytes = b""
    """The file's beginning, from the header on."""
    encoding: str | None = None
    sheet: str | None = None
    """Of a workbook."""


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
        is_mostly_there = len(self.missing) * 2 < len(self.form.required) or self.known >= FEWEST_OF_NEAR
        return is_distinct and not is_other_table and is_mostly_there


def readings(header: tuple[str, ...], delimiter: str, feeds: Feeds, top: Top) -> Iterator[Reading]:
    """All ways to read a header; no delimiter means a typed table."""
    if top.title_lines and len(header) < FEWEST_BELOW_TITLES:
        return
    for feed in feeds.fitting(header, delimiter):
        if feed.skip_lines in (None, top.title_lines) and feed.sheet in (None, top.sheet):
            columns = name_columns(header, feed.form, feed)
            yield Reading(feed.form, delimiter, header, columns, feed, composed_columns(header, feed), top)
    for form in (source.form for source in sources().values() if source.form):
        yield Reading(form, delimiter, header, name_columns(header, form, None), top=top)


def choose(readings: list[Reading]) -> Reading | None:
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


def refusal(readings: list[Reading]) -> DeliveryRefused:
    """Why none of the ways will do."""
    unread = next(filter(None, (known_unread.table_of(reading.header) for reading in readings)), None)
    if unread and not any(reading.feed for reading in readings):
        return DeliveryNotRead(f"is {unread}.csv of Synthea, of which MediFlow uses nothing.")
    near = max((r for r in readings if r.is_near or r.feed), key=lambda r: r.known, default=None)
    if near is None:
        seen = max((len(reading.header) for reading in readings), default=0)
        return DeliveryRefused(f"no header of any known source (columns seen: {seen}). {SEE}")
    name = f"feed '{near.feed.name}'" if near.feed else near.form.source
    return DeliveryRefused(f"looks like {name}, but lacks required columns: {', '.join(near.missing)}. {SEE}")
