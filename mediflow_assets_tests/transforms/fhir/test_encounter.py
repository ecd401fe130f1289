"""What an Encounter tells, in the words of any release of FHIR."""

import json

import pytest

from mediflow_assets.transforms.fhir import encounter

V3 = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
PRIORITY = "http://terminology.hl7.org/CodeSystem/v3-ActPriority"
NUBC = "http://www.nubc.org/patient-discharge"
ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"


def told(**elements):
    return {name: value for name, value in encounter.read(elements).items() if value}


def coded(code, system=ICD10, **more):
    return {"coding": [{"system": system, "code": code}], **more}


IN_ANY_RELEASE = {
    "patient": "p1",
    "start": "2022-03-01T10:00:00Z",
    "stop": "2022-03-04T10:00:00Z",
    "encounterclass": "inpatient",
    "service": "Cardiology",
    "reasoncode": "I50.9",
    "reasonsystem": ICD10,
    "disposition": "against_advice",
}
PERIOD = {"start": "2022-03-01T10:00:00Z", "end": "2022-03-04T10:00:00Z"}
CARDIOLOGY = coded("394579002", "http://snomed.info/sct", text="Cardiology")
SUBJECT = {"subject": {"reference": "Patient/p1"}}
R4 = SUBJECT | {
    "status": "finished",
    "class": {"system": V3, "code": "IMP"},
    "period": PERIOD,
    "serviceType": CARDIOLOGY,
    "reasonCode": [coded("I50.9")],
    "hospitalization": {"dischargeDisposition": coded("07", NUBC)},
}
R5 = SUBJECT | {
    "status": "completed",
    "class": [coded("IMP", V3)],
    "actualPeriod": PERIOD,
    "serviceType": [{"concept": CARDIOLOGY}],
    "reason": [{"use": [coded("RV", "x")], "value": [{"concept": coded("I50.9")}]}],
    "admission": {"dischargeDisposition": coded("07", NUBC)},
}
STU3 = SUBJECT | {
    "status": "finished",
    "class": {"system": "http://hl7.org/fhir/v3/ActCode", "code": "IMP"},
    "period": PERIOD,
    "serviceType": CARDIOLOGY,
    "reason": [coded("I50.9")],
    "hospitalization": {"dischargeDisposition": coded("07", NUBC)},
}
DSTU2 = {
    "status": "finished",
    "class": "inpatient",
    "patient": {"reference": "Patient/p1"},
    "period": PERIOD,
    "serviceType": CARDIOLOGY,
    "reason": [coded("I50.9")],
    "hospitalization": {"dischargeDisposition": coded("07", NUBC)},
}


@pytest.mark.parametrize("release", [R4, R5, STU3, DSTU2], ids=["R4", "R5", "STU3", "DSTU2"])
def test_an_encounter_says_the_same_in_every_release(release):
    found = told(**release)
    assert found.pop("status") in ("finished", "completed")
    assert found == IN_ANY_RELEASE


def place(name, code=None, **more):
    kind = {"physicalType": coded(code, "http://terminology.hl7.org/CodeSystem/location-physical-type")} if code else {}
    return {"location": {"reference": "Location/1", "display": name}, **kind, **more}


def test_a_patient_is_in_a_ward_not_in_a_bed_and_where_he_is_now():
    wards = [
        place("Ward 1", "wa", status="completed", period={"start": "2022-03-01"}),
        place("Ward 2", "wa", status="active", period={"start": "2022-03-02"}),
        place("Ward 3", "wa", status="planned", period={"start": "2022-03-03"}),
        place("Bed 7", "bd", status="active", period={"start": "2022-03-02"}),
    ]
    assert told(location=wards)["location"] == "Ward 2"
    assert told(location=[place("A"), place("B")])["location"] == "A"
    over = [place("A", period={"start": "2022-03-01"}), place("B", period={"start": "2022-03-02"})]
    assert told(location=over)["location"] == "B"
    assert told(location=[{**place("Bed 7"), "form": coded("bd", "x")}]) == {}


def test_the_organisation_is_named_by_its_reference_or_contained():
    assert told(serviceProvider={"display": "General"})["provider"] == "General"
    held = {"contained": [{"resourceType": "Organization", "id": "o", "name": "General"}]}
    assert told(serviceProvider={"reference": "#o"}, **held)["provider"] == "General"


@pytest.mark.parametrize(
    ("code", "type_"),
    [("EM", "emergency"), ("S", "emergency"), ("UR", "urgent"), ("A", "urgent"), ("EL", "elective"), ("R", "elective"),
     ("PRN", None)],
)  # fmt: skip
def test_the_priority_is_the_type_of_the_admission(code, type_):
    assert told(priority=coded(code, PRIORITY)).get("admission_type") == type_


def test_a_priority_in_words_is_read_and_a_planned_readmission_is_planned():
    snomed = "http://snomed.info/sct"
    shown = {"coding": [{"system": snomed, "code": "310361003", "display": "Non-urgent cardiological admission"}]}
    assert told(priority=shown)["admission_type"] == "elective"
    for said, type_ in (("Planned readmission", "elective"), ("Unplanned readmission", None), ("Re-admission", None)):
        assert told(hospitalization={"reAdmission": {"text": said}}).get("admission_type") == type_
    both = {"priority": coded("EM", PRIORITY), "hospitalization": {"reAdmission": {"text": "planned"}}}
    assert told(**both)["admission_type"] == "emergency"


def test_the_history_of_the_status_tells_what_the_period_does_not():
    history = [
        {"status": "planned", "period": {"start": "2022-02-01"}},
        {"status": "in-progress", "period": {"start": "2022-03-02T09:00:00Z"}},
        {"status": "arrived", "period": {"start": "2022-03-02T08:00:00Z"}},
        {"status": "finished", "period": {"start": "2022-03-04T10:00:00Z"}},
    ]
    found = told(status="finished", statusHistory=history)
    assert (found["start"], found["stop"]) == ("2022-03-02T08:00:00Z", "2022-03-04T10:00:00Z")
    found = told(status="in-progress", statusHistory=history[:3], period={"start": "2022-03-01"})
    assert (found["start"], found.get("stop")) == ("2022-03-01", None)


def test_a_part_of_a_stay_names_the_whole():
    assert json.loads(told(partOf={"reference": "Encounter/e0"})["extra"]) == {"part_of": "e0"}


def test_the_conditions_that_it_names_as_its_diagnoses_are_kept():
    listed = [
        diagnosed({"reference": "Condition/a"}, "AD", 1),
        diagnosed({"reference": "Condition/b/_history/2"}, "DD", 1),
    ]
    assert told(diagnosis=listed)["named_conditions"] == "1 DD b\n1 AD a"
    unread = diagnosed({"reference": "Condition/c"}, "a use of the house", "first")
    assert told(diagnosis=unread)["named_conditions"] == "- - c"


CONTAINED = [
    {"resourceType": "Condition", "id": "a", "code": coded("A41.9")},
    {"resourceType": "Condition", "id": "b", "code": coded("I50.9")},
]


def diagnosed(condition, use, rank=None):
    return {"condition": condition, "use": coded(use, "http://terminology.hl7.org/CodeSystem/diagnosis-role"),
            "rank": rank}  # fmt: skip


def test_the_diagnosis_at_discharge_of_the_least_rank_counts():
    listed = [
        diagnosed({"reference": "#a"}, "AD", 1),
        diagnosed({"reference": "#b"}, "DD", 1),
        diagnosed({"reference": "#a"}, "DD", 2),
    ]
    assert told(diagnosis=listed, contained=CONTAINED)["reasoncode"] == "I50.9"
    elsewhere = [diagnosed({"reference": "Condition/c"}, "DD", 1)]
    assert told(diagnosis=elsewhere, reasonCode=[coded("A41.9")])["reasoncode"] == "A41.9"
    r5 = [{"condition": [{"concept": coded("I50.9")}], "use": [coded("DD", "x")]}]
    assert told(diagnosis=r5)["reasoncode"] == "I50.9"
    stu3 = [{"condition": {"reference": "#b"}, "role": coded("DD", "x"), "rank": 1}]
    assert told(diagnosis=stu3, contained=CONTAINED)["reasoncode"] == "I50.9"


def test_a_reason_of_another_system_is_no_diagnosis_and_keeps_its_words():
    loinc = {"coding": [{"system": "http://loinc.org", "code": "123456", "display": "Odd"}]}
    assert told(reasonCode=[loinc]) == {"reasondescription": "Odd"}
    assert told(reasonCode=[{"text": "Chest pain"}]) == {"reasondescription": "Chest pain"}
    assert told(reasonCode=[loinc, coded("I50.9")])["reasoncode"] == "I50.9"
    assert told(reasonReference=[{"reference": "#b"}], contained=CONTAINED)["reasoncode"] == "I50.9"


def test_a_class_is_the_published_one_among_several_and_else_stands_as_it_is():
    ours = {"system": "urn:oid:1.2.840.114350.1", "code": "4", "display": "HOV"}
    assert told(**{"class": {"coding": [ours, {"system": V3, "code": "EMER"}]}})["encounterclass"] == "emergency"
    assert told(**{"class": ours})["encounterclass"] == "4"


@pytest.mark.parametrize("wrong", [None, 5, "text", [], [5, None], {}, [{}], [[{"code": "x"}]], {"coding": 5}])
def test_what_has_another_shape_than_fhir_says_tells_nothing(wrong):
    names = ("subject", "period", "location", "serviceType", "serviceProvider", "priority", "reason", "reasonCode",
             "diagnosis", "hospitalization", "admission", "statusHistory", "partOf", "contained")  # fmt: skip
    assert told(**dict.fromkeys(names, wrong)) == {}
