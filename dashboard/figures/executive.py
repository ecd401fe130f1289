"""Executive summary: a year's encounters, patients, cost, readmissions and anomalies beside the year before.

Sums add up only the month cells that are shown; people, readmissions and anomalies are counted from masked rows of
the whole year. A count of 1 to 10 people is None.
"""

from dataclasses import dataclass
from functools import lru_cache

import polars as pl

from dashboard.cells import is_small
from dashboard.lake import Snapshot

ALL = "all"


@dataclass(frozen=True)
class Chosen:
    """What is looked at: one year (None: all years), one department or all, one class or all."""

    year: int | None = None
    department: str = ALL
    encounter_class: str = ALL

    def keeps(self, year: pl.Expr, *, has_class: bool = True) -> pl.Expr:
        """Whether a row belongs to what is looked at, `year` being its year."""
        kept = pl.lit(True) if self.year is None else year == self.year
        if self.department != ALL:
            kept &= pl.col("department") == self.department
        if has_class and self.encounter_class != ALL:
            kept &= pl.col("encounter_class") == self.encounter_class
        return kept


@dataclass(frozen=True)
class Options:
    """What the filters offer, as the tables hold it."""

    years: tuple[int, ...]
    departments: tuple[str, ...]
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Activity:
    """Sums over the month cells that are shown. `hidden` cells of `cells` are not in them."""

    encounters: int | None
    cost_usd: float | None
    average_cost_usd: float | None
    cells: int
    hidden: int


@dataclass(frozen=True)
class Rate:
    """A share with its denominator; `share` is None where either side is too small to be shown."""

    part: int | None
    whole: int | None
    share: float | None


@lru_cache(maxsize=8)
def options(activity: Snapshot) -> Options:
    """The years, departments and classes there are, years newest first."""
    found = activity.collect(activity.scan("month", "department", "encounter_class"))
    years = sorted(found["month"].dt.year().unique().to_list(), reverse=True)
    departments, classes = (sorted(found[name].unique().to_list()) for name in ("department", "encounter_class"))
    return Options(tuple(years), tuple(departments), tuple(classes))


@lru_cache(maxsize=256)
def activity_of(activity: Snapshot, chosen: Chosen) -> Activity:
    """Encounters and cost of the chosen cells."""
    kept = activity.scan("month", "department", "encounter_class", "encounters", "cost_usd", "is_suppressed").filter(
        chosen.keeps(pl.col("month").dt.year())
    )
    found = activity.collect(
        kept.select(
            cells=pl.len(),
            hidden=pl.col("is_suppressed").sum(),
            encounters=pl.col("encounters").sum(),
            cost=pl.col("cost_usd").cast(pl.Float64).sum(),
        )
    ).row(0, named=True)
    is_shown = found["cells"] > found["hidden"]
    encounters = found["encounters"] if is_shown else None
    return Activity(
        encounters,
        found["cost"] if is_shown else None,
        found["cost"] / encounters if encounters else None,
        found["cells"],
        found["hidden"] or 0,
    )


@lru_cache(maxsize=256)
def patients_of(encounters: Snapshot, chosen: Chosen) -> int | None:
    """Distinct people with an encounter that was not cancelled; None for 1 to 10."""
    kept = encounters.scan("patient_key", "admitted_year", "department", "encounter_class", "status").filter(
        chosen.keeps(pl.col("admitted_year")) & (pl.col("status") != "cancelled").fill_null(True)
    )
    people = int(encounters.collect(kept.select(pl.col("patient_key").n_unique())).item())
    return None if is_small(people) else people


@lru_cache(maxsize=256)
def readmission_of(readmissions: Snapshot, chosen: Chosen) -> Rate:
    """Stays discharged in the year that were followed by another within 30 days, of all such stays."""
    kept = readmissions.scan("patient_key", "discharged_year", "department", "is_readmitted").filter(
        chosen.keeps(pl.col("discharged_year"), has_class=False)
    )
    back, people = pl.col("is_readmitted"), pl.col("patient_key")
    found = kept.select(
        whole=pl.len(),
        part=back.sum(),
        people=people.n_unique(),
        back=people.filter(back).n_unique(),
        gone=people.filter(~back).n_unique(),
    )
    whole, part, *counts = readmissions.collect(found).row(0)
    return _rate(part, whole, counts)


@lru_cache(maxsize=256)
def anomalies_of(anomalies: Snapshot, chosen: Chosen) -> int | None:
    """Encounters whose cost is above their peer group's limit; None where they are of 1 to 10 people."""
    kept = anomalies.scan("patient_key", "admitted_year", "department", "encounter_class").filter(
        chosen.keeps(pl.col("admitted_year"))
    )
    rows, people = anomalies.collect(kept.select(rows=pl.len(), people=pl.col("patient_key").n_unique())).row(0)
    return None if is_small(people) else rows


@lru_cache(maxsize=256)
def by_month(activity: Snapshot, chosen: Chosen) -> pl.DataFrame:
    """month, department, encounters, cost_usd, hidden_cells: sums of the shown cells."""
    kept = activity.scan("month", "department", "encounter_class", "encounters", "cost_usd", "is_suppressed").filter(
        chosen.keeps(pl.col("month").dt.year())
    )
    sums = kept.group_by("month", "department").agg(
        pl.col("encounters").sum(),
        pl.col("cost_usd").cast(pl.Float64).sum().round(2),
        hidden_cells=pl.col("is_suppressed").sum(),
        cells=pl.len(),
    )
    is_shown = pl.col("cells") > pl.col("hidden_cells")
    shown = [pl.when(is_shown).then(pl.col(name)).alias(name) for name in ("encounters", "cost_usd")]
    return activity.collect(sums.with_columns(shown).drop("cells").sort("month", "department"))


def _rate(part: int | None, whole: int, people: list[int]) -> Rate:
    if not whole:
        return Rate(None, None, None)
    if is_small(people[0]):
        return Rate(None, None, None)
    if any(is_small(count) for count in people[1:]):
        return Rate(None, whole, None)
    return Rate(part or 0, whole, (part or 0) / whole)
