"""Whoever is to be erased is found, however short the id, and in texts that hold a record in one piece."""

import json
from typing import Any

import pytest

from mediflow_assets.privacy.erasure.subjects import find_subjects

RESOURCES = [
    {"resourceType": "Patient", "id": "p7", "gender": "female"},
    {"resourceType": "Encounter", "id": "e1", "subject": {"reference": "Patient/p7"}, "status": "finished"},
    {"resourceType": "Patient", "id": "p77", "gender": "male"},
    {"resourceType": "Observation", "id": "p7", "subject": {"reference": "Patient/p77"}},
]


@pytest.mark.parametrize("asked", ["p7", "P7", " p7 "])
def test_a_patient_of_a_short_id_is_found_in_bronze_alone(house: Any, asked: str) -> None:
    house.deliver("".join(json.dumps(each) + "\n" for each in RESOURCES), name="export.ndjson")
    found = find_subjects(house.lake, [asked], house.key)
    assert (found.found, found.spellings, found.encounters) == ({"P7"}, {"p7"}, {"e1"})
