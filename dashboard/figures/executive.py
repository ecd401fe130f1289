"""Executive summary: a year's encounters, patients, cost, readmissions and anomalies beside the year before.

Encounters and cost are the totals of `masked/activity_totals`, each published by itself. Where one is withheld, or a
class is chosen, for which there is none, the sum of the shown cells of `masked/monthly_activity` is told as what it is:
at least so much. Readmissions and anomalies are counted from masked rows, by cells of which small ones are
hidden here; distinct people, which no sum of cells can tell, are told to the nearest twenty.
"""

from dataclasses import dataclass

import polars as pl

from dashboard.cells import is_small, mark_small, rounded
from dashboard.figures.once import once
from dashboard.figures.sums import sum_given
from dashboard.lake import Snapshot
from mediflow_assets.contracts.suppression import K

ALL = "all"
_HOUSE = "*"
NO_YEAR = 0
"""The year of rows that show none: people of 90 and over. They count in 'all years' only."""


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
    """Encounters and cost; where they are not exact, the truth is as much or more."""

    encounters: int | None
    cost_usd: float | None
    average_cost_usd: float | None
    is_exact: bool

    @property
    def lacks_cost(self) -> bool:
        """Whether none of the encounters has a cost."""
        return bool(self.encounters) and self.cost_usd is None


@dataclass(frozen=True)
class Rate:
    """A share with its denominator; `share` is None where either side is too small to be shown."""

    part: int | None
    whole: int | None
    share: float | None


@once(8)
def options(activity: Snapshot) -> Options:
    """The years, departments and classes there are, years newest first."""
    found = activity.collect(activity.scan("month", "department", "encounter_class"))
    years = sorted(found["month"].dt.year().unique().to_list(), reverse=True)
    departments, classes = (sorted(found[name].unique().to_list()) for name in ("department", "encounter_class"))
    return Options(tuple(years), tuple(departments), tuple(classes))


@once(256)
def activity_of(activity: Snapshot, totals: Snapshot, chosen: Chosen) -> Activity:
    """Encounters and cost of what is chosen: its published total, else what its shown cells come to."""
    total = _totals(totals).filter(
        (pl.col("period") == (str(chosen.year) if chosen.year else ALL))
        & (pl.col("department") == chosen.department)
        & pl.lit(chosen.encounter_class == ALL)
    )
    if total.height and total["encounters"].item() is not None:
        encounters, cost = total["encounters"].item(), total["cost_usd"].item()
        return Activity(encounters, cost, None if cost is None else cost / encounters, True)
    kept = activity.scan("month", "department", "encounter_class", "encounters", "cost_usd", "is_suppressed").filter(
        chosen.keeps(pl.col("month").dt.year())
    )
    found = activity.collect(
        kept.select(
            cells=pl.len(),
            hidden=pl.col("is_suppressed").sum(),
            encounters=pl.col("encounters").sum(),
            cost=sum_given(pl.col("cost_usd").cast(pl.Float64)),
        )
    ).row(0, named=True)
    is_exact = not found["hidden"]
    encounters = found["encounters"] if found["cells"] > (found["hidden"] or 0) else None
    cost = found["cost"] if encounters is not None else None
    # of a part of the encounters the average is that of no period
    return Activity(encounters, cost, cost / encounters if is_exact and encounters and cost else None, is_exact)


@once()
def _totals(totals: Snapshot) -> pl.DataFrame:
    """period, department (all for the house), encounters, cost_usd; the two are null where a total is withheld."""
    found = totals.collect(totals.scan("period", "department", "encounters", "cost_usd"))
    is_house = pl.col("department") == _HOUSE
    return found.with_columns(
        department=pl.when(is_house).then(pl.lit(ALL)).otherwise("department"),
        cost_usd=pl.col("cost_usd").cast(pl.Float64),
    )


@once(256)
def patients_of(encounters: Snapshot, chosen: Chosen) -> int | None:
    """Distinct people with an encounter that took place, over the shown cells (year, department, class), to the nearest
    twenty; None if none is shown."""
    kept = _people(encounters).filter(chosen.keeps(pl.col("year")))
    people = kept["person"].n_unique()
    return rounded(people) if people and not is_small(people) else None


@once(256)
def readmission_of(readmissions: Snapshot, activity: Snapshot, chosen: Chosen) -> Rate:
    """Index stays discharged in the year that were followed by another within 30 days, over the shown cells."""
    cells = readmission_cells(readmissions, activity)
    kept = cells.filter(chosen.keeps(pl.col("year"), has_class=False) & ~pl.col("is_hidden"))
    whole, part = int(kept["stays"].sum()), int(kept["readmitted"].sum())
    return Rate(part, whole, part / whole) if whole else Rate(None, None, None)


@once(256)
def anomalies_of(anomalies: Snapshot, chosen: Chosen) -> tuple[int | None, bool]:
    """Encounters whose cost is above their peer group's limit, over the shown cells, None if none is shown; and whether
    that is all of them: a year has no rows of people of 90 and over."""
    of_years = _anomaly_cells(anomalies, chosen.encounter_class != ALL)
    cells = of_years.filter(chosen.keeps(pl.col("year")))
    shown = cells.filter(~pl.col("is_hidden"))
    is_whole = shown.height == cells.height and (chosen.year is None or not (of_years["year"] == NO_YEAR).any())
    return (int(shown["rows"].sum()) if shown.height or not cells.height else None), is_whole


@once()
def readmission_cells(readmissions: Snapshot, activity: Snapshot) -> pl.DataFrame:
    """year, department, stays, readmitted, is_hidden: index stays only.

    A cell is hidden where the people of either side, readmitted or not, are 1 to 10, and where its stays and the shown
    inpatient encounters of the same department and year differ by 1 to 10: those that are no index stay.
    """
    people, back = pl.col("patient_key").hash(), pl.col("is_readmitted")
    found = readmissions.collect(
        readmissions.scan("patient_key", "discharged_year", "department", "is_readmitted")
        .filter(back.is_not_null())
        .group_by(pl.col("discharged_year").fill_null(NO_YEAR).alias("year"), "department")
        .agg(
            stays=pl.len().cast(pl.Int64),
            readmitted=back.sum().cast(pl.Int64),
            _back=people.filter(back).n_unique(),
            _gone=people.filter(~back).n_unique(),
        )
        .sort("year", "department")
    )
    sides = [pl.when(pl.col(name) > 0).then(pl.col(name)) for name in ("_back", "_gone")]
    guarded = found.with_columns(_guard=pl.min_horizontal(sides))
    marked = mark_small(guarded, "_guard", ("department",)).join(_inpatients(activity), ["year", "department"], "left")
    apart = (pl.col("encounters") - pl.col("stays")).abs().fill_null(0)
    is_hidden = pl.col("is_hidden") | apart.is_between(1, 10)
    return marked.sort("year", "department").select("year", "department", "stays", "readmitted", is_hidden)


def _inpatients(activity: Snapshot) -> pl.DataFrame:
    """year, department, encounters: inpatients of the shown months."""
    is_inpatient = (pl.col("encounter_class") == "inpatient") & ~pl.col("is_suppressed")
    kept = activity.scan("month", "department", "encounter_class", "encounters", "is_suppressed").filter(is_inpatient)
    by = (pl.col("month").dt.year().alias("year"), pl.col("department"))
    return activity.collect(kept.group_by(*by).agg(pl.col("encounters").sum()))


@once(2)
def _people(encounters: Snapshot) -> pl.DataFrame:
    """person, year, department, encounter_class of the shown cells, once each."""
    keys = ("year", "department", "encounter_class")
    took_place = ~pl.col("status").fill_null("").is_in(["cancelled", "planned"])
    found = encounters.collect(
        encounters.scan("patient_key", "admitted_year", "department", "encounter_class", "status")
        .filter(took_place)
        .select(
            pl.col("patient_key").hash().alias("person"),
            pl.col("admitted_year").fill_null(NO_YEAR).alias("year"),
            pl.col("department").cast(pl.Categorical),
            pl.col("encounter_class").fill_null("unknown").cast(pl.Categorical),
        )
        .unique()
    )
    cells = found.group_by(*keys).agg(people=pl.len())
    shown = cells.filter(pl.col("people") >= K)
    return found.join(shown.select(*keys), on=keys, how="semi")


@once()
def _anomaly_cells(anomalies: Snapshot, is_by_class: bool) -> pl.DataFrame:
    """year, department, encounter_class if asked, rows, is_hidden.

    Each class of a department and year is hidden within the total that the cells without classes tell. Of departments
    the quality page tells the same encounters by diagnosis, hidden within the same totals.
    """
    by = ("department", "encounter_class") if is_by_class else ("department",)
    found = anomalies.collect(
        anomalies.scan("patient_key", "admitted_year", *by)
        .group_by(pl.col("admitted_year").fill_null(NO_YEAR).alias("year"), *by)
        .agg(rows=pl.len().cast(pl.Int64), people=pl.col("patient_key").n_unique())
        .sort("year", *by)
    )
    margins = (("year", "department"), ("department",)) if is_by_class else (("department",),)
    return mark_small(found, "people", *margins).drop("people")


@once(256)
def by_month(activity: Snapshot, totals: Snapshot, chosen: Chosen) -> pl.DataFrame:
    """month, department (all for the house), encounters, cost_usd: null where they are hidden, never a part."""
    if chosen.encounter_class != ALL:
        keeps = chosen.keeps(pl.col("month").dt.year())
        cells = activity.scan("month", "department", "encounter_class", "encounters", "cost_usd").filter(keeps)
        found = activity.collect(cells.with_columns(pl.col("cost_usd").cast(pl.Float64)))
    else:
        months = _totals(totals).filter(pl.col("period").str.len_chars() == len("2024-05"))
        dated = months.with_columns(month=pl.col("period").str.to_date("%Y-%m", strict=False))
        whose = Chosen(chosen.year, chosen.department)
        found = dated.filter(whose.keeps(pl.col("month").dt.year()))
    return found.select("month", "department", "encounters", "cost_usd").sort("month", "department")


def by_department(activity: Snapshot, totals: Snapshot, chosen: Chosen) -> pl.DataFrame:
    """department, encounters, cost_usd, average_cost_usd, is_at_least: the period of each department."""
    found = options(activity).departments if chosen.department == ALL else (chosen.department,)
    rows = [(name, activity_of(activity, totals, Chosen(chosen.year, name, chosen.encounter_class))) for name in found]
    told = pl.DataFrame(
        [(name, of.encounters, of.cost_usd, of.average_cost_usd, not of.is_exact) for name, of in rows],
        {
            "department": pl.String,
            "encounters": pl.Int64,
            "cost_usd": pl.Float64,
            "average_cost_usd": pl.Float64,
            "is_at_least": pl.Boolean,
        },
        orient="row",
    )
    rounded_ = told.with_columns(pl.col("cost_usd", "average_cost_usd").round(2))
    return rounded_.sort("cost_usd", "department", descending=[True, False], nulls_last=True)
