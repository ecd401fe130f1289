"""Clinical resources of FHIR in Silver, and what claims tell of the cost of encounters."""

import datetime as dt
import json
from collections import Counter
from decimal import Decimal

import pytest

from mediflow_assets.contracts import clinical, masked, silver
from mediflow_assets.pipeline import gold, named_medications
from mediflow_assets.transforms.fhir.clinical import with_named
from mediflow_assets_tests.end_to_end.conftest import DATA
from mediflow_assets_tests.house import RECEIVED

PATIENT = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1980-02-03"}
OLDER = {"meta": {"lastUpdated": "2024-01-06T00:00:00Z"}}
STAY = {
    "resourceType": "Encounter",
    "id": "e1",
    "status": "finished",
    "class": {"code": "IMP"},
    "subject": {"reference": "Patient/p1"},
    "period": {"start": "2024-01-02T08:00:00Z", "end": "2024-01-05T08:00:00Z"},
}


CLAIM_TYPE = "http://terminology.hl7.org/CodeSystem/claim-type"


def claim(id_, value=None, **told):
    total = {} if value is None else {"total": {"value": value, "currency": "USD"}}
    whole = {
        "resourceType": "Claim",
        "id": id_,
        "use": "claim",
        "status": "active",
        "patient": {"reference": "Patient/p1"},
        "created": "2024-01-05",
        "item": [{"encounter": [{"reference": "Encounter/e1"}]}],
    }
    return whole | total | told


def delivered(house, *resources):
    house.deliver("\n".join(json.dumps(each) for each in resources), name="delivery.ndjson")
    house.make_silver()
    house.assert_balanced()


def shown_costs(house):
    (build,) = (each for each in gold.MASKED if each.contract is masked.ENCOUNTERS)
    gold.make(house.context, build)
    return [row["cost_usd"] for row in house.rows(masked.ENCOUNTERS)]


def shown_cost(house):
    (cost,) = shown_costs(house)
    return cost


def test_an_encounter_without_a_cost_costs_the_sum_of_its_claims(house):
    delivered(house, PATIENT, STAY, claim("c1", 100.10), claim("c2", 20), claim("c3", 9, use="preauthorization"))
    assert shown_cost(house) == Decimal("120.10")
    assert [row["cost_usd"] for row in house.rows(silver.ENCOUNTERS)] == [None], "Silver says what was told"


def test_what_a_pharmacy_bills_is_no_cost_of_the_encounter_and_is_kept_as_a_claim(house):
    of = {name: {"type": {"coding": [{"system": CLAIM_TYPE, "code": name}]}} for name in clinical.CLAIM_TYPES}
    billed = (claim(name, 10**place, **told) for place, (name, told) in enumerate(of.items()))
    delivered(house, PATIENT, STAY, *billed)
    assert shown_cost(house) == Decimal("11011.00"), "all but the 100 of the pharmacy"
    kept = {row["claim_type"]: row["total_usd"] for row in house.rows(clinical.CLAIMS)}
    assert kept["pharmacy"] == Decimal("100.00") and kept.keys() == of.keys()


def test_an_encounter_of_which_a_pharmacy_alone_billed_tells_no_cost(house):
    delivered(house, PATIENT, STAY, claim("c1", 9, type={"coding": [{"system": CLAIM_TYPE, "code": "pharmacy"}]}))
    assert shown_cost(house) is None


def test_a_claim_that_is_told_again_counts_once_and_one_in_error_not_at_all(house):
    delivered(house, PATIENT, STAY, claim("c1", 100.10, **OLDER), claim("c2", 20, **OLDER))
    newer = {"meta": {"lastUpdated": "2024-02-01T00:00:00Z"}}
    delivered(house, claim("c1", 90, **newer), claim("c2", 20, status="entered-in-error", **newer))
    assert shown_cost(house) == Decimal("90.00")


def test_two_payers_that_answer_one_claim_tell_of_one_amount(house):
    def answer(id_, of):
        billed = {"category": {"coding": [{"code": "submitted"}]}, "amount": {"value": 50, "currency": "USD"}}
        return claim(id_, resourceType="ExplanationOfBenefit", total=[billed], claim={"reference": f"Claim/{of}"})

    delivered(house, PATIENT, STAY, answer("b1", "c1"), answer("b2", "c1"), answer("b3", "c2"))
    assert shown_cost(house) == Decimal("100.00")


ASPIRIN = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1191"}]}
ABOUT = {"subject": {"reference": "Patient/p1"}, "medicationCodeableConcept": ASPIRIN}


def test_resources_of_two_types_that_bear_one_id_are_two(house):
    given = {"resourceType": "MedicationAdministration", "id": "m1", "effectiveDateTime": "2024-01-03"} | ABOUT
    ordered = {"resourceType": "MedicationRequest", "id": "m1", "authoredOn": "2024-01-02"} | ABOUT
    delivered(house, PATIENT, ordered, given | OLDER)
    assert {row["kind"] for row in house.rows(clinical.MEDICATIONS)} == {"request", "administration"}
    newer = {"status": "entered-in-error", "meta": {"lastUpdated": "2024-06-01T00:00:00Z"}}
    delivered(house, given | newer)
    assert [row["kind"] for row in house.rows(clinical.MEDICATIONS)] == ["request"]


def named(id_, medication="med2", **told):
    about = {"subject": {"reference": "Patient/p1"}, "authoredOn": "2024-01-02"}
    reference = {"reference": f"Medication/{medication}"} | told
    return {"resourceType": "MedicationRequest", "id": id_, "medicationReference": reference} | about


def drug(code="860975", id_="med2", **told):
    coding = {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": code}
    return {"resourceType": "Medication", "id": id_, "code": {"coding": [coding], "text": f"drug {code}"}} | told


def codes(house):
    names = ("medication_id", "code", "system", "text")
    found = (tuple(row.values()) for row in house.rows(clinical.MEDICATIONS, *names))
    return {id_.removeprefix("MedicationRequest/"): told for id_, *told in found}


def test_a_medication_that_another_resource_tells_has_its_code_whichever_comes_first(house):
    told = ["860975", "rxnorm", "drug 860975"]
    delivered(house, PATIENT, named("m1"), named("m2", display="Metformin"), named("m3", "med9"))
    assert codes(house) == {"m2": [None, None, "Metformin"]}
    assert {*map(tuple, house.reasons(clinical.MEDICATIONS).values())} == {("medication_not_arrived",)}
    delivered(house, drug())
    assert codes(house) == {"m1": told, "m2": told}
    delivered(house, named("m4"), drug("1191", "med9"))
    assert codes(house) == {"m1": told, "m2": told, "m3": ["1191", "rxnorm", "drug 1191"], "m4": told}
    delivered(house, drug("197361", meta={"lastUpdated": "2024-06-30T00:00:00Z"}), named("m5"))
    assert codes(house)["m1"] == codes(house)["m5"] == told, "a claim older than what came before it"
    later = RECEIVED + dt.timedelta(days=1)
    house.deliver(json.dumps(drug("197361")) + "\n" + json.dumps(drug("1", "med8")), later, "later.ndjson")
    house.make_silver()
    house.assert_balanced()
    assert {told[0] for id_, told in codes(house).items() if id_ != "m3"} == {"197361"}


@pytest.mark.parametrize("now", [{"status": "entered-in-error"}, {"code": None, "ingredient": [{}]}, {"code": []}])
def test_a_medication_that_tells_nothing_any_more_stops_nothing(house, now):
    delivered(house, PATIENT, named("m1"), named("m2", display="Metformin"), drug(**OLDER))
    told = ["860975", "rxnorm", "drug 860975"]
    house.deliver(
        "\n".join(json.dumps(each) for each in (drug() | now, named("m3"), named("m4", "med9"))), name="b.ndjson"
    )
    assert not any(made.has_failed for made in house.make_silver())
    house.assert_balanced()
    assert codes(house) == {"m1": told, "m2": told}
    assert {*map(tuple, house.reasons(clinical.MEDICATIONS).values())} == {("medication_not_arrived",)}
    delivered(house, drug("1191", meta={"lastUpdated": "2024-08-01T00:00:00Z"}))
    assert {*map(tuple, codes(house).values())} == {("1191", "rxnorm", "drug 1191")}


def test_medications_are_looked_at_again_only_when_a_medication_has_come(house, monkeypatch):
    delivered(house, PATIENT, named("m1"), drug())
    looked = []
    monkeypatch.setattr(named_medications, "with_named", lambda rows, told: looked.append(1) or with_named(rows, told))
    stay = STAY | {"subject": {"reference": "Patient/p1"}}
    delivered(house, stay)
    assert looked == []
    delivered(house, drug("1191", meta={"lastUpdated": "2024-08-01T00:00:00Z"}))
    assert looked and codes(house)["m1"][0] == "1191"


def test_a_code_whose_check_digit_is_wrong_is_of_no_system(house):
    def result(id_, system, code):
        coding = {"coding": [{"system": system, "code": code}]}
        about = {"subject": {"reference": "Patient/p1"}, "effectiveDateTime": "2024-01-03", "valueInteger": 1}
        return {"resourceType": "Observation", "id": id_, "code": coding} | about

    loinc, snomed = "http://loinc.org", "http://snomed.info/sct"
    delivered(
        house, PATIENT, result("a", loinc, "8867-4"), result("b", loinc, "8867-5"), result("c", snomed, "6175550100")
    )
    found = {row["observation_id"]: (row["code"], row["local_code"]) for row in house.rows(clinical.OBSERVATIONS)}
    assert found == {"a": ("8867-4", None), "b": (None, "8867-5"), "c": (None, "6175550100")}


def test_amounts_of_another_currency_are_refused_and_not_added(house):
    delivered(house, PATIENT, STAY, claim("c1", total={"value": 5, "currency": "EUR"}))
    assert list(house.reasons(clinical.CLAIMS).values()) == [["currency_not_usd"]]


def test_a_result_told_in_error_is_no_result(house):
    result = {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2160-0"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2024-01-03T08:00:00Z",
        "valueQuantity": {"value": 1.2, "code": "mg/dL"},
    }
    delivered(house, PATIENT, result | OLDER)
    assert [row["value"] for row in house.rows(clinical.OBSERVATIONS)] == [Decimal("1.2")]
    delivered(house, result | {"status": "entered-in-error", "meta": {"lastUpdated": "2024-02-01T00:00:00Z"}})
    assert house.rows(clinical.OBSERVATIONS) == []


@pytest.mark.skipif(not DATA.is_dir(), reason="the real files are not here")
def test_real_bundles_hold_what_an_independent_reading_of_them_finds(house):
    resources = []
    for path in sorted((DATA / "fhir_bundles").glob("*.json")):
        house.deliver(path.read_bytes(), name="bundle.json")
        bundle = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        resources += [entry["resource"] for entry in bundle["entry"]]
    house.make_silver()
    of = Counter(each["resourceType"] for each in resources)
    assert of["Observation"] == len(house.rows(clinical.OBSERVATIONS)) == 1554
    assert of["Procedure"] == len(house.rows(clinical.PROCEDURES)) == 531
    given = ("MedicationRequest", "MedicationAdministration", "Immunization")
    assert sum(of[each] for each in given) == len(house.rows(clinical.MEDICATIONS)) == 272
    values = Counter(
        (each["id"], Decimal(each["valueQuantity"]["value"]).quantize(Decimal("1e-6")), each["valueQuantity"]["code"])
        for each in resources
        if "valueQuantity" in each
    )
    found = house.rows(clinical.OBSERVATIONS)
    assert values == Counter(
        (row["observation_id"], row["value"], row["unit"]) for row in found if row["unit"] is not None
    )
    claims = [each for each in resources if each["resourceType"] == "Claim"]
    billed = {row["claim_id"]: row["total_usd"] for row in house.rows(clinical.CLAIMS) if row["kind"] == "claim"}
    cents = Decimal("0.01")
    assert billed == {f"Claim/{each['id']}": Decimal(each["total"]["value"]).quantize(cents) for each in claims}
    paid = {row["claim_id"]: row["paid_usd"] for row in house.rows(clinical.CLAIMS) if row["kind"] == "benefit"}
    benefits = [each for each in resources if each["resourceType"] == "ExplanationOfBenefit"]
    assert paid == {
        f"ExplanationOfBenefit/{each['id']}": Decimal(each["payment"]["amount"]["value"]).quantize(cents)
        for each in benefits
    }
    of_stays = [each["total"]["value"] for each in claims if each["type"]["coding"][0]["code"] == "institutional"]
    assert sum(filter(None, shown_costs(house))) == sum(Decimal(each).quantize(cents) for each in of_stays)
