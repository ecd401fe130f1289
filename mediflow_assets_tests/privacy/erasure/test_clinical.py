"""What befell an erased patient goes with them from every clinical table, and nobody else's does."""

import json
import shutil

import pytest

from mediflow_assets.contracts import bronze, clinical, masked, silver
from mediflow_assets.privacy.erasure.erase import Request, begin
from mediflow_assets_tests.privacy.erasure.conftest import Hospital

GONE, STAYS = "PAT-7000001", "PAT-7000002"
FHIR_GONE = "fhir-gone-4711"


@pytest.fixture
def hospital(house, synthea_patients):
    house.deliver(synthea_patients({"id": GONE}, {"id": STAYS, "first": "Bo"}))
    for header, record in (
        ("DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE",
         "2024-01-02,{0},E-{0},laboratory,2160-0,Creatinine,1.2,mg/dL,numeric"),
        ("START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION,BASE_COST,REASONCODE,REASONDESCRIPTION",
         "2024-01-02,,{0},E-{0},265764009,Renal dialysis,903,,"),
        ("DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,BASE_COST", "2024-01-02,{0},E-{0},140,Influenza,140.52"),
        ("START,STOP,PATIENT,ENCOUNTER,CODE,SYSTEM,DESCRIPTION,TYPE,CATEGORY,REACTION1,DESCRIPTION1,SEVERITY1",
         "2024-01-02,,{0},E-{0},111088007,SNOMED-CT,Latex,allergy,environment,418290006,Itching,MILD"),
        ("Id,PATIENTID,APPOINTMENTID,SERVICEDATE,STATUS1,OUTSTANDING1",
         "C-{0},{0},E-{0},2024-01-02T08:00:00Z,CLOSED,0"),
        ("ID,CLAIMID,PATIENTID,TYPE,AMOUNT,FROMDATE,APPOINTMENTID", "L-{0},C-{0},{0},CHARGE,1,2024-01-02,E-{0}"),
    ):  # fmt: skip
        house.deliver("\n".join((header, record.format(GONE), record.format(STAYS), "")))
    adt = "MSH|^~\\&|A||||20240102||ADT^A01|{0}|P|2.5\rPID|1||{0}^^^SYNTHEA\rPV1|1|I|CARD" + "|" * 16 + "E-{0}"
    house.deliver("\r".join((adt.format(GONE), adt.format(STAYS))))
    about = {"subject": {"reference": f"Patient/{FHIR_GONE}"}, "effectiveDateTime": "2024-01-02"}
    code = {"coding": [{"system": "http://loinc.org", "code": "2160-0"}]}
    resources = (
        {"resourceType": "Patient", "id": FHIR_GONE, "gender": "female"},
        {"resourceType": "Observation", "id": "o1", "code": code, "valueString": "high"} | about,
    )
    house.deliver("\n".join(map(json.dumps, resources)), name="some.ndjson")
    house.make_silver()
    house.make_gold()
    return Hospital(house)


def test_an_erased_patient_leaves_no_row_in_any_clinical_table(hospital):
    house = hospital.house
    assert len(house.rows(clinical.OBSERVATIONS)) == 3
    shutil.rmtree(hospital.root / "dropped", ignore_errors=True)
    begin(hospital.place, Request((GONE, FHIR_GONE), "consent", "T-1", "eva"))
    assert hospital.finish(is_refreshed=False).hits == 0
    for table in clinical.TABLES:
        assert {row["patient_id"] for row in house.rows(table)} == {STAYS}, table.name
        assert {row["patient_key"] for row in house.rows(masked.masked(table))} == {house.key.pseudonym_of(
            "patient", "synthea", STAYS)}, table.name  # fmt: skip
        for source in bronze.sources_of(table):
            left = str(house.rows(source.table))
            assert GONE not in left and FHIR_GONE not in left, source.name
    assert not any(GONE in str(house.rows(table)) for table in silver.TABLES)
    house.assert_balanced()
