"""The newest vital signs of each patient."""

import datetime as dt
from decimal import Decimal

import pytest

from mediflow_assets.contracts import clinical
from mediflow_assets.transforms.vitals import vitals_latest
from mediflow_assets_tests.house import RECEIVED


@pytest.fixture
def latest(frame):
    """What is last known, of observations that a test tells in part: (patient, sign) → value and unit."""

    def found(*observations):
        plain = {
            "patient_key": "a",
            "code": "8867-4",
            "unit": "/min",
            "observed_on": dt.date(2024, 1, 2),
            "updated_at": RECEIVED,
            "_ingested_at": RECEIVED,
            "_delivery_id": "d",
        }
        rows = [
            plain | {"_record_number": place} | each | ({"value": Decimal(each["value"])} if each.get("value") else {})
            for place, each in enumerate(observations)
        ]
        made = vitals_latest(frame(clinical.OBSERVATIONS, *rows))
        return {
            (row["patient_key"], row["vital_sign"]): (row["value"], row["unit"]) for row in made.toArrow().to_pylist()
        }

    return found


def day(number, hour=8):
    return {
        "observed_at": dt.datetime(2024, 1, number, hour, tzinfo=dt.UTC),
        "observed_on": dt.date(2024, 1, number),
    }


def test_the_newest_value_of_each_sign_and_patient_counts(latest):
    found = latest(
        {"value": "80"} | day(3),
        {"value": "60"} | day(2),
        {"value": "70", "patient_key": "b"} | day(1),
        {"value": "37.2", "code": "8310-5", "unit": "Cel"} | day(1),
    )
    assert found == {
        ("a", "heart_rate"): (Decimal("80"), "/min"),
        ("b", "heart_rate"): (Decimal("70"), "/min"),
        ("a", "body_temperature"): (Decimal("37.2"), "Cel"),
    }


def test_parts_of_a_blood_pressure_count_as_if_observed_alone(latest):
    panel = {"code": "85354-9", "components": "8480-6=120 mm[Hg];8462-4=80 mm[Hg]"}
    found = latest(panel | day(3), {"code": "8480-6", "value": "150", "unit": "mm[Hg]"} | day(2))
    assert found == {
        ("a", "systolic_blood_pressure"): (Decimal("120"), "mm[Hg]"),
        ("a", "diastolic_blood_pressure"): (Decimal("80"), "mm[Hg]"),
    }


def test_two_codes_of_one_sign_are_one_and_others_are_none(latest):
    found = latest(
        {"code": "2708-6", "value": "95", "unit": "%"} | day(1),
        {"code": "59408-5", "value": "97", "unit": "%"} | day(2),
        {"code": "2160-0", "value": "1.2", "unit": "mg/dL"} | day(3),
        {"value": "200", "comparator": ">"} | day(4),
        {"value_text": "strong"} | day(5),
    )
    assert found == {("a", "oxygen_saturation"): (Decimal("97"), "%")}


def test_of_a_day_the_one_that_tells_its_time_last_counts(latest):
    found = latest({"value": "70"} | day(2, 20), {"value": "60"} | day(2, 8), {"value": "50"})
    assert found == {("a", "heart_rate"): (Decimal("70"), "/min")}
