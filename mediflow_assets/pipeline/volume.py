"""How many records come: a delivery much smaller or larger than those before it, and months without any, are doubted.

A warning only: hospitals close wards, and exports are set up anew.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from statistics import median
from typing import Any

import polars as pl
import pyarrow.compute as pc

from mediflow_assets.contracts import bronze, fhir, silver
from mediflow_assets.contracts.table import Severity
from mediflow_assets.pipeline.checks import DELIVERY_VOLUME, CheckResult
from mediflow_assets.storage.delta import Lake

FEWEST_BEFORE, MOST_BEFORE = 3, 12
"""Deliveries of the same feed: of fewer nothing is usual, and older ones say little."""
TOLERATED = Fraction(1, 3)
USUAL_IN_A_MONTH = 30
"""Encounters: where fewer are usual, a month may well have none."""
_MONTHS_BEFORE = 6
_LEDGER = ["delivery_id", "source", "feed", "file_name", "records", "received_at"]


@dataclass(frozen=True)
class Doubt:
    """A delivery, or a month of a feed (of a system where it has none): its records, and how many are usual."""

    what: str
    records: int
    usual: int


def of_deliveries(ledger: Iterable[dict[str, Any]], among: Collection[str]) -> list[Doubt]:
    """Those of some deliveries that differ by more than a third from the median of those before them."""
    alike: dict[tuple[str, str | None], list[dict[str, Any]]] = {}
    for row in sorted(ledger, key=lambda each: each["received_at"]):
        alike.setdefault((row["source"], row["feed"] or _named(row)), []).append(row)
    found = []
    for rows in alike.values():
        for place, row in enumerate(rows):
            before = [each["records"] for each in rows[max(0, place - MOST_BEFORE) : place]]
            if row["delivery_id"] not in among or len(before) < FEWEST_BEFORE:
                continue
            usual = median(before)
            if abs(row["records"] - usual) > usual * TOLERATED:
                found.append(Doubt(f"{row['source']} {row['delivery_id'][:12]}", row["records"], int(usual)))
    return found


def _named(row: dict[str, Any]) -> str | None:
    """What the file is called up to its first digit or mark, where a source has files of several kinds: an export has
    one or more for each kind, and those of patients are fewer than those of observations."""
    if bronze.SOURCES[row["source"]].kind is None or row["file_name"] is None:
        return None
    return re.match(r"[^\W\d_]*", row["file_name"])[0].lower()  # type: ignore[index]


@dataclass(frozen=True)
class Months:
    """How many encounters each feed has in each month, and up to where that was known before."""

    counts: Mapping[tuple[str, dt.date], int]
    seen: Mapping[str, dt.date] = field(default_factory=dict)
    """By feed the last month of which older deliveries tell."""
    regular: Collection[str] = ()
    """Feeds of several deliveries: such a one is held against the others, when it tells of no more months."""

    def without(self) -> list[Doubt]:
        """Months without an encounter where many are usual in those before, up to the feed's last; and the first that
        a regular feed does not tell of while another is beyond it. Each once: when something is delivered past it."""
        return [doubt for feed in sorted({feed for feed, _ in self.counts}) for doubt in self._without(feed)]

    def _without(self, feed: str) -> Iterator[Doubt]:
        months = sorted(month for of, month in self.counts if of == feed)
        month, last, newest = months[0], months[-1], self._newest(feed)
        before: list[int] = []
        while month <= last or (month == _after(last) and month < newest):
            count = self.counts.get((feed, month), 0)
            usual = int(median(before[-_MONTHS_BEFORE:])) if before else 0
            if not count and usual >= USUAL_IN_A_MONTH and self._is_new(feed, month, last):
                yield Doubt(f"{feed} {month:%Y-%m}", 0, usual)
            before.append(count)
            month = _after(month)

    def _newest(self, feed: str) -> dt.date:
        regular = (month for of, month in self.counts if of in self.regular)
        return max(regular) if feed in self.regular else dt.date.min

    def _is_new(self, feed: str, month: dt.date, last: dt.date) -> bool:
        if (seen := self.seen.get(feed)) is None:
            return True
        was_newest = max(known for of, known in self.seen.items() if of in (feed, *self.regular))
        return month > seen and (month < last or month >= was_newest)


def _after(month: dt.date) -> dt.date:
    return (month + dt.timedelta(days=31)).replace(day=1)


def doubts(lake: Lake, deliveries: Collection[str]) -> list[Doubt]:
    """What is doubted of some deliveries, and of the months that lie before what they tell."""
    rows = lake.read(bronze.DELIVERIES, _LEDGER).to_pylist()
    alone = _of_one_patient(lake, [row for row in rows if row["delivery_id"] in deliveries])
    compared = set(deliveries) - alone
    return [*of_deliveries(rows, compared), *_months(lake, rows, deliveries).without()]


def _of_one_patient(lake: Lake, ledger: Iterable[dict[str, Any]]) -> set[str]:
    """Deliveries of FHIR that tell all of one patient, as exports are that make a Bundle for each: how many records one
    has says nothing of the next."""
    whole = [row["delivery_id"] for row in ledger if row["source"] == fhir.SOURCE.name and row["records"] > 1]
    if not whole:
        return set()
    is_patient = (pc.field("resource_type") == "Patient") & pc.field("_delivery_id").isin(whole)
    patients = lake.read(fhir.FHIR_RESOURCES, ["_delivery_id"], is_patient).column(0).to_pylist()
    return {delivery for delivery, count in Counter(patients).items() if count == 1}


def check(lake: Lake, deliveries: Collection[str], like: CheckResult) -> CheckResult:
    """How many doubts there are."""
    failing = len(doubts(lake, deliveries))
    return replace(like, name=DELIVERY_VOLUME, severity=Severity.WARN, passed=not failing, failing=failing)


def _months(lake: Lake, ledger: Collection[dict[str, Any]], deliveries: Collection[str]) -> Months:
    feeds = {row["delivery_id"]: row["feed"] for row in ledger if row["feed"]}
    columns, is_given = ["source_system", "_delivery_id", "admitted_on"], pc.field("admitted_on").is_valid()
    rows = pl.DataFrame(pl.from_arrow(lake.read(silver.ENCOUNTERS, columns, is_given)))
    # by days first: to tell the month of each row takes longer than to count it
    days = rows.group_by(*columns).len()
    months = days.group_by(*columns[:2], pl.col("admitted_on").dt.truncate("1mo").alias("month")).agg(pl.sum("len"))
    counts: Counter[tuple[str, dt.date]] = Counter()
    seen: dict[str, dt.date] = {}
    for system, delivery, month, count in months.rows():
        feed = feeds.get(delivery, system)
        counts[feed, month] += count
        if delivery not in deliveries:
            seen[feed] = max(month, seen.get(feed, month))
    times = Counter(feeds.values())
    return Months(counts, seen, [feed for feed, number in times.items() if number > FEWEST_BEFORE])
