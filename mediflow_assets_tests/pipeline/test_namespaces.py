"""An id means one person within its namespace: the record numbers of two systems have nothing to do with each other."""

import datetime as dt
import json

import pytest

from mediflow_assets.contracts import silver
from mediflow_assets.pipeline.silver_tables import ENCOUNTERS, PATIENTS
from mediflow_assets.sources import Feeds
from mediflow_assets_tests.house import RECEIVED

LATER = RECEIVED + dt.timedelta(days=3)


def fhir(*resources):
    """Resources as NDJSON."""
    return "\n".join(map(json.dumps, resources))


def patient(id_, **more):
    return {"resourceType": "Patient", "id": id_, "gender": "male", "birthDate": "1950-01-01"} | more


def encounter(id_, of, **more):
    return {
        "resourceType": "Encounter",
        "id": id_,
        "status": "finished",
        "class": {"code": "IMP"},
        "subject": {"reference": f"Patient/{of}"},
        "period": {"start": "2024-02-01", "end": "2024-02-03"},
    } | more


def people(house):
    """Whose ids there are, and the gender of each."""
    return {(row["id_namespace"], row["patient_id"]): row["gender"] for row in house.rows(silver.PATIENTS)}


def stays(house):
    """Whose each encounter is."""
    return {(r["id_namespace"], r["encounter_id"]): r["patient_id"] for r in house.rows(silver.ENCOUNTERS)}


def test_one_id_in_two_systems_is_two_people(house, admissions, synthea_patients, synthea_encounters):
    house.deliver(admissions({"patient_id": "SHARED", "encounter_id": "E1", "gender": "F"}))
    house.deliver(fhir(patient("SHARED"), encounter("E1", "SHARED")), name="r.ndjson")
    house.deliver(synthea_patients({"Id": "shared", "GENDER": "M"}))
    house.deliver(synthea_encounters({"Id": "e1", "PATIENT": "shared"}))
    house.make_silver()
    assert people(house) == {("mrn", "SHARED"): "F", ("fhir", "SHARED"): "M", ("synthea", "SHARED"): "M"}
    assert stays(house) == {(of, "E1"): "SHARED" for of in ("mrn", "fhir", "synthea")}
    assert len({row["patient_key"] for row in house.rows(silver.ENCOUNTERS)}) == 3
    assert {row["gender"] for row in house.rows(silver.ENCOUNTERS) if row["id_namespace"] == "mrn"} == {"F"}
    house.assert_balanced()


def test_ids_of_fhir_differ_by_case_and_others_do_not(house, admissions):
    house.deliver(fhir(patient("a1"), patient("A1"), encounter("e1", "a1"), encounter("E1", "A1")), name="r.ndjson")
    house.deliver(admissions({"patient_id": "b1", "encounter_id": "e2"}, {"patient_id": "B1", "encounter_id": "E2"}))
    house.make_silver()
    assert stays(house) == {("fhir", "e1"): "a1", ("fhir", "E1"): "A1", ("mrn", "E2"): "B1"}
    assert len({row["patient_key"] for row in house.rows(silver.PATIENTS)}) == 3
    house.assert_balanced()


def test_pseudonyms_are_made_from_namespace_and_id(house, admissions):
    house.deliver(admissions({"patient_id": "P1"}))
    house.deliver(fhir(patient("P1"), encounter("E1", "P1")), name="r.ndjson")
    house.make_silver()
    for row in house.rows(silver.ENCOUNTERS):
        assert row["patient_key"] == house.key.pseudonym_of("patient", row["id_namespace"], row["patient_id"])
        assert row["encounter_key"] == house.key.pseudonym_of("encounter", row["id_namespace"], row["encounter_id"])


def test_a_condition_of_fhir_is_known_by_its_own_id(house):
    coded = {"code": {"coding": [{"code": "I10"}]}, "onsetDateTime": "2024-01-01"}
    condition = {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}} | coded
    house.deliver(fhir(patient("p1"), condition, condition | {"id": None}), name="r.ndjson")
    house.make_silver()
    ids = {row["condition_id"] for row in house.rows(silver.CONDITIONS)}
    assert ids == {"c1", "p1|I10|2024-01-01"}


NUMBERED = """
[feeds.north]
match = ["Ward"]
namespace = "north"
[systems.fhir]
record_number = "https://example.org/mrn"
"""


@pytest.fixture
def of_two_systems(house, tmp_path):
    """A hospital whose FHIR patients bear its record numbers, with a feed of another clinic."""
    (tmp_path / "sources.toml").write_text(NUMBERED)
    return house.with_feeds(Feeds.load(tmp_path / "sources.toml"))


def numbered(id_, number, **more):
    return patient(
        id_, identifier=[{"system": "x", "value": "0"}, {"system": "https://example.org/mrn", "value": number}], **more
    )


def test_a_patient_of_fhir_who_bears_a_record_number_is_that_patient(of_two_systems, admissions):
    of_two_systems.deliver(admissions({"patient_id": "p1", "encounter_id": "e1", "gender": "M"}))
    condition = {
        "code": {"coding": [{"code": "I10"}]},
        "onsetDateTime": "2024-01-01",
        "encounter": {"reference": "Encounter/e1"},
    }
    about = {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/a"}}
    of_two_systems.deliver(
        fhir(numbered("a", " p1 "), patient("P1"), encounter("e1", "a"), encounter("e2", "P1"), about | condition),
        name="r.ndjson",
    )
    of_two_systems.make_silver()
    assert set(people(of_two_systems)) == {("mrn", "P1"), ("fhir", "P1")}
    assert stays(of_two_systems) == {("mrn", "E1"): "P1", ("mrn", "fhir|e1"): "P1", ("fhir", "e2"): "P1"}
    found = of_two_systems.row(silver.CONDITIONS)
    assert (found["id_namespace"], found["patient_id"], found["encounter_id"]) == ("mrn", "P1", "fhir|e1")
    assert len({r["patient_key"] for r in of_two_systems.rows(silver.ENCOUNTERS)}) == 2
    of_two_systems.assert_balanced()


@pytest.mark.slow
def test_a_record_number_that_is_told_later_moves_what_is_there(of_two_systems):
    of_two_systems.deliver(fhir(patient("a"), encounter("e1", "a")), name="r.ndjson")
    of_two_systems.make_silver()
    assert set(people(of_two_systems)) == {("fhir", "a")}
    of_two_systems.deliver(fhir(numbered("a", "P1")), name="s.ndjson")
    of_two_systems.make_silver()
    assert set(people(of_two_systems)) == {("mrn", "P1")}
    assert stays(of_two_systems) == {("mrn", "fhir|e1"): "P1"}
    of_two_systems.assert_balanced()


def test_a_feed_of_another_clinic_has_people_of_its_own(of_two_systems, admissions):
    text = admissions({"patient_id": "P1", "Ward": "4"}, {"patient_id": "P1", "cost": "5", "Ward": "4"})
    of_two_systems.deliver(text)
    of_two_systems.deliver(admissions({"patient_id": "P1", "gender": "M"}))
    of_two_systems.make_silver()
    assert set(people(of_two_systems)) == {("north", "P1"), ("mrn", "P1")}
    assert set(stays(of_two_systems)) == {("north", "E1"), ("mrn", "E1")}


def test_of_a_history_the_record_number_of_the_newest_version_counts(of_two_systems):
    def version(number, day):
        return numbered("a", number, meta={"versionId": str(day), "lastUpdated": f"2024-05-0{day}T08:00:00Z"})

    of_two_systems.deliver(fhir(version("222", 2), version("111", 1)), name="r.ndjson")
    of_two_systems.make_silver(PATIENTS)
    assert set(people(of_two_systems)) == {("mrn", "222")}
    of_two_systems.deliver(fhir(version("111", 1), encounter("e1", "a")), LATER, name="s.ndjson")
    of_two_systems.make_silver(PATIENTS, ENCOUNTERS)
    assert stays(of_two_systems) == {("mrn", "fhir|e1"): "222"}


def test_a_record_number_that_is_put_right_moves_what_is_there(of_two_systems):
    of_two_systems.deliver(fhir(numbered("a", "111"), encounter("e1", "a")), name="r.ndjson")
    of_two_systems.make_silver(PATIENTS, ENCOUNTERS)
    of_two_systems.deliver(fhir(numbered("a", "222")), LATER, name="s.ndjson")
    of_two_systems.make_silver(PATIENTS, ENCOUNTERS)
    assert set(people(of_two_systems)) == {("mrn", "222")}
    assert stays(of_two_systems) == {("mrn", "fhir|e1"): "222"}


DELETED = {
    "resourceType": "Bundle",
    "type": "history",
    "entry": [
        {"request": {"method": "DELETE", "url": each}, "response": {"lastModified": "2024-06-01T08:00:00Z"}}
        for each in ("Encounter/e1", "Condition/c1")
    ],
}


@pytest.mark.parametrize("is_deleted_first", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_what_is_deleted_of_a_patient_with_a_record_number_ends(of_two_systems, is_deleted_first):
    coded = {"code": {"coding": [{"code": "I10"}]}, "onsetDateTime": "2024-01-01"}
    condition = {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/a"}} | coded
    meta = {"meta": {"lastUpdated": "2024-05-01T08:00:00Z"}}
    told = fhir(numbered("a", "P1"), encounter("e1", "a") | meta, encounter("e2", "a"), condition | meta)
    texts = [told, fhir(DELETED)]
    for day, text in enumerate(reversed(texts) if is_deleted_first else texts):
        of_two_systems.deliver(text, RECEIVED + dt.timedelta(days=day), name=f"{day}.ndjson")
        if is_deleted_first or day:
            of_two_systems.make_silver()
    found = {row["encounter_id"]: row["status"] for row in of_two_systems.rows(silver.ENCOUNTERS)}
    assert found == {"fhir|e1": "cancelled", "fhir|e2": "finished"}
    assert of_two_systems.rows(silver.CONDITIONS) == []
    of_two_systems.assert_balanced()
