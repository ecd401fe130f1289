"""Of who is erased nothing is left of what they once were, nor of what their source has deleted."""

import json
import shutil

import pytest

from mediflow_assets.contracts import silver
from mediflow_assets.privacy.erasure.erase import Request, begin
from mediflow_assets_tests.privacy.erasure.conftest import Hospital
from mediflow_assets_tests.privacy.erasure.test_whose_ids import fhir, people

GONE, STAYS = "fhir-person-1", "fhir-person-2"


def condition(id_, of):
    coded = {"code": {"coding": [{"code": "I10"}]}, "onsetDateTime": "2020-02-03"}
    return {"resourceType": "Condition", "id": id_, "subject": {"reference": f"Patient/{of}"}} | coded


def deleted(*addresses):
    entries = [{"request": {"method": "DELETE", "url": each}} for each in addresses]
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries})


@pytest.mark.slow
def test_older_values_and_deletions_go_with_a_person(house):
    for phone in ("555-0100-771", "555-0100-772"):
        for who in (GONE, STAYS):
            number = phone if who == GONE else phone.replace("77", "88")
            house.deliver(fhir(who, telecom=[{"value": number}]), name="patients.ndjson")
    told = [condition("condition-of-1", GONE), condition("condition-of-2", STAYS)]
    # of the one the deletion comes first, and of the other it is all that is known
    house.deliver(deleted("Condition/condition-of-1", "Condition/condition-of-2", "Encounter/no-such-stay"))
    house.make_silver()
    house.deliver("\n".join(map(json.dumps, told)), name="c.ndjson")
    house.make_silver()
    hospital = Hospital(house)
    versions = silver.VERSIONS[silver.CONDITIONS.name]
    assert {row["condition_id"] for row in house.rows(versions)} == {"condition-of-1", "condition-of-2"}
    assert hospital.left_of("555-0100-771", "condition-of-1")
    shutil.rmtree(hospital.root / "dropped")
    begin(hospital.place, Request((GONE,), "consent", "T-1", "eva"))
    proof = hospital.finish(is_refreshed=False)
    assert (proof.hits, people(hospital)) == (0, {("fhir", STAYS)})
    assert hospital.left_of("555-0100-771", "555-0100-772", "condition-of-1") == {}
    assert hospital.left_of("555-0100-881", "condition-of-2")
    assert {row["condition_id"] for row in house.rows(versions)} == {"condition-of-2"}
    house.make_silver()
    house.assert_balanced()
