"""Local time and instants: a time without an offset is local, a day is a local one, an instant is UTC.

An hour that does not exist, as clocks go forward, is moved forward by as much; an hour that is there twice, as they go
back, is the first one, unless what it ends had begun by then. Both as Python's `zoneinfo` reads them with `fold=0`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pyspark.sql import Column
from pyspark.sql import functions as F

UTC = "UTC"
_OFFSET = r":[0-9.]+(Z|[+-][0-9]{2}:?[0-9]{2})\z"
_OWN_OFFSET = r":[0-9.]+[+-][0-9]{2}:?[0-9]{2}\z"
"""An offset that says where a time was written down; `Z` says nothing of that."""
_BEYOND = "INTERVAL 3 HOURS"
"""From any place in an hour that is there twice, past the change of the clocks."""


def has_offset(text: Column) -> Column:
    """Whether an ISO 8601 time says how far it is from UTC."""
    return text.rlike(_OFFSET)


@dataclass(frozen=True)
class Zones:
    """The time zone of each row: its feed's, else `default`, else none, which counts as UTC."""

    default: str | None = None
    of_feed: Mapping[str, str] = field(default_factory=dict)

    @property
    def are_utc(self) -> bool:
        """Whether every row is in UTC, so that there is nothing to compute."""
        return {self.default or UTC, *self.of_feed.values()} == {UTC}

    def instant(self, local: Column) -> Column:
        """The instant of a local time, which stands in a timestamp as if it were UTC."""
        return local if self.are_utc else self._by_row(local, F.to_utc_timestamp)

    def local(self, instant: Column) -> Column:
        """The local time of an instant, in a timestamp as if it were UTC."""
        return instant if self.are_utc else self._by_row(instant, F.from_utc_timestamp)

    def day(self, instant: Column, text: Column | None = None) -> Column:
        """The local day of an instant. Where no zone is set, a `text` with an offset of its own tells its day."""
        day = F.to_date(self.local(instant))
        if text is None or self.default:
            return day
        tells = text.rlike(_OWN_OFFSET)
        if self.of_feed:
            tells &= ~F.coalesce(F.col("_feed").isin([*self.of_feed]), F.lit(False))
        written = F.when(tells, F.substring(text, 1, 10).try_cast("date"))
        return F.when(instant.isNotNull(), F.coalesce(written, day))

    def not_before(self, start: Column, end: Column, text: Column) -> Column:
        """The end, in the second of two like hours where it would lie before the start in the first."""
        if self.are_utc:
            return end
        local, beyond = self.local(end), F.expr(_BEYOND)
        second = self.instant(local + beyond) - beyond
        is_twice = (self.local(second) == local) & (second > end) & ~has_offset(text)
        return F.when((end < start) & is_twice, second).otherwise(end)

    def _by_row(self, time: Column, shifted: Callable[[Column, str], Column]) -> Column:
        chain = shifted(time, self.default or UTC)
        for feed, zone in self.of_feed.items():
            chain = F.when(F.col("_feed") == feed, shifted(time, zone)).otherwise(chain)
        return chain
