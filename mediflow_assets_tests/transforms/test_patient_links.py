"""What FHIR's patients say of one another, and how a delivery of merges is read."""

import datetime as dt
import json

import pytest

from mediflow_assets.contracts import links, operational, silver
from mediflow_assets.contracts.merges import UNREAD
from mediflow_assets.pipeline import merged
from mediflow_assets.pipeline.silver_tables import LINKS, PATIENTS
from mediflow_assets.sources import Feeds, recognise
from mediflow_assets.sources.systems import System
from mediflow_assets.transforms.patient_links import links_of, other_patient, survivors_of
from mediflow_assets_tests.house import RECEIVED

LATER = RECEIVED + dt.timedelta(days=3)


@pytest.mark.parametrize(
    ("reference", "id_"),
    [
        ("Patient/p1", "p1"),
        ("https://fhir.example/Patient/p1/_history/3", "p1"),
        ("urn:uuid:0aa1", "0aa1"),
        ("Patient?identifier=urn:mrn|77", None),
        ("RelatedPerson/r1", None),
        ("Group/g1/", None),
        ("#p1", None),
        ("", None),
        (None, None),
    ],
)
def test_a_link_names_the_patient_that_its_reference_ends_in(reference, id_):
    assert other_patient({"reference": reference}) == id_


def test_a_link_by_condition_names_nobody_of_whom_the_identifier_is_the_id_and_is_told_as_unread():
    links = json.dumps([{"type": "replaces", "other": {"reference": "Patient?identifier=urn:mrn|77"}}])
    (said,) = links_of({"_links": links, "merged_id": "p1"})
    assert said["kind"] == UNREAD


def patient(id_, *links, **more):
    told = [{"type": kind, "other": {"reference": f"Patient/{other}"}} for kind, other in links]
    return {"resourceType": "Patient", "id": id_, "gender": "female"} | ({"link": told} if told else {}) | more


def deliver(house, *resources, day=1):
    """Deliver patients, and say who is merged into whom."""
    received = RECEIVED + dt.timedelta(days=day)
    house.deliver("".join(json.dumps(each) + "\n" for each in resources), received, "patients.ndjson")
    assert not any(made.has_failed for made in house.make_silver(PATIENTS, LINKS))
    return {row["merged_id"]: row["survivor_id"] for row in merged.stated_in(house.lake).rows()}


def test_links_of_fhir_merge_or_keep_apart(house):
    linked = patient("a", ("replaces", "b"), ("seealso", "d"), ("refer", "e"), ("replaces", "b"))
    found = deliver(house, linked, patient("c", ("replaced-by", "a")), *map(patient, "bde"))
    assert found == {"b": "a", "c": "a"}
    kinds = [row["kind"] for row in house.rows(links.PATIENT_LINKS)]
    assert sorted(kinds) == ["itself", "itself", "refer", "replaced-by", "replaces", "seealso"]
    house.assert_balanced()


def test_a_patient_who_is_active_again_without_a_link_is_merged_no_more(house):
    assert deliver(house, patient("a"), patient("b", ("replaced-by", "a"), active=False)) == {"b": "a"}
    assert deliver(house, patient("b", birthDate="1980-01-01"), day=2) == {"b": "a"}
    assert deliver(house, patient("b", active=True), day=3) == {}


def test_of_a_history_the_version_that_its_source_calls_the_newest_counts(house):
    def version(day, *links, **more):
        return patient("b", *links, meta={"lastUpdated": f"2024-05-0{day}T08:00:00Z"}, **more)

    newest_first = version(3, active=True), version(2, ("replaced-by", "a")), version(1, active=True)
    assert deliver(house, patient("a"), *newest_first) == {}
    assert deliver(house, version(2, ("replaced-by", "a")), day=2) == {}
    assert deliver(house, version(4, ("replaced-by", "a")), day=3) == {"b": "a"}


def test_of_two_versions_of_a_patients_links_the_number_decides_where_one_tells_no_time(house):
    newer = patient("b", active=True, meta={"versionId": "2", "lastUpdated": "2024-05-01T08:00:00Z"})
    assert deliver(house, patient("a"), newer, day=1) == {}
    assert deliver(house, patient("b", ("replaced-by", "a"), meta={"versionId": "1"}), day=2) == {}


def test_a_list_of_merges_is_told_by_its_header_however_it_is_spelled(tmp_path):
    for header in ("surviving_patient_id,merged_patient_id", "Surviving MRN;Old MRN;Merge Date;Reason"):
        file = tmp_path / "list.csv"
        file.write_text(f"{header}\n1,2,2024-01-01,x\n")
        assert recognise(file, Feeds()).source == "merges"


def test_ids_of_two_systems_are_merged_by_their_namespaces(house, admissions, merges):
    house.deliver(admissions({"patient_id": "a"}))
    house.deliver(merges({"surviving_patient_id": "a", "merged_patient_id": "a", "merged_namespace": "FHIR"}))
    assert deliver(house, patient("a")) == {"a": "A"}


def test_marks_in_ids_of_merges_are_read_as_in_those_of_patients(house, admissions, merges):
    ids = ["'P1", "12345.0", "O\u2019HARA-2", "O'HARA-3", "P4'"]
    house.deliver(admissions(*({"patient_id": each, "encounter_id": f"E{each}"} for each in ids), {"patient_id": "S"}))
    house.deliver(merges(*({"surviving_patient_id": "S", "merged_patient_id": each} for each in ids)))
    house.make_silver(PATIENTS, LINKS)
    found = {row["merged_id"] for row in merged.stated_in(house.lake).rows()}
    assert found == {"P1", "12345", *ids[2:]} and house.rows(silver.QUARANTINE) == []


def test_links_of_patients_who_bear_record_numbers_are_of_these_however_late_they_are_told(house, merges):
    numbered = house.with_feeds(Feeds(systems={"fhir": System(record_number="urn:mrn")}))
    told = {each: [{"system": "urn:mrn", "value": f"m-{each}"}] for each in "ab"}
    linked = patient("b", ("replaced-by", "a"), identifier=told["b"])
    assert deliver(numbered, linked, patient("a")) == {"M-B": "a"}
    assert deliver(numbered, patient("a", identifier=told["a"]), day=2) == {"M-B": "M-A"}
    numbered.deliver(merges({"surviving_patient_id": "M-A", "merged_patient_id": "m-b", "action": "unmerge"}), LATER)
    assert deliver(numbered, patient("c"), day=4) == {}


def test_a_link_by_an_identifier_is_of_the_record_number_or_told(house, admissions):
    house = house.with_feeds(Feeds(systems={"fhir": System(record_number="mrn")}))
    house.deliver(admissions({"patient_id": "MRN7"}))
    told = [
        {"type": kind, "other": {"identifier": {"system": system, "value": "mrn7"}}}
        for kind, system in (("replaced-by", "mrn"), ("replaces", "elsewhere"), ("refer", None))
    ]
    assert deliver(house, patient("a", link=told)) == {"a": "MRN7"}
    newest = [row for row in house.rows(operational.CHECK_RESULTS) if row["check_name"] == "link_unreadable"][-1]
    assert (newest["severity"], newest["failing"]) == ("warn", 1)


def test_a_link_of_two_patients_who_bear_one_record_number_says_nothing_more(house):
    numbered = house.with_feeds(Feeds(systems={"fhir": System(record_number="urn:mrn")}))
    same = [
        {"system": "urn:mrn", "value": "m-x", "use": "old"},
        {"system": "urn:mrn", "value": "m-y", "period": {"end": "2020-01-01"}},
        {"system": "urn:mrn", "value": "m-a"},
    ]
    linked = patient("b", ("replaced-by", "a"), identifier=same)
    assert deliver(numbered, linked, patient("a", identifier=same)) == {}
    assert {row["patient_id"] for row in house.rows(silver.PATIENTS)} == {"M-A"}


def test_a_survivor_gets_the_newest_value_of_the_merged_and_a_date_with_its_precision(frame):
    def patient(id_, day, **told):
        return {"patient_id": id_, "updated_at": RECEIVED + dt.timedelta(days=day), "is_ended": True} | told

    died = {"death_date": dt.date(2026, 3, 3), "death_precision": "day", "gender": "F", "zip": "02139"}
    in_2026 = {"death_date": dt.date(2026, 1, 1), "death_precision": "year", "gender": "M", "zip": "99999"}
    own = patient("S", 0, gender="U"), patient("T", 0, **in_2026)
    others = patient("A", 2, **died), patient("B", 1, **in_2026, is_ended=False), patient("C", 3, gender="U")
    pairs = [{"patient_key": id_, "survivor_key": key} for id_, key in ("AS", "BS", "CS")]
    rows = survivors_of(frame(silver.PATIENTS, *own, *others), frame(links.MERGED_PATIENTS, *pairs)).collect()
    found = {row["patient_id"]: row.asDict() for row in rows}
    assert found["S"].items() >= (died | {"is_ended": False}).items()
    assert found["T"].items() >= (in_2026 | {"is_ended": True}).items() and len(found) == 2
