"""Census: who is in the house, by day and by month."""

import datetime as dt
from decimal import Decimal

import pytest

from mediflow_assets.contracts import gold, masked, silver
from mediflow_assets.transforms.census import daily_census, monthly_census
from mediflow_assets.transforms.open_stays import after_death

OPEN = {"status": "in-progress"}


def moment(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC) if text else None


def stay(key, admitted, discharged=None, **more):
    return {"encounter_id": key, "admitted_at": moment(admitted), "discharged_at": moment(discharged)} | more


@pytest.fixture
def daily(encounters):
    def _daily(*rows):
        made = daily_census(encounters(*rows))
        assert set(made.columns) == set(gold.DAILY_CENSUS.column_names)
        found = sorted(made.collect(), key=lambda r: (r["department"], r["date"]))
        return [(str(r["date"])[5:], r["census"], r["admissions"], r["discharges"]) for r in found]

    return _daily


def test_a_stay_counts_on_each_day_it_touches(daily):
    assert daily(stay("A", "2024-01-01T23:00", "2024-01-03T01:00")) == [
        ("01-01", 1, 1, 0),
        ("01-02", 1, 0, 0),
        ("01-03", 1, 0, 1),
    ]


def test_a_stay_of_no_night_counts_on_its_day(daily):
    assert daily(stay("A", "2024-01-01T08:00", "2024-01-01T18:00")) == [("01-01", 1, 1, 1)]


def test_a_day_with_nobody_in_the_house_is_a_row_of_zero(daily):
    rows = [stay("A", "2024-02-28", "2024-02-28"), stay("B", "2024-03-01", "2024-03-01")]
    assert daily(*rows) == [("02-28", 1, 1, 1), ("02-29", 0, 0, 0), ("03-01", 1, 1, 1)]


def test_an_open_stay_counts_to_the_last_known_day(daily):
    rows = [stay("A", "2024-01-01", **OPEN), stay("B", "2024-01-02", "2024-01-03", patient_id="P2")]
    assert daily(*rows) == [("01-01", 1, 1, 0), ("01-02", 2, 1, 0), ("01-03", 2, 0, 1)]


@pytest.mark.parametrize("status", ["finished", "unknown"])
def test_a_stay_that_is_over_without_an_end_is_in_the_house_on_its_first_day_only(daily, status):
    rows = [stay("A", "2024-01-01", status=status), stay("B", "2024-01-02", "2024-01-03", patient_id="P2")]
    assert daily(*rows) == [("01-01", 1, 1, 0), ("01-02", 1, 1, 0), ("01-03", 1, 0, 1)]


def test_an_open_stay_lasts_until_its_patient_is_admitted_again(daily):
    rows = [stay("A", "2024-01-01", **OPEN), stay("B", "2024-01-03", "2024-01-04")]
    assert daily(*rows) == [("01-01", 1, 1, 0), ("01-02", 1, 0, 0), ("01-03", 2, 1, 0), ("01-04", 1, 0, 1)]


def test_an_open_stay_lasts_no_longer_than_the_hospital_says(encounters):
    rows = [stay("A", "2024-01-01", **OPEN), stay("B", "2024-01-05", "2024-01-05", patient_id="P2")]
    made = sorted(daily_census(encounters(*rows), 2).collect(), key=lambda row: row["date"])
    assert [row["census"] for row in made] == [1, 1, 1, 0, 1]


def test_an_encounter_after_death_is_told(encounters, frame):
    patients = frame(silver.PATIENTS, {"death_date": dt.date(2024, 1, 3)})
    rows = [stay(f"E{day}", f"2024-01-0{day}", f"2024-01-0{day}") for day in (2, 3, 4)]
    assert [row["encounter_key"] for row in after_death(encounters(*rows), patients).collect()] == ["E4"]


def test_an_encounter_after_one_that_ended_in_death_is_told(encounters, frame):
    rows = [stay("E1", "2024-01-01", "2024-01-03", discharge_disposition="expired"), stay("E2", "2024-01-04", None)]
    assert [row["encounter_key"] for row in after_death(encounters(*rows), frame(silver.PATIENTS, {})).collect()] == [
        "E2"
    ]


def test_only_stays_that_took_place_count(daily):
    assert daily(
        stay("A", "2024-01-01", "2024-01-01"),
        stay("B", "2024-01-01", status="cancelled"),
        stay("C", "2024-01-01", status="planned"),
        stay("D", "2024-01-01", encounter_class="emergency"),
        stay("E", "2024-01-01", encounter_class=None),
    ) == [("01-01", 1, 1, 1)]


def test_departments_are_counted_apart(daily):
    rows = [stay("A", "2024-01-01", "2024-01-02"), stay("B", "2024-01-02", "2024-01-02", department="SURGERY")]
    assert daily(*rows) == [("01-01", 1, 1, 0), ("01-02", 1, 0, 1), ("01-02", 1, 1, 1)]


def test_a_person_counts_in_each_month_a_stay_touches(encounters):
    frame = encounters(
        stay("A", "2024-01-31", "2024-03-01"),
        stay("B", "2024-02-10", "2024-02-11"),
        stay("C", "2024-02-10", "2024-02-10", patient_id="P2"),
    )
    made = monthly_census(frame, daily_census(frame))
    assert set(made.columns) | {"is_suppressed"} == set(masked.MONTHLY_CENSUS.column_names)
    found = {str(r["month"])[5:7]: r for r in made.collect()}
    figures = {m: (r["patients"], r["admissions"], r["discharges"]) for m, r in found.items()}
    assert figures == {"01": (1, 1, 0), "02": (2, 2, 2), "03": (1, 0, 1)}
    # 29 days of one stay, two days of another, one of a third
    assert found["02"]["average_census"] == (Decimal(29 + 2 + 1) / 29).quantize(Decimal("0.0001"))
