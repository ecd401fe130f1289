"""Encounters whose department another resource names: they follow it, whichever comes first."""

import datetime as dt
import json

import pytest

from mediflow_assets.contracts import silver
from mediflow_assets.transforms.fhir import encounter
from mediflow_assets_tests.house import RECEIVED

PATIENT = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1980-02-03"}


def stay(id_="e1", **told):
    whole = {
        "resourceType": "Encounter",
        "id": id_,
        "status": "finished",
        "class": {"code": "IMP"},
        "subject": {"reference": "Patient/p1"},
        "period": {"start": "2024-01-02T08:00:00Z", "end": "2024-01-05T08:00:00Z"},
    }
    return whole | told


def at(id_):
    return {"location": [{"location": {"reference": f"Location/{id_}"}}]}


def by(id_):
    return {"serviceProvider": {"reference": f"Organization/{id_}"}}


def place(name, id_="l1", type_="Location", **told):
    return {"resourceType": type_, "id": id_, "name": name} | told


def delivered(house, *resources, later=0):
    text = "\n".join(json.dumps(each) for each in resources)
    house.deliver(text, RECEIVED + dt.timedelta(days=later), "delivery.ndjson")
    house.make_silver()
    return {row["encounter_id"]: row["department"] for row in house.rows(silver.ENCOUNTERS)}


def test_a_stay_is_in_the_ward_that_it_names_whichever_is_told_first(house):
    assert delivered(house, PATIENT, stay(**at("l1"))) == {"e1": "GENERAL_MEDICINE"}
    assert delivered(house, place("Ward 3")) == {"e1": "WARD 3"}
    assert delivered(house, stay("e2", **at("l1"))) == {"e1": "WARD 3", "e2": "WARD 3"}
    assert delivered(house, place("Ward 4"), later=1) == {"e1": "WARD 4", "e2": "WARD 4"}
    assert house.row(silver.ENCOUNTERS, encounter_id="e1")["derived"].startswith("department")
    house.assert_balanced()


def test_a_stay_in_a_bed_is_of_the_organisation_that_provides_it(house):
    bed = {"coding": [{"code": "bd"}]}
    both = at("l1") | by("o1")
    told = delivered(
        house, PATIENT, stay(**both), place("Bed 7", physicalType=bed), place("Cardiology", "o1", "Organization")
    )
    assert told == {"e1": "CARDIOLOGY"}


def test_what_a_stay_tells_itself_goes_before_what_its_place_is_called(house):
    told = delivered(house, PATIENT, place("Ward 3"), stay(serviceType={"text": "Oncology"}, **at("l1")))
    assert told == {"e1": "ONCOLOGY"}
    assert house.row(silver.ENCOUNTERS)["named_places"] is None


@pytest.mark.parametrize(
    ("told", "named"),
    [
        (at("l1") | by("o1"), "Location/l1 Organization/o1"),
        (by("o1"), "Organization/o1"),
        ({"serviceProvider": {"reference": "Organization/o1", "display": "A Hospital"}}, None),
        ({"location": [{"location": {"reference": "Location/l1"}, "status": "planned"}]}, None),
        ({}, None),
    ],
)
def test_places_are_named_where_no_words_tell_them(told, named):
    assert encounter.read(stay(**told))["named_places"] == named
