"""Stays of the real files: readmissions, activity, census and history worked out a second time."""

import datetime as dt

import polars as pl
import pytest

from mediflow_assets.contracts import gold, silver
from mediflow_assets_tests.end_to_end.conftest import DATA, FILES, frame, texts

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not DATA.is_dir(), reason="the real files are not here")]


def episodes_of(stays):
    """Stays of one patient, in the order of their times, as (first day, last day): joined where they overlap, or where
    a patient comes back on the day of leaving for the same diagnosis.
    """
    joined = []
    for stay in stays:
        first, until, code = joined[-1] if joined else (None, None, None)
        is_back = until and stay["admitted"].date() == until.date() and code == stay["code"] != "UNKNOWN"
        if is_back or (until and stay["admitted"] < until):
            joined[-1] = (first, max(until, stay["discharged"]), stay["code"] if stay["discharged"] >= until else code)
        else:
            joined.append((stay["admitted"], stay["discharged"], stay["code"]))
    return [(begin.date(), end.date()) for begin, end, _ in joined]


def test_readmissions_are_the_next_inpatient_episode_within_thirty_days(made, expected):
    told = pl.concat(texts(name).select("Id", "DEATHDATE") for name in FILES if "patients.csv" in name).drop_nulls()
    deaths = {id_.upper(): dt.date.fromisoformat(day[:10]) for id_, day in told.iter_rows()}
    stays = {}
    inpatient = expected.filter(pl.col("class_") == "inpatient")
    for row in inpatient.sort("patient", "admitted", "discharged", "id").to_dicts():
        stays.setdefault(row["patient"], []).append(row)
    followed = expected.select(pl.max_horizontal("admitted", "discharged").max()).item() - dt.timedelta(days=30)
    wanted = {}
    for patient, own in ((patient, episodes_of(each)) for patient, each in stays.items()):
        for (begin, end), following in zip(own, [*own[1:], None], strict=True):
            days = (following[0] - end).days if following else 99
            died = deaths.get(patient, dt.date.max)
            # of who died within the time and did not come back nothing is known
            is_known = end <= followed.date() and end < died
            is_known &= died > end + dt.timedelta(days=30) or days <= 30
            wanted[patient, begin, end] = days <= 30 if is_known else None
    keys = frame(made, silver.ENCOUNTERS).select("patient_id", "encounter_key")
    found = frame(made, gold.READMISSIONS).join(keys, on="encounter_key")
    found = found.select("patient_id", "admitted_on", "discharged_on", "is_readmitted")
    assert {tuple(stay): is_readmitted for *stay, is_readmitted in found.iter_rows()} == wanted
    assert {True, False} <= set(wanted.values())


def test_monthly_activity_adds_up_by_month_department_and_class(made, expected):
    wanted = (
        expected.with_columns(pl.col("admitted").dt.date().dt.month_start().alias("month"))
        .group_by("month", "department", pl.col("class_").fill_null("unknown"))
        .agg(pl.len().alias("n"), pl.col("patient").n_unique().alias("people"), pl.col("cost").sum().alias("sum"))
    )
    found = frame(made, gold.MONTHLY_ACTIVITY)
    both = found.join(
        wanted,
        left_on=["month", "department", "encounter_class"],
        right_on=["month", "department", "class_"],
    )
    assert both.height == found.height == wanted.height
    assert both.filter(
        (pl.col("encounters") != pl.col("n"))
        | (pl.col("patients") != pl.col("people"))
        | pl.col("cost_usd").ne_missing(pl.col("sum").cast(pl.Decimal(18, 2)))
    ).is_empty()
    assert found["anomalies"].sum() == made.house.lake.rows(gold.COST_ANOMALIES)
    index = frame(made, gold.READMISSIONS).filter(pl.col("excluded_because").is_null())
    assert found["index_stays"].sum() == index.height
    assert found["readmitted"].sum() == index["is_readmitted"].sum()


def test_the_daily_census_counts_the_days_of_each_stay(made, expected):
    stays = expected.filter(pl.col("class_") == "inpatient")
    wanted = stays.select(
        ((pl.col("discharged").dt.date() - pl.col("admitted").dt.date()).dt.total_days() + 1).sum()
    ).item()
    found = frame(made, gold.DAILY_CENSUS)
    assert (found["census"].sum(), found["admissions"].sum()) == (wanted, stays.height)


def test_features_have_one_row_an_encounter(made, expected):
    found = frame(made, gold.ADMISSION_FEATURES)
    assert found.height == expected.height
    inpatient = expected.filter(pl.col("class_") == "inpatient").select("patient", before="admitted")
    pairs = expected.select("id", "patient", "admitted").join(inpatient, on="patient")
    since = pl.col("admitted") - pl.col("before")
    wanted = pairs.filter((since > pl.duration()) & (since <= pl.duration(days=365))).height
    assert found["prior_admissions_12m"].sum() == wanted
