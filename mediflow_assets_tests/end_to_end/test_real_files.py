"""Real files through Bronze and Silver: every record is where an independent count says."""

import datetime as dt

import polars as pl
import pytest

from mediflow_assets.contracts import TABLES, bronze, links, silver
from mediflow_assets_tests.end_to_end.conftest import DATA, FILES, RECEIVED, frame, texts

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not DATA.is_dir(), reason="the real files are not here")]

TOLD = (silver.PATIENTS, silver.ENCOUNTERS, silver.CONDITIONS)
MISTYPED = "10939881000119104"
"""Four records of this release of Synthea bear it: the concept is 10939881000119105, its check digit is 5."""


def test_every_check_of_every_table_holds(made):
    # the files tell of no merges, and of nothing that clinical tables hold
    untold = {links.PATIENT_LINKS, *(table for table in silver.VALIDATED if table not in TOLD)}
    assert {m.contract for m in made.results if not m.checks} == untold
    assert [(m.contract.name, c.name) for m in made.results for c in m.checks if not c.passed]


def test_no_record_is_lost_on_the_way_to_bronze(made):
    found = {
        (row["source"], row["records"], row["bronze"], row["rejects"]) for row in made.house.rows(bronze.DELIVERIES)
    }
    assert found == {
        ("synthea_patients", 974, 974, 0),
        ("synthea_encounters", 27_891, 27_891, 0),
        ("synthea_patients", 27, 27, 0),
        ("synthea_encounters", 604, 604, 0),
        ("synthea_conditions", 438, 438, 0),
        ("admissions", 5_000, 5_000, 0),
    }


def test_only_the_fifty_impossible_ages_are_quarantined(made):
    held = frame(made, silver.QUARANTINE)
    assert held.filter(pl.col("target_table") == "silver/conditions").height == 4, MISTYPED
    held = held.filter(pl.col("target_table") != "silver/conditions")
    assert held.height == 50
    assert held["reasons"].to_list() == [["age_out_of_range"]] * 50
    made.house.assert_balanced()


def test_the_silver_tables_hold_just_the_valid_rows(made, expected):
    encounters = frame(made, silver.ENCOUNTERS)
    assert set(encounters["encounter_id"]) == set(expected["id"])
    assert encounters.height == expected.height == 27_891 + 604 + 5_000 - 50
    assert made.house.lake.rows(silver.PATIENTS) == 974 + 27 + 5_000
    delivered = texts("synthea_claims/conditions.csv").filter(pl.col("CODE") != MISTYPED)
    conditions = delivered.select("PATIENT", "CODE", pl.col("START").str.slice(0, 10))
    assert made.house.lake.rows(silver.CONDITIONS) == conditions.n_unique()


def test_ages_and_costs_of_each_encounter_are_those_of_the_files(made, expected):
    found = frame(made, silver.ENCOUNTERS).select("encounter_id", "age_at_admission", "cost_usd", "department")
    both = found.join(expected, left_on="encounter_id", right_on="id")
    assert both.filter(
        pl.col("age_at_admission").cast(pl.Int64).ne_missing(pl.col("age"))
        | pl.col("cost_usd").cast(pl.Decimal(18, 2)).ne_missing(pl.col("cost"))
        | (pl.col("department") != pl.col("department_right"))
    ).is_empty()


def test_the_same_files_again_change_nothing(made):
    before = {name: made.house.lake.version(contract) for name, contract in TABLES.items()}
    for name in FILES:
        made.house.receive((DATA / name).read_bytes(), RECEIVED + dt.timedelta(days=1), "again.csv")
    made.house.land()
    assert all(m.is_unchanged for m in (*made.house.make_silver(), *made.house.make_gold()))
    assert {name: made.house.lake.version(contract) for name, contract in TABLES.items()} == before
