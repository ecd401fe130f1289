"""A feed's own date forms, decimal comma and code values, as `sources.toml` gives them, applied to Bronze text."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from pyspark.sql import Column
from pyspark.sql import functions as F

from mediflow_assets.contracts.bronze import NAMESPACES, differ_by_case
from mediflow_assets.transforms import identifiers, parsing
from mediflow_assets.transforms.identifiers import Spelling


class Feed(Protocol):
    """How one feed writes its values."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def date_formats(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def decimal_comma(self) -> bool: ...  # noqa: D102
    @property
    def values(self) -> Mapping[str, Mapping[str, str]]: ...  # noqa: D102
    @property
    def namespace(self) -> str | None: ...  # noqa: D102


class FeedReader:
    """Reads columns of `bronze/admissions`, given as texts, each row by the forms of the feed in its `_feed`."""

    def __init__(self, feeds: Iterable[Feed] = (), namespaces: Mapping[str, str] = NAMESPACES) -> None:
        self.feeds = tuple(feeds)
        self.namespaces = namespaces
        """By source system, where no feed says otherwise."""

    def namespace(self, system: str) -> Column:
        """Whose the ids of a record are."""
        found = F.lit(self.namespaces[system])
        for feed in self._with(lambda feed: bool(feed.namespace)):
            found = F.when(F.col("_feed") == feed.name, F.lit(feed.namespace)).otherwise(found)
        return found

    def spelling(self, system: str) -> Spelling:
        """How the ids of a system become one spelling each: those of FHIR differ by case, record numbers do not."""
        return identifiers.unchanged if differ_by_case(system, self.namespaces[system]) else identifiers.upper

    def text(self, name: str) -> Column:
        """The column with the feed's code values replaced by ours."""
        column = F.col(name)
        replaced = column
        for feed in self._with(lambda feed: bool(feed.values.get(name))):
            for theirs, ours in feed.values[name].items():
                is_theirs = (F.col("_feed") == feed.name) & (column == theirs)
                replaced = F.when(is_theirs, F.lit(ours)).otherwise(replaced)
        return replaced

    def timestamp(self, name: str) -> Column:
        """The column as a timestamp: ISO 8601, else one of the feed's forms."""
        read = parsing.timestamp(F.col(name))
        for feed in self._with(lambda feed: bool(feed.date_formats)):
            theirs = F.when(F.col("_feed") == feed.name, parsing.in_forms(F.col(name), list(feed.date_formats)))
            read = F.coalesce(theirs, read)
        return read

    def date(self, name: str) -> Column:
        """The column as a date."""
        if not self._with(lambda feed: bool(feed.date_formats)):
            return parsing.date(F.col(name))
        return self.timestamp(name).cast("date")

    def money(self, name: str) -> Column:
        """The column as an amount; `1.234,50` where the feed writes a decimal comma."""
        raw = F.col(name)
        for feed in self._with(lambda feed: feed.decimal_comma):
            turned = F.translate(F.replace(F.col(name), F.lit("."), F.lit("")), ",", ".")
            raw = F.when(F.col("_feed") == feed.name, turned).otherwise(raw)
        return parsing.money(raw)

    def _with(self, has: Callable[[Feed], bool]) -> list[Feed]:
        return [feed for feed in self.feeds if has(feed)]
