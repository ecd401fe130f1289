"""Every reason against a record of a clinical table has a record here that is quarantined for just that."""

import json

import pytest

from mediflow_assets.contracts import clinical
from mediflow_assets.pipeline import silver as steps
from mediflow_assets.pipeline.silver_tables import CLINICAL
from mediflow_assets_tests.pipeline.clinical_cases import (
    BENEFIT,
    FHIR_TO_CLAIMS,
    HL7_TO_LOCATIONS,
    OF_SYNTHEA,
    transfer,
)
from mediflow_assets_tests.pipeline.test_reasons import expected, found, numbered
from mediflow_assets_tests.samples import csv_text

pytestmark = pytest.mark.slow


def test_each_broken_rule_of_a_clinical_table_is_its_reason(house, synthea_patients):
    house.deliver(synthea_patients({"Id": "P1"}))
    deliveries = []
    for _, good, cases in OF_SYNTHEA:
        ids = {name: "X" for name in ("Id", "ID") if name in good}
        deliveries.append(house.deliver(csv_text(good, (*numbered(cases, **ids), dict.fromkeys(ids, "X0")))))
    house.make_silver(steps.PATIENTS, *CLINICAL)
    for (contract, _, cases), delivery in zip(OF_SYNTHEA, deliveries, strict=True):
        assert found(house, contract, delivery) == expected(cases), contract.name
        assert len(house.rows(contract)) == 1, contract.name
    house.assert_balanced()


def test_each_broken_rule_of_what_a_payer_answered_is_its_reason(house):
    patient = {"resourceType": "Patient", "id": "P1", "gender": "female"}
    told = [changed | {"id": f"b{n}"} for n, (_, changed) in enumerate(FHIR_TO_CLAIMS)]
    resources = [*(BENEFIT | each for each in told), BENEFIT | {"id": "good"}, patient]
    delivery = house.deliver("\n".join(map(json.dumps, resources)), name="delivery.ndjson")
    house.make_silver()
    assert found(house, clinical.CLAIMS, delivery) == expected(FHIR_TO_CLAIMS)
    assert len(house.rows(clinical.CLAIMS)) == 1
    house.assert_balanced()


def test_each_broken_rule_of_where_a_patient_is_is_its_reason(house):
    told = [transfer(**changed) for _, changed in HL7_TO_LOCATIONS]
    delivery = house.deliver("\r".join([*told, transfer()]), name="delivery.hl7")
    house.make_silver()
    assert found(house, clinical.ENCOUNTER_LOCATIONS, delivery) == expected(HL7_TO_LOCATIONS)
    assert [row["encounter_id"] for row in house.rows(clinical.ENCOUNTER_LOCATIONS)] == ["V1"]
    house.assert_balanced()
