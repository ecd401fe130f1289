"""Corrections: a delivery that mends quarantined records, field by field."""

import datetime as dt

import pytest

from mediflow_assets.contracts import silver
from mediflow_assets.steps import silver as steps

RECEIVED = dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC)
LATER = RECEIVED + dt.timedelta(days=1)


@pytest.fixture
def held(house, admissions):
    """A delivery whose second record stands in quarantine for its cost."""
    delivery = house.deliver(admissions({}, {"encounter_id": "E2", "cost": "a lot", "department": "SURGERY"}))
    house.make_silver()
    assert house.reasons(silver.ENCOUNTERS) == {(delivery, 2): ["cost_unreadable"]}
    return delivery


def test_a_corrected_record_is_accepted_and_reads_replayed(house, corrections, held):
    house.deliver(corrections({"_delivery_id": held, "_record_number": 2, "cost": "12.50"}), LATER)
    house.make_silver()
    row = house.row(silver.ENCOUNTERS, encounter_id="E2")
    assert (str(row["cost_usd"]), row["department"]) == ("12.50", "SURGERY")
    assert house.row(silver.QUARANTINE)["status"] == "replayed"
    house.assert_balanced()


def test_a_correction_is_settled_once(house, corrections, held):
    house.deliver(corrections({"_delivery_id": held, "_record_number": 2, "cost": "12.50"}), LATER)
    house.make_silver()
    before = house.everything()
    assert all(made.is_unchanged for made in house.make_silver())
    assert house.everything() == before


def test_a_correction_that_mends_nothing_leaves_the_new_reasons(house, corrections, held):
    house.deliver(corrections({"_delivery_id": held, "_record_number": 2, "cost": "-1"}), LATER)
    house.make_silver()
    assert house.reasons(silver.ENCOUNTERS) == {(held, 2): ["cost_negative"]}
    assert house.row(silver.QUARANTINE)["status"] == "open"


def test_the_newest_correction_of_a_record_counts(house, corrections, held):
    house.deliver(corrections({"_delivery_id": held, "_record_number": 2, "cost": "1.00"}), LATER)
    house.deliver(
        corrections({"_delivery_id": held, "_record_number": "02", "cost": "2.00"}),
        LATER + dt.timedelta(days=1),
    )
    house.make_silver()
    assert str(house.row(silver.ENCOUNTERS, encounter_id="E2")["cost_usd"]) == "2.00"
    house.assert_balanced()


def test_a_correction_of_nothing_known_is_harmless(house, corrections, held):
    house.deliver(
        corrections(
            {"_delivery_id": "f" * 64, "_record_number": 1, "cost": "1"},
            {"_delivery_id": held, "_record_number": "²", "cost": "1"},
            {"_delivery_id": held, "_record_number": "9" * 30, "cost": "1"},
            {"_delivery_id": held, "_record_number": "", "cost": "1"},
        ),
        LATER,
    )
    house.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
    assert house.reasons(silver.ENCOUNTERS) == {(held, 2): ["cost_unreadable"]}


def test_a_correction_delivered_before_the_record_is_judged_applies_as_well(house, admissions, corrections):
    delivery = house.deliver(admissions({"cost": "a lot"}))
    house.deliver(corrections({"_delivery_id": delivery, "_record_number": 1, "cost": "3.00"}), LATER)
    house.make_silver()
    assert str(house.row(silver.ENCOUNTERS)["cost_usd"]) == "3.00"
    house.assert_balanced()


def test_a_discarded_record_stays_discarded(house, corrections, held):
    house.lake.open(silver.QUARANTINE).update({"status": "'discarded'"})
    house.deliver(corrections({"_delivery_id": held, "_record_number": 2, "cost": "1"}), LATER)
    house.make_silver()
    assert house.row(silver.QUARANTINE)["status"] == "discarded"
    assert [row["encounter_id"] for row in house.rows(silver.ENCOUNTERS)] == ["E1"]
