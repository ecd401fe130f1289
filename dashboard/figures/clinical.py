"""Clinical insights: who is treated, how long, for what, at what cost, and how often they come back.

Rows of people are grouped here, and a group of 1 to 10 people is hidden; what a second figure shows of the same groups
counts only those shown in the first.
"""

from functools import lru_cache
from math import sqrt

import polars as pl

from dashboard.cells import hide_small
from dashboard.figures.executive import readmission_cells
from dashboard.lake import Snapshot

_Z95 = 1.959964
_AGE = pl.col("age_band").fill_null("unknown")


@lru_cache(maxsize=4)
def people_by_age(encounters: Snapshot) -> pl.DataFrame:
    """age_band, gender, patients, is_hidden: distinct people with an encounter at that age."""
    found = encounters.collect(
        encounters.scan("patient_key", "age_band", "gender")
        .group_by(_AGE, "gender")
        .agg(patients=pl.col("patient_key").n_unique())
        .sort("age_band", "gender")
    )
    return hide_small(found, "patients", margins=(("age_band",),))


@lru_cache(maxsize=4)
def cost_by_age(encounters: Snapshot) -> pl.DataFrame:
    """age_band, encounters, lower_quartile_usd, median_usd, upper_quartile_usd: of shown age and gender groups."""
    shown = people_by_age(encounters).filter(~pl.col("is_hidden")).select("age_band", "gender").lazy()
    cost = pl.col("cost_usd").cast(pl.Float64)
    found = encounters.collect(
        encounters.scan("patient_key", "age_band", "gender", "cost_usd")
        .with_columns(_AGE)
        .filter(cost.is_not_null())
        .join(shown, on=["age_band", "gender"], how="semi")
        .group_by("age_band")
        .agg(
            people=pl.col("patient_key").n_unique(),
            encounters=pl.len(),
            lower_quartile_usd=cost.quantile(0.25, "linear").round(2),
            median_usd=cost.median().round(2),
            upper_quartile_usd=cost.quantile(0.75, "linear").round(2),
        )
        .sort("age_band")
    )
    measures = ("encounters", "lower_quartile_usd", "median_usd", "upper_quartile_usd")
    return hide_small(found, "people", *measures).drop("people")


@lru_cache(maxsize=4)
def stay_by_department(readmissions: Snapshot) -> pl.DataFrame:
    """department, patients, stays, median_days, upper_quartile_days, mean_days of inpatient episodes that ended."""
    nights = pl.col("length_of_stay_days")
    found = readmissions.collect(
        readmissions.scan("patient_key", "department", "length_of_stay_days")
        .group_by("department")
        .agg(
            patients=pl.col("patient_key").n_unique(),
            stays=pl.len(),
            median_days=nights.median(),
            upper_quartile_days=nights.quantile(0.75, "linear"),
            mean_days=nights.mean().round(2),
        )
        .sort("department")
    )
    return hide_small(found, "patients", "stays", "median_days", "upper_quartile_days", "mean_days")


@lru_cache(maxsize=4)
def diagnoses(department_costs: Snapshot, most: int = 20) -> pl.DataFrame:
    """diagnosis_code, encounters, total_cost_usd, average_cost_usd, hidden_cells: sums of the shown cells."""
    cost = pl.col("total_cost_usd").cast(pl.Float64)
    found = department_costs.collect(
        department_costs.scan("diagnosis_code", "encounters", "total_cost_usd", "is_suppressed")
        .group_by("diagnosis_code")
        .agg(
            pl.col("encounters").sum(),
            total_cost_usd=cost.sum().round(2),
            hidden_cells=pl.col("is_suppressed").sum(),
        )
        .filter(pl.col("encounters") > 0)
        .with_columns(average_cost_usd=(pl.col("total_cost_usd") / pl.col("encounters")).round(2))
        .sort("encounters", "diagnosis_code", descending=[True, False])
    )
    return found.head(most)


@lru_cache(maxsize=4)
def census(monthly_census: Snapshot) -> pl.DataFrame:
    """month, department, average_census, admissions, discharges; null where not shown."""
    names = ("month", "department", "average_census", "admissions", "discharges")
    found = monthly_census.collect(monthly_census.scan(*names).sort("month", "department"))
    return found.with_columns(pl.col("average_census").cast(pl.Float64))


@lru_cache(maxsize=4)
def readmission_by_department(readmissions: Snapshot) -> pl.DataFrame:
    """department, index_stays, readmitted, rate, lower, upper (Wilson, 95 %): sums of the shown years."""
    cells = readmission_cells(readmissions).filter(~pl.col("is_hidden"))
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
