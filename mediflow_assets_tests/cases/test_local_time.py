"""Days are local: nights, keys and what is in the future go by the day where the hospital stands."""

import datetime as dt
from pathlib import Path

import pytest

from mediflow_assets.contracts import silver
from mediflow_assets.sources import Feeds
from mediflow_assets.sources.systems import System

CASES = Path(__file__).parent
LOCAL_DAYS = (CASES / "local_days" / "local_days__01.csv").read_text()
EAST = (CASES / "east_of_utc" / "east_of_utc__01.csv").read_text()
NOW = dt.datetime(2026, 11, 27, 21, 30, tzinfo=dt.UTC)
"""A moment at which it is 03:00 of the next day in India."""


def stays(house):
    return {row["encounter_id"]: row for row in house.rows(silver.ENCOUNTERS)}


@pytest.mark.parametrize("zone", [None, "America/New_York"])
def test_nights_and_keys_go_by_local_days(house, zone):
    house = house.with_feeds(Feeds(timezone=zone))
    house.deliver(LOCAL_DAYS, NOW)
    house.make_silver()
    found = stays(house)
    assert (found["VLD1"]["length_of_stay_days"], found["VLD2"]["length_of_stay_days"]) == (1, 0)
    costs = sorted(str(row["cost_usd"]) for row in found.values() if row["patient_id"] == "LD9")
    assert costs == ["100.00", "130.00"]
    assert found["VLD1"]["admitted_at"] == dt.datetime(2026, 1, 11, 1, tzinfo=dt.UTC)
    assert (found["VLD1"]["admitted_on"], found["VLD1"]["discharged_on"]) == (
        dt.date(2026, 1, 10),
        dt.date(2026, 1, 11),
    )
    house.assert_balanced()


def test_both_ends_of_daylight_saving(house):
    house = house.with_feeds(Feeds(timezone="America/New_York"))
    house.deliver(LOCAL_DAYS, NOW)
    house.make_silver()
    found = stays(house)
    lasted = {key: found[key]["discharged_at"] - found[key]["admitted_at"] for key in ("VLD3", "VLD4", "VLD5")}
    assert [int(each.total_seconds() // 60) for each in lasted.values()] == [40, 40, 20]


@pytest.mark.parametrize(
    "feeds",
    [Feeds(timezone="Asia/Kolkata"), Feeds(systems={"admissions": System(timezone="Asia/Kolkata")})],
)
def test_what_is_today_east_of_utc_is_not_in_the_future(house, feeds):
    house = house.with_feeds(feeds)
    house.deliver(EAST, NOW)
    house.make_silver()
    assert house.rows(silver.QUARANTINE) == []
    newest = stays(house)["VEU2"]
    assert (newest["status"], str(newest["cost_usd"])) == ("finished", "500.00")


def test_what_is_tomorrow_where_the_hospital_stands_is_in_the_future(house, admissions):
    house = house.with_feeds(Feeds(timezone="Pacific/Honolulu"))
    tomorrow = {"encounter_id": "E2", "admission_date": "2026-11-28", "discharge_date": ""}
    delivery = house.deliver(admissions({"admission_date": "2026-11-27", "discharge_date": ""}, tomorrow), NOW)
    house.make_silver()
    assert house.reasons(silver.ENCOUNTERS) == {(delivery, 2): ["admitted_in_future"]}


def test_an_age_is_that_of_the_local_day(house, admissions):
    house = house.with_feeds(Feeds(timezone="America/Los_Angeles"))
    house.deliver(admissions({"birth_date": "1960-01-11", "admission_date": "2024-01-11T07:00:00Z"}))
    house.make_silver()
    assert stays(house)["E1"]["age_at_admission"] == 63
