"""Allergies of FHIR and of Synthea's CSV in Silver, held against a reading of the same files by plain means."""

import csv
import json
from collections import Counter

import pytest

from mediflow_assets.contracts import clinical
from mediflow_assets.pipeline import gold
from mediflow_assets_tests.end_to_end.conftest import DATA

SNOMED = "http://snomed.info/sct"


def allergy(id_="a1", **told):
    code = {"coding": [{"system": SNOMED, "code": "91935009"}], "text": "Peanut"}
    whole = {"resourceType": "AllergyIntolerance", "id": id_, "code": code, "patient": {"reference": "Patient/p1"}}
    return whole | {"recordedDate": "2024-01-02"} | told


def delivered(house, *resources):
    people = {"resourceType": "Patient", "id": "p1", "gender": "female"}
    house.deliver("\n".join(json.dumps(each) for each in (people, *resources)), name="delivery.ndjson")
    house.make_silver()
    house.assert_balanced()
    return {row["allergy_id"]: row for row in house.rows(clinical.ALLERGIES)}


def test_an_allergy_tells_against_what_it_is_and_how_bad(house):
    hives = {"manifestation": [{"text": "Hives"}], "severity": "mild"}
    shock = {"manifestation": [{"coding": [{"code": "39579001", "display": "Anaphylaxis"}]}], "severity": "severe"}
    refuted = {"coding": [{"code": "refuted"}]}
    told = {"type": "allergy", "category": ["food", "biologic"], "criticality": "high", "reaction": [hives, shock]}
    dstu2 = {"substance": allergy()["code"], "criticality": "CRITL", "status": "active", "code": None}
    found = delivered(
        house,
        allergy(onsetDateTime="2019", **told),
        allergy("a2", verificationStatus=refuted),
        allergy("a3", **dstu2),
        allergy("a4", recordedDate=None),
    )
    names = ("code", "system", "kind", "category", "criticality", "severity", "reactions", "noted_precision")
    assert [found["a1"][name] for name in names] == [
        *("91935009", "snomed", "allergy", "food", "high", "severe", "Hives; Anaphylaxis", "year"),
    ]
    assert (found["a3"]["code"], found["a3"]["criticality"], found["a3"]["status"]) == ("91935009", "low", "active")
    assert set(found) == {"a1", "a3"}
    assert list(house.reasons(clinical.ALLERGIES).values()) == [["noted_missing"]]


def test_a_masked_allergy_shows_no_words(house):
    delivered(house, allergy(reaction=[{"manifestation": [{"text": "Swelling, says Ada Quill"}]}]))
    (build,) = (each for each in gold.MASKED if each.contract.name == "masked/allergies")
    gold.make(house.context, build)
    (row,) = house.rows(build.contract)
    assert row["code"] == "91935009" and "Quill" not in str(row) and "p1" not in row.values()


@pytest.mark.skipif(not DATA.is_dir(), reason="the real files are not here")
def test_real_allergies_are_what_an_independent_reading_finds(house, synthea_patients):
    lines = (DATA / "fhir_bulk" / "AllergyIntolerance.000.ndjson").read_text(encoding="utf-8").splitlines()
    resources = [json.loads(line) for line in lines]
    ids = {each["patient"]["reference"].rsplit("/", 1)[-1] for each in resources}
    people = ({"resourceType": "Patient", "id": id_, "gender": "female"} for id_ in sorted(ids))
    house.deliver("\n".join([*map(json.dumps, people), *lines]), name="delivery.ndjson")
    table = (DATA / "synthea_claims" / "allergies.csv").read_text(encoding="utf-8")
    records = [*csv.DictReader(table.splitlines())]
    house.deliver(synthea_patients(*({"id": id_} for id_ in sorted({row["PATIENT"] for row in records}))))
    house.deliver(table)
    house.make_silver()
    house.assert_balanced()
    names = ("source_system", "code", "category")
    rows = Counter(tuple(row[name] for name in names) for row in house.rows(clinical.ALLERGIES))
    of_fhir = (("fhir", each["code"]["coding"][0]["code"], each["category"][0]) for each in resources)
    of_csv = (("synthea", row["CODE"], row["CATEGORY"]) for row in records)
    assert rows == Counter([*of_fhir, *of_csv])
