"""Observations, procedures, medications and claims: what each resource tells, by its text."""

import json
from decimal import Decimal

import pytest

from mediflow_assets.transforms.fhir import claim, medication, observation, procedure
from mediflow_assets.transforms.fhir.resources import decoded

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
RXNORM, CVX = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://hl7.org/fhir/sid/cvx"


def concept(*codings, text=None):
    told = [{"system": system, "code": code, "display": f"of {code}"} for system, code in codings]
    return {"coding": told} | ({"text": text} if text else {})


def read(reader, **resource):
    """What a reader tells of a resource as it is delivered."""
    whole = {"subject": {"reference": "Patient/p1"}, "encounter": {"reference": "Encounter/e1"}} | resource
    return reader.read(decoded(json.dumps(whole)))


def observed(**resource):
    return read(observation, resourceType="Observation", **resource)


@pytest.mark.parametrize(
    ("value", "told", "unit"),
    [
        ({"valueQuantity": {"value": 6.30, "unit": "per cent", "code": "%"}}, "6.3", "%"),
        ({"valueQuantity": {"value": 5, "comparator": "<", "unit": "mg/L"}}, "<5", "mg/L"),
        ({"valueInteger": 3}, "3", None),
        ({"valueString": "clear"}, "clear", None),
        ({"valueBoolean": False}, "false", None),
        ({"valueCodeableConcept": concept((SNOMED, "260385009"), text="Negative")}, "Negative", None),
        ({"valueRange": {"low": {"value": 1, "code": "mg"}, "high": {"value": 2, "code": "mg"}}}, "1 mg to 2 mg", None),
        ({"valueSampledData": {"data": "1 2 3"}}, "[SampledData]", None),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}}, "1 / 128", None),
        ({"valuePeriod": {"start": "2024-01-02"}}, "2024-01-02 to ?", None),
        ({}, None, None),
    ],
)
def test_an_observation_has_one_value_of_whatever_type(value, told, unit):
    found = observed(code=concept((LOINC, "4548-4")), **value)
    assert (found.get("value"), found.get("unit")) == (told, unit)


def test_a_decimal_is_kept_to_the_digit_also_where_it_has_an_exponent():
    text = '{"code":{},"valueQuantity":{"value":%s}}'
    assert observation.read(decoded(text % "12.340"))["value"] == "12.340"
    assert observation.read(decoded(text % "1.2E+3"))["value"] == "1200"
    assert observation.read(decoded(text % "4e-3"))["value"] == "0.004"


def test_parts_of_a_blood_pressure_stand_side_by_side():
    parts = [
        {"code": concept((LOINC, code)), "valueQuantity": {"value": value, "code": "mm[Hg]"}}
        for code, value in (("8480-6", 120), ("8462-4", 80))
    ]
    assert observed(code=concept((LOINC, "85354-9")), component=parts)["components"] == (
        "8480-6=120 mm[Hg];8462-4=80 mm[Hg]"
    )


def test_parts_that_are_no_plain_numbers_are_told_as_words():
    below = {"code": concept((LOINC, "8480-6")), "valueQuantity": {"value": 40, "comparator": "<", "code": "mm[Hg]"}}
    answer = {"code": concept((LOINC, "44250-9")), "valueCodeableConcept": {"text": "Not at all"}}
    odd = {"code": concept((LOINC, "9272-6")), "valueQuantity": {"value": 9, "unit": "out of ten"}}
    found = observed(code=concept((LOINC, "85354-9")), component=[below, answer, odd])
    assert found["components"] is None
    assert found["part_texts"] == "8480-6: <40 mm[Hg]; 44250-9: Not at all; 9272-6: 9 out of ten"


@pytest.mark.parametrize(
    ("reader", "told"),
    [
        (procedure, {"status": "not-done"}),
        (procedure, {"status": "completed", "notDone": True}),
        (medication, {"resourceType": "MedicationAdministration", "status": "completed", "notGiven": True}),
        (medication, {"resourceType": "MedicationRequest", "status": "active", "doNotPerform": True}),
        (medication, {"resourceType": "MedicationRequest", "status": "draft"}),
        (medication, {"resourceType": "MedicationStatement", "status": "not-taken"}),
        (medication, {"resourceType": "MedicationStatement", "status": "active", "taken": "n"}),
        (medication, {"resourceType": "MedicationDispense", "status": "declined"}),
        (medication, {"resourceType": "Immunization", "status": "completed", "notGiven": True}),
        (observation, {"status": "entered-in-error"}),
    ],
)
def test_what_never_took_place_is_told_as_such(reader, told):
    assert read(reader, **told)["never_was"] == "true"


@pytest.mark.parametrize("status", ["completed", "active", "final", "stopped", "amended"])
def test_what_took_place_is_not(status):
    assert read(medication, resourceType="MedicationRequest", status=status, doNotPerform=False)["never_was"] is None


def test_a_medication_of_which_nobody_knows_whether_it_is_taken_stays():
    assert read(medication, resourceType="MedicationStatement", status="active", taken="unk")["never_was"] is None


def test_the_coding_of_the_system_that_counts_is_taken_wherever_it_stands():
    own = ("http://hospital.example/codes", "K-PLUS")
    found = observed(code=concept(own, (SNOMED, "59573005"), (LOINC, "2823-3")))
    assert (found["system"], found["code"], found.get("local_code")) == ("loinc", "2823-3", None)
    alone = observed(code=concept(own))
    assert (alone.get("code"), alone["local_code"], alone["description"]) == (None, "K-PLUS", "of K-PLUS")


@pytest.mark.parametrize(
    ("when", "begin"),
    [
        ({"effectiveDateTime": "2024-01-02"}, "2024-01-02"),
        ({"effectivePeriod": {"start": "2024-01-02T08:00:00Z"}}, "2024-01-02T08:00:00Z"),
        ({"effectiveInstant": "2024-01-02T08:00:00Z"}, "2024-01-02T08:00:00Z"),
        ({"effectiveTiming": {"event": ["2024-01-02"]}}, "2024-01-02"),
        ({"issued": "2024-01-03T00:00:00Z"}, "2024-01-03T00:00:00Z"),
        ({"effectivePeriod": {"end": "2024-01-02"}}, "2024-01-02"),
    ],
)
def test_an_observation_may_tell_its_time_in_many_ways(when, begin):
    assert observed(code={}, **when)["begin"] == begin


@pytest.mark.parametrize("name", ["performedPeriod", "occurrencePeriod"])
def test_a_procedure_has_a_begin_and_an_end_in_r4_and_in_r5(name):
    done = read(procedure, **{name: {"start": "2024-01-02T08:00:00Z", "end": "2024-01-02T09:00:00Z"}})
    assert (done["begin"], done["end"]) == ("2024-01-02T08:00:00Z", "2024-01-02T09:00:00Z")


ASPIRIN = concept((RXNORM, "1191"), text="Aspirin")


@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        ({"resourceType": "MedicationRequest", "medicationCodeableConcept": ASPIRIN, "authoredOn": "2024"}, "request"),
        (
            {
                "resourceType": "MedicationRequest",
                "contained": [{"resourceType": "Medication", "id": "m", "code": ASPIRIN}],
                "medicationReference": {"reference": "#m"},
                "authoredOn": "2024",
            },
            "request",
        ),
        ({"resourceType": "MedicationRequest", "medication": {"concept": ASPIRIN}, "authoredOn": "2024"}, "request"),
        (
            {
                "resourceType": "MedicationAdministration",
                "medicationCodeableConcept": ASPIRIN,
                "effectivePeriod": {"start": "2024"},
            },
            "administration",
        ),
        (
            {"resourceType": "MedicationDispense", "medicationCodeableConcept": ASPIRIN, "whenHandedOver": "2024"},
            "dispense",
        ),
        (
            {"resourceType": "MedicationStatement", "medicationCodeableConcept": ASPIRIN, "dateAsserted": "2024"},
            "statement",
        ),
    ],
)
def test_a_medication_is_found_wherever_the_resource_tells_it(resource, kind):
    found = read(medication, **resource)
    assert (found["kind"], found["system"], found["code"], found["begin"]) == (kind, "rxnorm", "1191", "2024")


def test_an_immunization_is_a_medication_of_its_patient():
    shot = {"resourceType": "Immunization", "patient": {"reference": "Patient/p2"}, "occurrenceDateTime": "2024-05-01"}
    found = medication.read(decoded(json.dumps(shot | {"vaccineCode": concept((CVX, "140"))})))
    assert (found["patient"], found["kind"], found["system"], found["code"]) == ("p2", "immunization", "cvx", "140")


def claimed(**told):
    whole = {"patient": {"reference": "Patient/p1"}, "created": "2024-01-02"} | told
    return claim.read(decoded(json.dumps(whole)))


def lines(*encounters):
    return [{"encounter": [{"reference": f"Encounter/{each}"}]} for each in encounters]


def test_a_claim_tells_its_total_and_its_one_encounter():
    found = claimed(
        resourceType="Claim", use="claim", item=lines("e1", "e1"), total={"value": 77.49, "currency": "USD"}
    )
    assert (found["kind"], found["encounter"], found["total"], found["paid"]) == ("claim", "e1", "77.49", None)
    assert claimed(resourceType="Claim", item=lines("e1", "e2"))["encounter"] is None


def test_a_claim_without_a_total_costs_what_its_lines_do():
    each = [{"net": {"value": value, "currency": "USD"}} for value in (30, 12.5)]
    assert claimed(resourceType="Claim", item=each)["total"] == "42.5"
    assert claimed(resourceType="Claim", item=[*each, {}])["total"] is None


def test_a_claim_is_of_the_type_that_a_published_code_or_its_words_say():
    def type_of(**coding):
        return claimed(resourceType="Claim", type={"coding": [coding]})["type"]

    assert type_of(system="http://terminology.hl7.org/CodeSystem/claim-type", code="pharmacy") == "pharmacy"
    assert type_of(system="http://hl7.org/fhir/ex-claimtype", code="vision") == "vision"
    assert type_of(system="https://house.example/kinds", code="7", display="Pharmacy") == "pharmacy"
    assert type_of(system="https://house.example/kinds", code="7") is None


def test_what_asks_beforehand_is_no_claim():
    assert claimed(resourceType="Claim", use="preauthorization")["kind"] == "preauthorization"


def test_what_came_back_tells_what_was_paid_apart_from_what_was_billed():
    billed = {"category": {"coding": [{"code": "submitted"}]}, "amount": {"value": 77.49, "currency": "USD"}}
    paid = {"amount": {"value": 61.99, "currency": "USD"}}
    found = claimed(resourceType="ExplanationOfBenefit", total=[billed], payment=paid, item=lines("e1"))
    assert (found["kind"], Decimal(found["total"]), Decimal(found["paid"])) == (
        "benefit",
        Decimal("77.49"),
        Decimal("61.99"),
    )


def test_a_benefit_tells_which_claim_it_answers_and_what_it_was_asked_for():
    told = claimed(resourceType="ExplanationOfBenefit", use="preauthorization", claim={"reference": "Claim/c7"})
    assert (told["kind"], told["answers"]) == ("preauthorization", "Claim/c7")
    assert claimed(resourceType="ExplanationOfBenefit", use="claim")["kind"] == "benefit"


def test_stu3_says_use_and_amounts_in_its_own_words():
    old = {"value": 12.5, "code": "USD", "system": "urn:iso:std:iso:4217"}
    found = claimed(resourceType="Claim", use="complete", total=old)
    assert (found["kind"], found["total"], found["currency"]) == ("claim", "12.5", "USD")
    assert claimed(resourceType="Claim", use="proposed")["kind"] == "preauthorization"
    back = claimed(resourceType="ExplanationOfBenefit", totalCost=old, totalBenefit=old | {"value": 10})
    assert (back["kind"], back["total"], back["paid"]) == ("benefit", "12.5", "10")


def test_amounts_of_two_currencies_are_told_as_such():
    other = {"amount": {"value": 1, "currency": "EUR"}}
    total = [{"category": {"coding": [{"code": "submitted"}]}, "amount": {"value": 2, "currency": "USD"}}]
    assert claimed(resourceType="ExplanationOfBenefit", total=total, payment=other)["currency"] == "EUR USD"
