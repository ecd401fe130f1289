"""An erased id is of a namespace: who bears the same one elsewhere stays, and is not refused later."""

import datetime as dt
import json
import shutil

import pytest

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.borne import MARK
from mediflow_assets.contracts.fhir import FHIR_RESOURCES
from mediflow_assets.contracts.hl7 import HL7_MESSAGES
from mediflow_assets.errors import NamespaceNeeded
from mediflow_assets.ingest.tombstones import Tombstones
from mediflow_assets.pipeline.silver_tables import PATIENTS
from mediflow_assets.privacy.erasure.erase import Request, begin
from mediflow_assets.privacy.erasure.resolving import resolve
from mediflow_assets.sources.feeds import Feeds
from mediflow_assets.sources.systems import System
from mediflow_assets_tests.house import RECEIVED
from mediflow_assets_tests.privacy.erasure.conftest import Hospital

SHARED = "SHARED-900001"


def fhir(id_, **more):
    about = {
        "status": "finished",
        "class": {"code": "IMP"},
        "subject": {"reference": f"Patient/{id_}"},
        "period": {"start": "2024-01-02"},
    }
    patient = {"resourceType": "Patient", "id": id_, "gender": "male"} | more
    return "\n".join(map(json.dumps, [patient, {"resourceType": "Encounter", "id": f"enc-of-{id_}"} | about]))


def people(hospital):
    return {(row["id_namespace"], row["patient_id"]) for row in hospital.house.rows(silver.PATIENTS)}


@pytest.fixture
def both(house, admissions):
    """One id in two systems."""
    house.deliver(admissions({"patient_id": SHARED, "encounter_id": "ENC-1"}) + f'{SHARED},"broken\n')
    house.deliver(fhir(SHARED), name="r.ndjson")
    house.make_silver()
    return Hospital(house)


def erase(hospital, id_, namespace=None):
    shutil.rmtree(hospital.root / "dropped", ignore_errors=True)
    begin(hospital.place, Request((id_,), "consent", "T-1", "eva", namespace=namespace))
    return hospital.finish(is_refreshed=False)


def test_an_id_of_several_people_is_asked_for_with_its_namespace(both):
    with pytest.raises(NamespaceNeeded, match=r"namespaces fhir, mrn.*--namespace") as told:
        erase(both, SHARED)
    assert SHARED not in str(told.value)
    assert people(both) == {("mrn", SHARED), ("fhir", SHARED)}


@pytest.mark.slow
@pytest.mark.parametrize(("gone", "stays"), [("mrn", "fhir"), ("fhir", "mrn")])
def test_only_the_one_of_that_namespace_goes_and_is_refused_later(both, admissions, gone, stays):
    proof = erase(both, SHARED, gone)
    assert (proof.patients, proof.hits, people(both)) == (1, 0, {(stays, SHARED)})
    for text, name in (
        (admissions({"patient_id": SHARED, "cost": "9"}), "a.csv"),
        (fhir(SHARED, active=True), "b.json"),
    ):
        both.house.receive(text, name=name)
    both.land()
    both.house.make_silver()
    assert people(both) == {(stays, SHARED)}
    assert {row["id_namespace"] for row in both.house.rows(silver.ENCOUNTERS)} == {stays}
    both.house.assert_balanced()


def test_a_mark_of_an_older_release_refuses_an_id_everywhere(house, admissions):
    Tombstones.add(house.folder, [SHARED.lower()], "older")
    assert (house.folder / "tombstones").read_text().split()[1:] == ["older"]
    hospital = Hospital(house)
    house.receive(admissions({"patient_id": SHARED}, {"patient_id": "P2"}))
    house.receive(fhir(SHARED), name="r.ndjson")
    hospital.land()
    house.make_silver()
    assert people(hospital) == {("mrn", "P2")}


def test_ids_of_fhir_that_differ_by_case_are_two_people(house):
    house.deliver(fhir("person-a") + "\n" + fhir("PERSON-A"), name="r.ndjson")
    house.make_silver()
    hospital = Hospital(house)
    with pytest.raises(NamespaceNeeded):
        erase(hospital, "Person-A")
    erase(hospital, "person-a")
    assert people(hospital) == {("fhir", "PERSON-A")}
    assert Tombstones.load(house.folder).refuses("person-a", "fhir")
    assert not Tombstones.load(house.folder).refuses("PERSON-A", "fhir")


@pytest.mark.slow
@pytest.mark.parametrize("asked", ["MRN-700001", "fhir-person-1"])
def test_who_bears_a_record_number_goes_by_either_name(house, admissions, asked):
    house = house.with_feeds(Feeds(systems={"fhir": System(record_number="mrn")}))
    house.deliver(admissions({"patient_id": "MRN-700001", "encounter_id": "ENC-700001"}, {"patient_id": "P2"}))
    borne = {"identifier": [{"system": "mrn", "value": "MRN-700001"}]}
    house.deliver(fhir("fhir-person-1", **borne), name="r.ndjson")
    house.make_silver()
    hospital = Hospital(house)
    proof = erase(hospital, asked)
    assert (proof.hits, people(hospital)) == (0, {("mrn", "P2")})
    house.receive(fhir("fhir-person-1"), name="s.ndjson")
    house.receive(fhir("fhir-person-2", **borne), name="t.ndjson")
    hospital.land()
    house.make_silver()
    assert people(hospital) == {("mrn", "P2")}


def test_what_names_an_erased_person_by_another_id_is_refused_in_whatever_order_it_comes(house):
    house = house.with_feeds(Feeds(systems={"fhir": System(record_number="mrn")}))
    Tombstones.add(house.folder, [("mrn", "MRN-1")], "e1")

    def borne(number, version):
        meta = {"versionId": version}
        return {"identifier": [{"system": "mrn", "value": number}], "meta": meta}

    new, put_right = (fhir("new", **borne("mrn-1", "1")), fhir("b", **borne("MRN-2", "2")))
    wrong = fhir("b", **borne("MRN-1", "1")).splitlines()[0]
    hospital = Hospital(house)
    for n, text in enumerate((*reversed(new.splitlines()), "\n".join((put_right, wrong)))):
        house.receive(text, RECEIVED + dt.timedelta(hours=n), f"{n}.ndjson")
    hospital.land()
    house.receive(
        fhir("new").splitlines()[1].replace("enc-of", "later"), RECEIVED + dt.timedelta(days=1), "later.ndjson"
    )
    hospital.land()
    assert {row["resource_id"] for row in house.rows(FHIR_RESOURCES)} == {"b", "enc-of-b"}
    assert {line.split()[1] for line in (house.folder / "tombstones").read_text().splitlines()} == {"e1"}


def test_a_number_that_is_none_or_was_put_right_makes_no_two_people_one(house, admissions):
    def borne(number, version="1"):
        meta = {"versionId": version, "lastUpdated": f"2024-05-0{version}T08:00:00+02:00"}
        return {"identifier": [{"system": "mrn", "value": number}], "meta": meta}

    house = house.with_feeds(Feeds(systems={"fhir": System(record_number="mrn")}))
    house.deliver(admissions({"patient_id": "MRN-111"}, {"patient_id": "MRN-222"}, {"patient_id": "MRN-333"}))
    told = (fhir("a", **borne("MRN-222", "2")), fhir("a", **borne("MRN-111")), fhir("b", **borne("MRN-333")))
    nobody = (
        fhir(id_, **borne(number)) for id_, number in zip("cdef", ("UNKNOWN", "UNKNOWN", "0000", "0000"), strict=True)
    )
    house.deliver("\n".join((*told, *nobody)), name="r.ndjson")
    house.make_silver(PATIENTS)
    found = resolve(house.lake, ["a", "b", "c", "e"], house.feeds)
    numbered = {"a": {"MRN-222"}, "b": {"MRN-333"}, "c": set(), "e": set()}
    wanted = {id_: {("fhir", id_), *(("mrn", number) for number in of)} for id_, of in numbered.items()}
    by_id = {id_.lower(): {name for name in of if not name[1].startswith(MARK)} for id_, of in found.items()}
    assert by_id == wanted


def adt(event, id_, *more, visit="V1", at="20240103"):
    pid = f"PID|1||{id_}||Smith^Ann||1950|F" + "|" * 10 + f"ACC-{visit}"
    visited = f"PV1|1|I|CARD{'|' * 16}{visit}{'|' * 25}{at}"
    return "\r".join((f"MSH|^~\\&|ADT|H|L|H|{at}||ADT^{event}|{visit}|P|2.5", f"EVN|{event}|{at}", pid, *more, visited))


MOTHER = "HL7-MOTHER-880001"


def test_an_erased_patient_of_messages_is_gone_wherever_one_names_them(house):
    mine = f"{MOTHER}^^^ST MARY^MR"
    house = house.with_feeds(Feeds(systems={"hl7": System(authorities={"st-mary": "mrn"})}))
    others = [
        adt("A01", "HL7-CHILD-880002", f"NK1|1|Smith^Ann{'|' * 31}{MOTHER}", visit="VISIT-7002"),
        adt("A40", "HL7-OTHER-880003", f"MRG|{MOTHER}", visit="VISIT-7003"),
        adt("A01", "HL7-OTHER-880003", f"GT1|1|{mine}", visit="VISIT-7004"),
        adt("A01", "HL7-FRIEND-880004", visit="VISIT-7005"),
        f"MSH|^~\\&|ADT||||2024||ORU^R01|9|P|2.5\rPID|1||{mine}\rOBX|1|TX|||a note",
    ]
    house.deliver("\r".join((adt("A01", mine, visit="VISIT-7001"), *others)))
    house.make_silver()
    hospital = Hospital(house)
    assert ("mrn", MOTHER) in people(hospital)
    erase(hospital, MOTHER)
    assert hospital.left_of(MOTHER, "VISIT-7001", "ACC-VISIT-7001") == {}
    assert [row["control_id"] for row in house.rows(HL7_MESSAGES)] == ["VISIT-7005"]
    hospital.house.receive(adt("A08", mine, visit="VISIT-7006"))
    hospital.land()
    assert len(house.rows(HL7_MESSAGES)) == 1
