"""Clinical insights: who is treated, how long, for what, at what cost, and how often they come back.

Counts from rows of people are told to the nearest twenty, and a group of 1 to 10 people is hidden. Diagnoses and
readmissions are exact sums of shown cells.
"""

from calendar import monthrange
from math import sqrt

import polars as pl

from dashboard.cells import hide_small
from dashboard.figures.executive import readmission_cells
from dashboard.figures.once import once
from dashboard.figures.sums import sum_given
from dashboard.lake import Snapshot

_Z95 = 1.959964
UNKNOWN_AGE = "unknown"
_AGE = pl.col("age_band").fill_null(UNKNOWN_AGE)
_FROM_YEARS = pl.col("age_band").str.extract(r"^(\d+)").cast(pl.Int64)
"""The lower end of a band: as texts, 5-9 would stand after 45-49."""
_TOOK_PLACE = ~pl.col("status").fill_null("").is_in(["cancelled", "planned"])


@once()
def people_by_age(encounters: Snapshot) -> pl.DataFrame:
    """age_band, gender, patients, is_hidden: distinct people with an encounter at that age, to the nearest twenty."""
    found = encounters.collect(
        encounters.scan("patient_key", "age_band", "gender", "status")
        .filter(_TOOK_PLACE)
        .group_by(_AGE, "gender")
        .agg(patients=pl.col("patient_key").n_unique().cast(pl.Int64))
        .sort(_FROM_YEARS, "gender", nulls_last=True)
    )
    return hide_small(found, "patients")


@once()
def cost_by_age(encounters: Snapshot) -> pl.DataFrame:
    """age_band, encounters (to the nearest twenty), lower_quartile_usd, median_usd, upper_quartile_usd: of encounters
    with a cost, in the age and gender groups that are shown."""
    shown = people_by_age(encounters).filter(~pl.col("is_hidden")).select("age_band", "gender").lazy()
    cost = pl.col("cost_usd").cast(pl.Float64)
    found = encounters.collect(
        encounters.scan("patient_key", "age_band", "gender", "cost_usd", "status")
        .filter(_TOOK_PLACE & cost.is_not_null())
        .with_columns(_AGE)
        .join(shown, on=["age_band", "gender"], how="semi")
        .group_by("age_band")
        .agg(
            people=pl.col("patient_key").n_unique().cast(pl.Int64),
            encounters=pl.len().cast(pl.Int64),
            lower_quartile_usd=cost.quantile(0.25, "linear").round(2),
            median_usd=cost.median().round(2),
            upper_quartile_usd=cost.quantile(0.75, "linear").round(2),
        )
        .sort(_FROM_YEARS, nulls_last=True)
    )
    measures = ("encounters", "lower_quartile_usd", "median_usd", "upper_quartile_usd")
    return hide_small(found, "people", *measures).drop("people")


@once()
def stay_by_department(readmissions: Snapshot) -> pl.DataFrame:
    """department, patients, stays (both to the nearest twenty), lower_quartile_days, median_days, upper_quartile_days,
    mean_days of inpatient episodes that ended."""
    nights = pl.col("length_of_stay_days")
    found = readmissions.collect(
        readmissions.scan("patient_key", "department", "length_of_stay_days")
        .group_by("department")
        .agg(
            patients=pl.col("patient_key").n_unique().cast(pl.Int64),
            stays=pl.len().cast(pl.Int64),
            lower_quartile_days=nights.quantile(0.25, "linear"),
            median_days=nights.median(),
            upper_quartile_days=nights.quantile(0.75, "linear"),
            mean_days=nights.mean().round(1),
        )
        .sort("department")
    )
    days = ("lower_quartile_days", "median_days", "upper_quartile_days", "mean_days")
    return hide_small(found, "patients", "stays", *days)


@once()
def diagnoses(department_costs: Snapshot, most: int = 20) -> pl.DataFrame:
    """diagnosis_code, encounters, total_cost_usd, average_cost_usd, cells, hidden_cells: sums of the shown cells."""
    cost = pl.col("total_cost_usd").cast(pl.Float64)
    found = department_costs.collect(
        department_costs.scan("diagnosis_code", "encounters", "total_cost_usd", "is_suppressed")
        .group_by("diagnosis_code")
        .agg(
            pl.col("encounters").sum(),
            total_cost_usd=sum_given(cost).round(2),
            cells=pl.len(),
            hidden_cells=pl.col("is_suppressed").sum(),
        )
        .filter(pl.col("encounters") > 0)
        .with_columns(average_cost_usd=(pl.col("total_cost_usd") / pl.col("encounters")).round(2))
        .sort("encounters", "diagnosis_code", descending=[True, False])
    )
    names = ("diagnosis_code", "encounters", "total_cost_usd", "average_cost_usd", "cells", "hidden_cells")
    return found.select(names).head(most)


@once()
def census(monthly_census: Snapshot) -> pl.DataFrame:
    """month, department, average_census, days: the mean over the month's days, null where it is not shown.

    Admissions and discharges stay out: page 1 counts the same admissions by class, and hides other months of them.
    """
    names = ("month", "department", "average_census")
    found = monthly_census.collect(monthly_census.scan(*names).sort("month", "department"))
    days = [monthrange(month.year, month.month)[1] for month in found["month"]]
    mean = pl.col("average_census").cast(pl.Float64)
    return found.with_columns(mean, days=pl.Series(days, dtype=pl.Int64))


@once()
def readmission_by_department(readmissions: Snapshot, activity: Snapshot) -> pl.DataFrame:
    """department, index_stays, readmitted, rate, lower, upper (Wilson, 95 %): sums of the shown years."""
    cells = readmission_cells(readmissions, activity).filter(~pl.col("is_hidden"))
    sums = cells.group_by("department").agg(index_stays=pl.col("stays").sum(), readmitted=pl.col("readmitted").sum())
    rows = [
        row | dict(zip(("rate", "lower", "upper"), wilson(row["readmitted"], row["index_stays"]), strict=True))
        for row in sums.sort("department").to_dicts()
    ]
    return pl.DataFrame(rows)


def wilson(part: int, whole: int) -> tuple[float, float, float]:
    """A share and the ends of its 95 % interval after Wilson; `whole` is above zero."""
    share, square = part / whole, _Z95**2
    middle = (share + square / (2 * whole)) / (1 + square / whole)
    half = _Z95 * sqrt(share * (1 - share) / whole + square / (4 * whole**2)) / (1 + square / whole)
    return round(share, 4), round(middle - half, 4), round(middle + half, 4)
