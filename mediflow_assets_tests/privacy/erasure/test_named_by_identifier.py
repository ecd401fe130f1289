"""Who is named by an identifier alone is erased with the patient who bears it, and refused later."""

import json
import shutil

import pytest

from mediflow_assets.contracts import clinical, silver
from mediflow_assets.contracts.fhir import FHIR_RESOURCES
from mediflow_assets.privacy.erasure.erase import Request, begin
from mediflow_assets_tests.privacy.erasure.conftest import Hospital

NUMBER, OTHER, FAMILY = "HOUSE-4711001", "HOUSE-4711002", "FAMILY-99881"
SYSTEM = "https://house.example/numbers"


def identifier(value):
    return {"system": SYSTEM, "value": value}


def result(id_, subject):
    code = {"coding": [{"system": "http://loinc.org", "code": "2160-0"}]}
    about = {"code": code, "valueString": "high", "effectiveDateTime": "2024-01-02", "subject": subject}
    return {"resourceType": "Observation", "id": id_} | about


def patient(id_, *numbers):
    return {"resourceType": "Patient", "id": id_, "gender": "female", "identifier": [*map(identifier, numbers)]}


RESULTS = (
    result("of-gone-1", {"identifier": identifier(NUMBER)}),
    result("of-gone-2", {"reference": f"Patient?identifier={SYSTEM}|{NUMBER}"}),
    result("of-gone-3", {"identifier": identifier(NUMBER), "type": "Patient", "display": "A"}),
    result("of-stays", {"identifier": identifier(OTHER)}),
    result("of-both", {"identifier": identifier(FAMILY)}),
)


def deliver(house, *resources):
    house.receive("\n".join(map(json.dumps, resources)), name="some.ndjson")


@pytest.mark.parametrize("is_later", [False, True])
def test_what_names_an_erased_patient_by_an_identifier_goes_or_is_refused(house, is_later):
    hospital = Hospital(house)
    deliver(house, patient("patient-gone", NUMBER, FAMILY), patient("patient-stays", OTHER, FAMILY))
    if not is_later:
        deliver(house, *RESULTS)
    hospital.land()
    house.make_silver()
    shutil.rmtree(hospital.root / "dropped")
    begin(hospital.place, Request(("patient-gone",), "consent", "T-1", "eva"))
    assert hospital.finish(is_refreshed=False).hits == 0
    if is_later:
        deliver(house, *RESULTS)
        hospital.land()
    house.make_silver()
    assert "of-stays" in {row["observation_id"] for row in house.rows(clinical.OBSERVATIONS)}
    ids = {row["resource_id"] for row in house.rows(FHIR_RESOURCES)}
    assert ids == {"patient-stays", "of-stays", "of-both"}, "an identifier of two patients proves nothing"
    assert NUMBER not in str([house.rows(table) for table in (*silver.TABLES, FHIR_RESOURCES)])
    house.assert_balanced()
