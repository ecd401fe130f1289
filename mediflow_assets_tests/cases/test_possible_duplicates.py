"""What is known by patient, time and department alone may stand twice once one of these is corrected: that is told."""

import json

import pytest

from mediflow_assets.contracts import operational, silver
from mediflow_assets.pipeline.possible_duplicates import possible_duplicates
from mediflow_assets.pipeline.silver_tables import ENCOUNTERS, PATIENTS
from mediflow_assets.sources.feeds import Feeds
from mediflow_assets.sources.systems import System

STAY = {"patient_id": "P1", "encounter_id": "", "admission_date": "2024-01-10", "discharge_date": "2024-01-15"}


def told(house):
    """How many encounters the last check counted."""
    results = [r for r in house.rows(operational.CHECK_RESULTS) if r["check_name"] == "possible_duplicate"]
    assert {r["severity"] for r in results} == {"warn"}
    return max(results, key=lambda r: r["checked_at"])["failing"]


@pytest.mark.parametrize(
    ("later", "wanted"),
    [
        ({"department": "ONCOLOGY"}, 2),
        ({"admission_date": "2024-01-11"}, 2),
        ({"admission_date": "2024-01-10T08:30:00"}, 2),
        ({"cost": "5"}, 0),
        ({"admission_date": "2024-01-15", "discharge_date": "2024-01-18"}, 0),
        ({"patient_id": "P2", "department": "ONCOLOGY"}, 0),
        ({"encounter_id": "E1"}, 2),
        ({"department": "ONCOLOGY", "status": "cancelled"}, 0),
    ],
)
def test_a_stay_that_overlaps_another_without_an_id_is_told(house, admissions, later, wanted):
    first = house.deliver(admissions(STAY))
    second = house.deliver(admissions(STAY | later))
    made = house.make_silver()
    assert told(house) == wanted and not any(each.has_failed for each in made)
    rows = possible_duplicates(house.lake).rows()
    assert sorted(rows) == sorted((1, delivery, 1) for delivery in (first, second)[:wanted])


def test_two_visits_of_one_day_are_two(house, admissions):
    times = [{"admission_date": f"2024-01-10T{hour}:00:00Z", "discharge_date": ""} for hour in ("08", "20")]
    house.deliver(admissions(*(STAY | each for each in times)))
    house.make_silver()
    assert told(house) == 0 and len(house.rows(silver.ENCOUNTERS)) == 2


def test_stays_of_fhir_without_an_id_are_told_under_a_record_number(house):
    stay = {"resourceType": "Encounter", "status": "finished", "class": {"code": "IMP"}}
    stay |= {"subject": {"reference": "Patient/a"}, "period": {"start": "2024-01-10", "end": "2024-01-15"}}
    numbered = {"resourceType": "Patient", "id": "a", "identifier": [{"system": "mrn", "value": "P1"}]}
    later = {"period": {"start": "2024-01-12", "end": "2024-01-15"}}
    house = house.with_feeds(Feeds(systems={"fhir": System(record_number="mrn")}))
    house.deliver(
        "\n".join(map(json.dumps, (numbered, stay, stay | later, stay | later | {"id": "e1"}))), name="r.ndjson"
    )
    house.make_silver(PATIENTS, ENCOUNTERS)
    assert len(house.rows(silver.ENCOUNTERS)) == 3 and len(possible_duplicates(house.lake)) == 3
