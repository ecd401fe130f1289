"""How many records come: a delivery much smaller or larger than those before it, and months without any, are doubted.

A warning only: hospitals close wards, and exports are set up anew.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from statistics import median
from typing import Any

import polars as pl
import pyarrow.compute as pc

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.contracts.table import Severity
from mediflow_assets.pipeline.checks import DELIVERY_VOLUME, CheckResult
from mediflow_assets.storage.delta import Lake

FEWEST_BEFORE, MOST_BEFORE = 3, 12
"""Deliveries of the same feed: of fewer nothing is usual, and older ones say little."""
TOLERATED = Fraction(1, 3)
USUAL_IN_A_MONTH = 30
"""Encounters: where fewer are usual, a month may well have none."""
_MONTHS_BEFORE = 6
_LEDGER = ["delivery_id", "source", "feed", "records", "received_at"]


@dataclass(frozen=True)
class Doubt:
    """A delivery, or a month of a source system, and how many records there are where so many are usual."""

    what: str
    records: int
    usual: int


def of_deliveries(ledger: Iterable[dict[str, Any]], among: Collection[str]) -> list[Doubt]:
    """Those of some deliveries that differ by more than a third from the median of those before them."""
    by_feed: dict[tuple[str, str | None], list[dict[str, Any]]] = {}
    for row in sorted(ledger, key=lambda each: each["received_at"]):
        by_feed.setdefault((row["source"], row["feed"]), []).append(row)
    found = []
    for rows in by_feed.values():
        for place, row in enumerate(rows):
            before = [each["records"] for each in rows[max(0, place - MOST_BEFORE) : place]]
            if row["delivery_id"] not in among or len(before) < FEWEST_BEFORE:
                continue
            usual = median(before)
            if abs(row["records"] - usual) > usual * TOLERATED:
                found.append(Doubt(f"{row['source']} {row['delivery_id'][:12]}", row["records"], int(usual)))
    return found


def months_without(counts: dict[tuple[str, dt.date], int]) -> list[Doubt]:
    """Months of a system without an encounter, between its first and its last, where many are usual in those before."""
    found = []
    for system in sorted({system for system, _ in counts}):
        months = sorted(month for of, month in counts if of == system)
        month = months[0]
        before: list[int] = []
        while month <= months[-1]:
            count = counts.get((system, month), 0)
            usual = int(median(before[-_MONTHS_BEFORE:])) if before else 0
            if not count and usual >= USUAL_IN_A_MONTH:
                found.append(Doubt(f"{system} {month:%Y-%m}", 0, usual))
            before.append(count)
            month = (month + dt.timedelta(days=31)).replace(day=1)
    return found


def doubts(lake: Lake, deliveries: Collection[str]) -> list[Doubt]:
    """What is doubted of some deliveries, and of the months of all encounters."""
    rows = lake.read(bronze.DELIVERIES, _LEDGER).to_pylist()
    return [*of_deliveries(rows, deliveries), *months_without(_by_month(lake))]


def check(lake: Lake, deliveries: Collection[str], like: CheckResult) -> CheckResult:
    """How many doubts there are."""
    failing = len(doubts(lake, deliveries))
    return replace(like, name=DELIVERY_VOLUME, severity=Severity.WARN, passed=not failing, failing=failing)


def _by_month(lake: Lake) -> dict[tuple[str, dt.date], int]:
    is_given = pc.field("admitted_on").is_valid()
    rows = pl.DataFrame(pl.from_arrow(lake.read(silver.ENCOUNTERS, ["source_system", "admitted_on"], is_given)))
    months = rows.group_by("source_system", pl.col("admitted_on").dt.truncate("1mo").alias("month")).len()
    return {(system, month): count for system, month, count in months.rows()}
