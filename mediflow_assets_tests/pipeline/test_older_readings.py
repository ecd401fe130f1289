"""Lakes whose FHIR resources an older release read otherwise: a run validates them again, once."""

import json
import re

import pytest
from pyspark.sql import functions as F

from mediflow_assets.contracts import clinical, silver
from mediflow_assets.contracts.fhir import FHIR_RESOURCES
from mediflow_assets.pipeline import older_readings, rebuild
from mediflow_assets.sources import fhir_records
from mediflow_assets.transforms.fhir import codings, rows

OF_CERTAINTY = "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit"
SUBJECT = {"subject": {"reference": "Patient/p1"}}
TABLES = (silver.PATIENTS, silver.CONDITIONS, clinical.OBSERVATIONS, clinical.PROCEDURES, clinical.CLAIMS)


def alive_again(version, **told):
    meta = {"versionId": str(version), "lastUpdated": f"2024-02-0{version}T00:00:00Z"}
    return {"resourceType": "Patient", "id": "p1", "gender": "female", "meta": meta, **told}


def diagnosis(id_, code, certainty):
    extension = [{"url": OF_CERTAINTY, "valueCoding": {"code": certainty}}]
    coding = {"system": "http://fhir.de/CodeSystem/bfarm/icd-10-gm", "code": code, "extension": extension}
    told = {"resourceType": "Condition", "id": id_, "code": {"coding": [coding]}, "recordedDate": "2024-01-03"}
    return told | SUBJECT


def put(system):
    numbered = {"identifier": [{"system": system, "value": "4711"}]}
    resource = {"resourceType": "Patient", "gender": "male"} | numbered
    return {"resource": resource, "request": {"method": "PUT", "url": f"Patient?identifier={system}|4711"}}


PUT_PLAINLY = {
    "resource": {"resourceType": "Patient", "gender": "male", "identifier": [{"system": "urn:c", "value": "4712"}]},
    "request": {"method": "PUT", "url": "Patient/4712"},
}
RESOURCES = (
    alive_again(1, deceasedDateTime="2024-01-01"),
    alive_again(2, deceasedBoolean=False),
    diagnosis("c1", "I10.90", "A"),
    diagnosis("c2", "I11.9", "G"),
)
BUNDLE = {"resourceType": "Bundle", "type": "transaction", "entry": [put("urn:a"), put("urn:b"), PUT_PLAINLY]}


def told(house):
    dead = {row["patient_id"]: row["death_date"] is not None for row in house.rows(silver.PATIENTS)}
    return dead, {row["condition_id"] for row in house.rows(silver.CONDITIONS)}


@pytest.fixture
def older(house, monkeypatch):
    """A house in which an older release has read resources."""
    with monkeypatch.context() as before:
        before.setattr(rows, "_whole", lambda: F.lit(None).cast("string"))
        before.setattr(codings, "is_ruled_out", lambda concepts: False)
        before.setattr(fhir_records, "id_put", lambda kind, full_url, url: url and re.split(r"[|/]", url)[-1])
        house.deliver("\n".join(json.dumps(each) for each in RESOURCES), name="lines.ndjson")
        house.deliver(json.dumps(BUNDLE), name="bundle.json")
        before.setattr("mediflow_assets.contracts.borne.id_put", lambda kept, identifiers: kept)
        house.make_silver()
    for contract in TABLES:
        house.lake.set_properties(contract, fhir_reading=1)
    return house


def test_what_was_read_otherwise_is_put_right_by_the_next_run(older):
    assert told(older) == ({"p1": True, "4711": False, "4712": False}, {"c1", "c2"})
    older.make_silver()
    assert told(older) == ({"p1": False, "urn:a|4711": False, "urn:b|4711": False, "4712": False}, {"c2"})
    assert {row["resource_id"] for row in older.rows(FHIR_RESOURCES)} == {"p1", "c1", "c2", "4711", "4712"}
    older.assert_balanced()


def test_they_are_validated_again_once_and_only_where_there_are_any(older):
    older_readings.ask_if_older(older.lake, silver.PATIENTS)
    assert rebuild.is_asked_for(older.lake, silver.PATIENTS)
    older.make_silver()
    before = [older.lake.version(contract) for contract in TABLES]
    assert all(made.is_unchanged for made in older.make_silver() if made.contract in TABLES)
    assert [older.lake.version(contract) for contract in TABLES] == before


def test_a_lake_without_resources_is_not_validated_again(house, admissions):
    house.deliver(admissions({"patient_id": "P1", "encounter_id": "E1"}))
    house.make_silver()
    house.lake.set_properties(silver.PATIENTS, fhir_reading=1)
    older_readings.ask_if_older(house.lake, silver.PATIENTS)
    assert not rebuild.is_asked_for(house.lake, silver.PATIENTS)
