"""FHIR resources as patients, encounters and conditions."""

import datetime as dt
import json

import pytest

from mediflow_assets.contracts import silver
from mediflow_assets.errors import SettingsInvalid
from mediflow_assets.operations import unknown_words, unsaid_words
from mediflow_assets.operations.mending import what_mends
from mediflow_assets.pipeline import rebuild
from mediflow_assets.pipeline import silver as silver_steps
from mediflow_assets.sources import Feeds
from mediflow_assets.transforms.fhir import allergy, condition, patient
from mediflow_assets.transforms.fhir import encounter as encounter_reader
from mediflow_assets_tests.house import RECEIVED

PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"family": "Ito", "given": ["Aya"]}],
    "birthDate": "1950-02-03",
    "gender": "female",
    "address": [{"line": ["1 Elm"], "city": "Boston", "postalCode": "02115"}],
}


def encounter(**changed: object) -> dict[str, object]:
    return {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "finished",
        "class": {"code": "IMP"},
        "subject": {"reference": "Patient/p1"},
        "period": {"start": "2020-05-01T08:00:00-04:00", "end": "2020-05-03T10:00:00-04:00"},
        "reasonCode": [{"coding": [{"code": "46177005"}]}],
        **changed,
    }


CONDITION = {
    "resourceType": "Condition",
    "id": "c1",
    "subject": {"reference": "urn:uuid:p1"},
    "code": {"coding": [{"code": "44054006"}], "text": "Diabetes"},
    "onsetDateTime": "2011-01-02T00:00:00Z",
}


def lines(*resources: object) -> str:
    return "".join(json.dumps(resource) + "\n" for resource in resources)


def test_resources_become_silver_rows_with_their_patient(house):
    house.deliver(lines(PATIENT, encounter(), CONDITION, {"resourceType": "Device", "id": "d1"}))
    house.make_silver()
    (row,) = house.rows(silver.ENCOUNTERS)
    assert (row["patient_id"], row["encounter_class"], row["age_at_admission"], row["gender"]) == (
        "p1",
        "inpatient",
        70,
        "F",
    )
    assert row["admitted_at"].isoformat() == "2020-05-01T12:00:00+00:00"
    assert house.rows(silver.PATIENTS)[0]["full_name"] == "Aya Ito"
    assert house.rows(silver.CONDITIONS)[0]["patient_id"] == "p1"


def test_a_resource_that_cannot_be_read_is_set_aside_and_ends_nobody(house, monkeypatch):
    """It stands in Bronze: a step that failed on it would fail in every run."""
    house.deliver(lines(PATIENT, encounter(), CONDITION))
    house.make_silver()
    changed = lines({**PATIENT, "id": "p1", "x": 0}, encounter(id="e2"), CONDITION | {"id": "c2"})
    changed += lines({"resourceType": "AllergyIntolerance", "id": "a1", "patient": {"reference": "Patient/p1"}})
    house.deliver(changed.replace(": 0}", ": " + "[" * 300 + "]" * 300 + "}"), name="later.csv")
    for reader in (patient, condition, encounter_reader, allergy):
        monkeypatch.setattr(reader, "read", lambda told: {}["absent"])
    house.make_silver()
    assert {reason for row in house.rows(silver.QUARANTINE) for reason in row["reasons"]} == {"resource_unreadable"}
    assert {row["target_table"] for row in house.rows(silver.QUARANTINE)} == {
        "silver/allergies", "silver/conditions", "silver/encounters", "silver/patients"
    }  # fmt: skip
    assert [len(house.rows(table)) for table in (silver.PATIENTS, silver.ENCOUNTERS, silver.CONDITIONS)] == [1, 1, 1]
    house.assert_balanced()


def test_a_resource_of_which_a_number_or_half_a_character_cannot_be_read_is_read_all_the_same(house):
    """It is no deletion of what it tells."""
    long = lines(PATIENT | {"gender": "male", "multipleBirthInteger": 5}).replace(": 5}", f": {'5' * 5000}}}")
    house.deliver(lines(PATIENT, encounter(), CONDITION))
    house.make_silver()
    house.deliver(long, name="later.csv")
    house.deliver(json.dumps({"resourceType": "Bundle", "entry": [{"resource": PATIENT | {"id": "p2"}}]}).replace(
        "Aya", r"Ay\ud800"), name="cut.json")  # fmt: skip
    house.make_silver()
    assert [(row["gender"], row["is_ended"], row["full_name"]) for row in house.rows(silver.PATIENTS)] == [
        ("M", False, "Aya Ito"), ("F", False, "Ay\ufffd Ito"),
    ]  # fmt: skip
    assert house.rows(silver.QUARANTINE) == []


def test_what_is_planned_is_as_of_its_version_until_its_day(house):
    coming = {"status": "planned", "period": {"start": "2030-03-01T10:00:00Z", "end": "2030-03-02T10:00:00Z"}}
    said = {"meta": {"lastUpdated": "2024-02-01T08:00:00Z"}}
    past = {"status": "planned", "period": None, "plannedStartDate": "2024-03-01T10:00:00Z"}
    house.deliver(
        lines(PATIENT, encounter(**coming, **said), encounter(id="e2", **coming), encounter(id="e3", **past),
              encounter(id="e4", status="in-progress", period={"start": "2030-03-01T10:00:00Z"}))
    )  # fmt: skip
    house.make_silver()
    found = {row["encounter_id"]: (row["status"], f"{row['admitted_at']:%Y-%m-%d %H}", row["discharged_at"])
             for row in house.rows(silver.ENCOUNTERS)}  # fmt: skip
    assert found == {"e1": ("planned", "2024-02-01 08", None), "e2": ("planned", f"{RECEIVED:%Y-%m-%d %H}", None),
                     "e3": ("planned", "2024-03-01 10", None)}  # fmt: skip
    assert list(house.reasons(silver.ENCOUNTERS).values()) == [["admitted_in_future"]]


def test_a_word_of_a_server_is_named_and_mapped_as_those_of_feeds(house, tmp_path):
    own = {"system": "urn:oid:1.2.840.114350.1.72", "code": "13", "display": "Support OP Encounter"}
    house.deliver(lines(PATIENT, encounter(**{"class": own})))
    house.make_silver()
    (word,) = unknown_words.unmapped(house.lake)
    assert (word.feed, word.column, word.word, word.records) == ("fhir", "encounter_class", "13", 1)
    assert "map fhir encounter_class" in what_mends("encounter_class_unknown", None, "fhir")
    sources = tmp_path / "sources.toml"
    sources.write_text("")
    unknown_words.map_word(sources, "fhir", "encounter_class", "13", "outpatient")
    mapped = house.with_feeds(Feeds.load(sources))
    # as 'mediflow quarantine replay' does
    silver_steps.make(
        mapped.context, silver_steps.ENCOUNTERS, lambda held: "encounter_class_unknown" in held["reasons"]
    )
    assert mapped.row(silver.ENCOUNTERS)["encounter_class"] == "outpatient"
    assert unknown_words.unmapped(mapped.lake) == []
    with pytest.raises(SettingsInvalid, match="encounter_class, gender"):
        unknown_words.map_word(sources, "fhir", "status", "13", "finished")


def test_words_of_a_server_that_hold_nothing_back_are_named_and_mapped_too(house, tmp_path):
    def own(code):
        return {"coding": [{"system": "urn:oid:1.2.840.114350.1.72", "code": code}]}

    told = {"priority": own("01"), "hospitalization": {"dischargeDisposition": own("06")}}
    house.deliver(
        lines(PATIENT, encounter(**told), encounter(id="e2", hospitalization={"dischargeDisposition": own("7")}))
    )
    house.make_silver()
    assert {row["discharge_disposition"] for row in house.rows(silver.ENCOUNTERS)} == {None}
    words = {(each.feed, each.column, each.word) for each in unsaid_words.unsaid(house.lake, house.feeds)}
    of_ends = ("fhir", "discharge_disposition")
    assert words == {("fhir", "admission_type", "01"), (*of_ends, "06"), (*of_ends, "7")}
    sources = tmp_path / "sources.toml"
    unknown_words.map_word(sources, *of_ends, "06", "snf")
    unknown_words.map_word(sources, "fhir", "admission_type", "01", "urgent")
    mapped = house.with_feeds(Feeds.load(sources))
    rebuild.ask(mapped.lake, silver.ENCOUNTERS)
    mapped.make_silver()
    found = {
        row["encounter_id"]: (row["admission_type"], row["discharge_disposition"])
        for row in mapped.rows(silver.ENCOUNTERS)
    }
    assert found == {"e1": ("urgent", "skilled_nursing"), "e2": (None, None)}
    (left,) = unsaid_words.unsaid(mapped.lake, mapped.feeds)
    assert (left.word, left.records, left.is_left_out) == ("7", 1, True)


def test_a_reference_names_its_patient_in_every_form(house):
    forms = ("Patient/p1", "urn:uuid:p1", "Patient?identifier=https://example.org|p1", "http://x.org/Patient/p1")
    named = [encounter(id=f"e{number}", subject={"reference": form}) for number, form in enumerate(forms)]
    borne = {"identifier": [{"system": "https://example.org", "value": "p1"}]}
    house.deliver(lines(PATIENT | borne, *named))
    house.make_silver()
    assert [row["patient_id"] for row in house.rows(silver.ENCOUNTERS)] == ["p1"] * len(forms)


def test_a_cancelled_encounter_says_so_and_one_without_patient_is_set_aside(house):
    house.deliver(lines(PATIENT, encounter(status="cancelled"), encounter(id="e2", subject=None)))
    house.make_silver()
    assert [row["status"] for row in house.rows(silver.ENCOUNTERS)] == ["cancelled"]
    assert [row["reasons"] for row in house.rows(silver.QUARANTINE)] == [["patient_id_missing"]]


def test_a_stay_of_which_no_day_is_told_is_held_back(house):
    periods = ({"start": "2020", "end": "2020"}, {"start": "2020-05"}, {"start": "2020-05-01", "end": "2020-06"})
    house.deliver(lines(PATIENT, *(encounter(id=f"e{n}", period=each) for n, each in enumerate(periods))))
    house.make_silver(silver_steps.PATIENTS, silver_steps.ENCOUNTERS)
    begin, end = "admitted_at_unreadable", "discharged_at_unreadable"
    assert sorted(house.reasons(silver.ENCOUNTERS).values(), key=len) == [[begin], [end], [begin, end]]


def test_a_resource_of_another_type_is_no_record_of_a_silver_table(house):
    house.deliver(lines({"resourceType": "Device", "id": "d1"}))
    house.make_silver()
    assert not house.rows(silver.QUARANTINE)


def test_who_has_no_id_is_known_by_the_url_of_the_entry_and_met_by_references_to_it(house):
    urn = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
    nameless = {name: value for name, value in PATIENT.items() if name != "id"}
    stay = {name: value for name, value in encounter(subject={"reference": urn}).items() if name != "id"}
    entries = [
        {"fullUrl": urn, "resource": nameless, "request": {"method": "POST", "url": "Patient"}},
        {"fullUrl": "urn:uuid:e", "resource": stay, "request": {"method": "POST", "url": "Encounter"}},
    ]
    house.deliver(json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}))
    house.make_silver()
    (row,) = house.rows(silver.ENCOUNTERS)
    assert (row["encounter_id"], row["patient_id"], row["age_at_admission"]) == ("e", urn.rsplit(":", 1)[1], 70)
    assert house.rows(silver.QUARANTINE) == []


def test_a_urn_names_what_its_bundle_calls_by_it_whatever_id_that_has(house):
    urn = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
    entries = [
        {"fullUrl": "urn:uuid:e", "resource": encounter(subject={"reference": urn})},
        {"fullUrl": urn, "resource": PATIENT},
        {
            "fullUrl": "urn:uuid:c",
            "resource": CONDITION | {"subject": {"reference": urn}, "encounter": {"reference": "urn:uuid:e"}},
        },
    ]
    house.deliver(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    house.make_silver()
    assert [row["patient_id"] for row in house.rows(silver.ENCOUNTERS)] == ["p1"]
    assert [(row["patient_id"], row["encounter_id"]) for row in house.rows(silver.CONDITIONS)] == [("p1", "e1")]
    assert house.rows(silver.QUARANTINE) == []


@pytest.mark.parametrize("id_", ["p1", None])
@pytest.mark.parametrize("spelled", [("upper", "lower"), ("lower", "upper"), ("upper", "upper")])
def test_a_uuid_is_the_same_in_capitals(house, spelled, id_):
    urn = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
    known, named = (getattr(urn, spelling)() for spelling in spelled)
    patient = {name: value for name, value in PATIENT.items() if name != "id"} | ({"id": id_} if id_ else {})
    entries = [
        {"fullUrl": known, "resource": patient},
        {"fullUrl": "urn:uuid:e", "resource": encounter(subject={"reference": named})},
    ]
    house.deliver(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    house.make_silver(silver_steps.PATIENTS, silver_steps.ENCOUNTERS)
    assert [row["patient_id"] for row in house.rows(silver.ENCOUNTERS)] == [id_ or known.rsplit(":", 1)[1]]
    assert house.rows(silver.QUARANTINE) == []


def put(name, birth, url, **told):
    resource = {"resourceType": "Patient", "gender": "female", "birthDate": birth, **told}
    return {"fullUrl": f"urn:uuid:{name}", "resource": resource, "request": {"method": "PUT", "url": url}}


def bundle(*entries):
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries})


def test_who_is_put_where_an_identifier_stands_is_known_by_that_and_its_system_and_not_its_value(house):
    def numbered(system):
        return {"identifier": [{"system": system, "value": "4711"}]}

    people = (
        put("u1", "1941-01-01", "Patient?identifier=urn:a|4711", **numbered("urn:a")),
        put("u2", "1982-02-02", "Patient?identifier=urn:b%7C4711", **numbered("urn:b")),
        put("u3", "1993-03-03", "Patient/4711", id="4711"),
    )
    stays = (
        {"resource": encounter(id="e1", subject={"reference": "urn:uuid:u1"})},
        {"resource": encounter(id="e2", subject={"reference": "Patient?identifier=urn:b|4711"})},
        {"resource": encounter(id="e3", subject={"reference": "Patient/4711"})},
    )
    house.deliver(bundle(*people, *stays))
    house.make_silver()
    again = put("u9", "1941-01-02", "Patient?identifier=urn:a|4711", **numbered("urn:a"))
    house.deliver(bundle(again), RECEIVED + dt.timedelta(days=1))
    house.make_silver()
    born = {row["patient_id"]: str(row["birth_date"]) for row in house.rows(silver.PATIENTS)}
    assert born == {"urn:a|4711": "1941-01-02", "urn:b|4711": "1982-02-02", "4711": "1993-03-03"}
    of = {row["encounter_id"]: row["patient_id"] for row in house.rows(silver.ENCOUNTERS)}
    assert of == {"e1": "urn:a|4711", "e2": "urn:b|4711", "e3": "4711"}


def version(number, **told):
    meta = {"versionId": str(number), "lastUpdated": f"2024-02-0{number}T00:00:00Z", **told.pop("meta", {})}
    return {"resourceType": "Patient", "id": "p1", "gender": "female", "meta": meta, **told}


LIVED = {"address": [{"city": "Oldcity"}], "telecom": [{"system": "phone", "value": "123"}], "birthDate": "1950-02-03"}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_what_a_newer_version_leaves_out_is_not_so_any_more(house, order):
    versions = version(1, deceasedDateTime="2024-01-01", **LIVED), version(2, deceasedBoolean=False, birthDate="1950")
    for number in order:
        house.deliver(lines(versions[number]))
        house.make_silver()
    (row,) = house.rows(silver.PATIENTS)
    assert (row["city"], row["phone"], row["death_date"], row["is_deceased"]) == (None, None, None, False)
    assert str(row["birth_date"]) == "1950-02-03", "the newer one tells less of it, and agrees"


def test_a_newer_version_of_which_only_a_part_is_told_leaves_the_rest(house):
    tag = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
    house.deliver(lines(version(1, **LIVED), version(2, meta={"tag": [tag]})))
    house.make_silver()
    assert house.rows(silver.PATIENTS, "city", "phone") == [{"city": "Oldcity", "phone": "123"}]


def test_a_resource_that_its_server_has_deleted_softly_is_ended(house):
    deleted = {"url": "http://azurehealthcareapis.com/data-extensions/deleted-state", "valueString": "soft-deleted"}
    house.deliver(lines(PATIENT, encounter(id="e1"), encounter(id="e2", meta={"extension": [deleted]})))
    house.make_silver()
    assert [row["encounter_id"] for row in house.rows(silver.ENCOUNTERS)] == ["e1"]
