"""Executive summary: a year's encounters, patients, cost, readmissions and anomalies beside the year before.

Every figure adds up only cells that are shown, so that no difference of two figures tells a cell that is not. People,
readmissions and anomalies are counted from masked rows, whose cells are year, department and class.
"""

from dataclasses import dataclass
from functools import lru_cache

import polars as pl

from dashboard.cells import is_small, mark_small
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
    """Distinct people in the shown cells (year, department, class), cancelled encounters aside; None if none is."""
    kept = _people(encounters).filter(chosen.keeps(pl.col("year")))
    people = kept["person"].n_unique()
    return people if people and not is_small(people) else None


@lru_cache(maxsize=256)
def readmission_of(readmissions: Snapshot, chosen: Chosen) -> Rate:
    """Index stays discharged in the year that were followed by another within 30 days, over the shown cells."""
    kept = readmission_cells(readmissions).filter(chosen.keeps(pl.col("year"), has_class=False) & ~pl.col("is_hidden"))
    whole, part = int(kept["stays"].sum()), int(kept["readmitted"].sum())
    return Rate(part, whole, part / whole) if whole else Rate(None, None, None)


@lru_cache(maxsize=256)
def anomalies_of(anomalies: Snapshot, chosen: Chosen) -> int | None:
    """Encounters whose cost is above their peer group's limit, over the shown cells; None if none is shown."""
    cells = _anomaly_cells(anomalies).filter(chosen.keeps(pl.col("year")))
    shown = cells.filter(~pl.col("is_hidden"))
    return int(shown["rows"].sum()) if shown.height or not cells.height else None


@lru_cache(maxsize=4)
def readmission_cells(readmissions: Snapshot) -> pl.DataFrame:
    """year, department, stays, readmitted, is_hidden: index stays only.

    A cell is hidden where the people of either side, readmitted or not, are 1 to 10.
    """
    people, back = pl.col("patient_key").hash(), pl.col("is_readmitted")
    found = readmissions.collect(
        readmissions.scan("patient_key", "discharged_year", "department", "is_readmitted")
        .filter(back.is_not_null() & pl.col("discharged_year").is_not_null())
        .group_by(pl.col("discharged_year").alias("year"), "department")
        .agg(stays=pl.len(), readmitted=back.sum(), _back=people.filter(back).n_unique(),
             _gone=people.filter(~back).n_unique())
        .sort("year", "department")
    )  # fmt: skip
    sides = [pl.when(pl.col(name) > 0).then(pl.col(name)) for name in ("_back", "_gone")]
    guarded = found.with_columns(_guard=pl.min_horizontal(sides))
    return mark_small(guarded, "_guard", ("department",)).drop("_back", "_gone", "_guard")


@lru_cache(maxsize=4)
def _people(encounters: Snapshot) -> pl.DataFrame:
    """person, year, department, encounter_class of the shown cells, once each."""
    keys = ("year", "department", "encounter_class")
    found = encounters.collect(
        encounters.scan("patient_key", "admitted_year", "department", "encounter_class", "status")
        .filter((pl.col("status") != "cancelled").fill_null(True) & pl.col("admitted_year").is_not_null())
        .select(pl.col("patient_key").hash().alias("person"), pl.col("admitted_year").alias("year"),
                pl.col("department").cast(pl.Categorical),
                pl.col("encounter_class").fill_null("unknown").cast(pl.Categorical))
        .unique()
    )  # fmt: skip
    cells = found.group_by(*keys).agg(people=pl.len()).sort("people", *keys)
    texts = cells.with_columns(pl.col("department", "encounter_class").cast(pl.String))
    shown = cells.filter(~mark_small(texts, "people", ("year", "department"), ("department",))["is_hidden"])
    return found.join(shown.select(*keys), on=keys, how="semi")


@lru_cache(maxsize=4)
def _anomaly_cells(anomalies: Snapshot) -> pl.DataFrame:
    """year, department, encounter_class, rows, is_hidden."""
    found = anomalies.collect(
        anomalies.scan("patient_key", "admitted_year", "department", "encounter_class")
        .filter(pl.col("admitted_year").is_not_null())
        .group_by(pl.col("admitted_year").alias("year"), "department", "encounter_class")
        .agg(rows=pl.len(), people=pl.col("patient_key").n_unique())
        .sort("year", "department", "encounter_class")
    )
    return mark_small(found, "people", ("year", "department"), ("department",)).drop("people")


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
