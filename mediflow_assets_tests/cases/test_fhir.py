"""Resources of FHIR that name their patient, or tell how a stay ended, as few others do."""

import datetime as dt
import json
from pathlib import Path

from mediflow_assets.contracts import gold, silver
from mediflow_assets.pipeline import gold as steps
from mediflow_assets.pipeline import merged
from mediflow_assets.pipeline.silver_tables import ENCOUNTERS, PATIENTS

CASES = Path(__file__).parent
NOW = dt.datetime(2026, 11, 27, 12, tzinfo=dt.UTC)
MORE = CASES / "fhir_more"


def take(house, *texts):
    for text in texts:
        house.deliver(text, NOW)
    house.make_silver(PATIENTS, ENCOUNTERS)
    return {row["encounter_id"]: row for row in house.rows(silver.ENCOUNTERS)}


def test_a_reference_to_one_version_of_a_patient_names_that_patient_and_one_to_another_thing_nobody(house):
    texts = [
        (CASES / "fhir_refs" / "fhir_refs__01.ndjson").read_text(),
        (MORE / "versioned_reference.ndjson").read_text(),
    ]
    found = take(house, *texts)
    assert {id_: row["patient_id"] for id_, row in found.items()} == {
        **dict.fromkeys(("FVE1", "FVE2", "FVE6"), "FV1"),
        "e-vr": "vr",
    }
    # an identifier is no id: who bears it may come yet
    told = sorted(house.reasons(silver.ENCOUNTERS).values())
    assert told == [["patient_id_missing"]] * 2 + [["patient_not_arrived"]] * 2


def test_a_stay_that_ended_against_advice_or_in_death_is_no_index_stay(house):
    left = (MORE / "nubc_disposition.ndjson").read_text()
    first = json.loads(left.splitlines()[1])
    died = first | {"id": "e3", "subject": {"reference": "Patient/d"}}
    died["hospitalization"] = json.loads(json.dumps(first["hospitalization"]).replace("07", "20"))
    found = take(
        house, left.strip() + "\n" + json.dumps({"resourceType": "Patient", "id": "d"}) + "\n" + json.dumps(died)
    )
    ended = {id_: row["discharge_disposition"] for id_, row in found.items()}
    assert ended == {"e1": "against_advice", "e2": None, "e3": "expired"}
    merged.make(house.context)
    steps.make(house.context, next(each for each in steps.GOLD if each.contract is gold.READMISSIONS))
    told = {row["encounter_key"]: row for row in house.rows(gold.READMISSIONS)}
    excluded = {id_: told[row["encounter_key"]]["excluded_because"] for id_, row in found.items()}
    assert (excluded["e1"], excluded["e3"]) == ("left_against_advice", "died")
    assert [row["is_readmitted"] for row in told.values() if row["excluded_because"] in excluded.values()] == [None] * 3


def test_the_first_code_of_a_known_system_is_the_diagnosis_and_another_code_none(house):
    house.deliver((CASES / "fhir_codings" / "fhir_codings__01.ndjson").read_text(), NOW)
    house.make_silver()
    stays = {row["encounter_id"]: row for row in house.rows(silver.ENCOUNTERS)}
    assert {id_: (row["diagnosis_system"], row["diagnosis_code"]) for id_, row in stays.items()} == {
        "FCE1": ("icd10", "I50.9"),
        "FCE2": (None, None),
        "FCE3": ("icd9", "428.0"),
        "FCE4": (None, None),
        "FCE5": (None, None),
        "FCE6": ("icd9", "V45.81"),
    }
    assert stays["FCE2"]["diagnosis_text"] == "Chest pain"
    found = {row["condition_id"]: (row["system"], row["code"]) for row in house.rows(silver.CONDITIONS)}
    assert found == {"FCC1": ("icd10", "E11.9"), "FCC2": ("icd9", "250.00"), "FCC3": ("icd9", "V10.90")}
    assert house.rows(silver.QUARANTINE) == []


def test_an_encounter_of_r5_is_read(house):
    (stay,) = take(house, (MORE / "r5_encounter.ndjson").read_text()).values()
    assert (stay["encounter_class"], stay["status"], stay["discharge_disposition"], stay["diagnosis_code"]) == (
        "inpatient",
        "finished",
        "home",
        "I50.9",
    )
    assert (stay["admitted_on"], stay["length_of_stay_days"]) == (dt.date(2022, 3, 1), 3)


def lines(*resources):
    return "".join(json.dumps(resource) + "\n" for resource in resources)


def a_stay(**elements):
    class_ = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}
    period = {"start": "2024-03-01T10:00:00Z", "end": "2024-03-04T10:00:00Z"}
    whose = {"reference": "Patient/p"}
    return {
        "resourceType": "Encounter",
        "status": "finished",
        "class": class_,
        "period": period,
        "subject": whose,
    } | elements


def test_the_department_is_the_service_the_place_the_organisation_or_that_of_the_class(house):
    stays = [
        a_stay(id="e1", serviceType={"text": "Cardiology"}, serviceProvider={"display": "General"}),
        a_stay(id="e2", location=[{"location": {"display": "Ward 3"}}], serviceProvider={"display": "General"}),
        a_stay(id="e3", serviceProvider={"display": "General"}),
        a_stay(id="e4", serviceProvider={"display": "=cmd()"}),
    ]
    found = take(house, lines({"resourceType": "Patient", "id": "p"}, *stays))
    named = [(row["department"], row["derived"].split()[0]) for _, row in sorted(found.items())]
    assert [name for name, _ in named] == ["CARDIOLOGY", "WARD 3", "GENERAL", "GENERAL_MEDICINE"]
    assert named[3][1] == "department"


def test_a_patient_is_known_to_have_died_though_no_day_is_told(house):
    people = [
        {"resourceType": "Patient", "id": id_, "deceasedBoolean": told} for id_, told in (("a", True), ("b", False))
    ]
    people += [
        {"resourceType": "Patient", "id": "c", "deceasedDateTime": "2024-01"},
        {"resourceType": "Patient", "id": "d"},
    ]
    take(house, lines(*people))
    found = {row["patient_id"]: (row["is_deceased"], row["death_date"]) for row in house.rows(silver.PATIENTS)}
    assert found == {"a": (True, None), "b": (False, None), "c": (True, dt.date(2024, 1, 1)), "d": (None, None)}


def test_a_condition_that_is_resolved_was_over_by_the_day_of_that_version(house):
    condition = {
        "resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p"}, "onsetDateTime": "2019-03-04",
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C50.9"}]},
        "clinicalStatus": {"coding": [{"code": "resolved"}]}, "meta": {"lastUpdated": "2021-05-06T07:08:09Z"},
    }  # fmt: skip
    house.deliver(lines({"resourceType": "Patient", "id": "p"}, condition), NOW)
    house.make_silver()
    (row,) = house.rows(silver.CONDITIONS)
    assert (row["resolved_date"], row["resolved_precision"]) == (dt.date(2021, 5, 6), "recorded")
