"""What a Condition tells, in the words of any release of FHIR."""

import pytest

from mediflow_assets.transforms.fhir import condition, encounter

NONE = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def told(**elements):
    return {name: value for name, value in condition.read(elements).items() if value is not None}


@pytest.mark.parametrize(
    ("elements", "found"),
    [
        ({"onsetDateTime": "2019-03"}, {"start": "2019-03"}),
        ({"onsetPeriod": {"start": "2018-01-01", "end": "2019"}}, {"start": "2018-01-01"}),
        ({"onsetString": " 2018-05 "}, {"start": "2018-05"}),
        ({"onsetString": "in childhood", "recordedDate": "2020-02-02"}, {"start": "2020-02-02", "is_recorded": "true"}),
        ({"onsetAge": {"value": 52, "code": "a"}}, {"onset_age": "52"}),
        ({"onsetAge": {"value": 30, "code": "mo"}}, {"onset_age": "2"}),
        ({"onsetAge": {"value": 52}, "recordedDate": "2020"}, {"start": "2020", "is_recorded": "true"}),
        ({"onsetRange": {"low": {"value": 40, "code": "a"}}}, {"onset_age": "40"}),
        ({"onsetDateTime": "2019", "recordedDate": "2020-02-02"}, {"start": "2019"}),
        ({"assertedDate": "2020-02-02"}, {"start": "2020-02-02", "is_recorded": "true"}),
        ({"dateRecorded": "2020-02-02"}, {"start": "2020-02-02", "is_recorded": "true"}),
        ({}, {}),
    ],
)
def test_the_onset_is_a_day_a_period_an_age_or_the_day_of_recording(elements, found):
    assert told(**elements) == found


@pytest.mark.parametrize(
    ("elements", "found"),
    [
        ({"abatementDateTime": "2020-01"}, {"stop": "2020-01"}),
        ({"abatementPeriod": {"start": "2019", "end": "2020"}}, {"stop": "2020"}),
        ({"abatementString": "2020"}, {"stop": "2020"}),
        ({"clinicalStatus": {"coding": [{"code": "resolved"}]}}, {"stop": "2021-05-06", "is_over_by": "true"}),
        ({"clinicalStatus": "inactive"}, {"stop": "2021-05-06", "is_over_by": "true"}),
        ({"abatementBoolean": True}, {"stop": "2021-05-06", "is_over_by": "true"}),
        ({"clinicalStatus": {"coding": [{"code": "resolved"}]}, "abatementDateTime": "2020"}, {"stop": "2020"}),
        ({"clinicalStatus": {"coding": [{"code": "active"}]}}, {}),
    ],
)
def test_a_condition_that_is_over_has_an_end_or_a_day_by_which_it_was_over(elements, found):
    updated = {"meta": {"lastUpdated": "2021-05-06T07:08:09Z"}}
    assert told(**elements, **updated) == found


def test_a_version_from_before_the_onset_tells_no_end():
    older = {"meta": {"lastUpdated": "2021-05-06T07:08:09Z"}, "clinicalStatus": "resolved"}
    assert told(**older, onsetDateTime="2021-06-01") == {"start": "2021-06-01"}
    assert told(clinicalStatus="resolved", onsetDateTime="2021-06-01") == {"start": "2021-06-01"}


@pytest.mark.parametrize(
    "status",
    [
        "refuted",
        "entered-in-error",
        {"coding": [{"system": NONE, "code": "refuted"}]},
        {"coding": [{"code": "x"}, {"system": NONE, "code": "entered-in-error"}]},
        {"text": "Entered in error"},
    ],
)
def test_what_is_refuted_or_entered_in_error_is_no_condition(status):
    assert told(verificationStatus=status) == {"is_none": "true"}


def test_what_is_not_sure_yet_is_a_condition():
    for code in ("unconfirmed", "provisional", "differential", "confirmed"):
        assert told(verificationStatus={"coding": [{"code": code}]}) == {}


@pytest.mark.parametrize("names", [("subject", "encounter"), ("patient", "encounter"), ("subject", "context")])
def test_patient_and_encounter_are_named_as_each_release_does(names):
    patient, encounter = names
    found = told(**{patient: {"reference": "Patient/p1"}, encounter: {"reference": "Encounter/e1"}})
    assert found == {"patient": "p1", "encounter": "e1"}


def test_an_episode_is_no_encounter():
    assert told(context={"reference": "EpisodeOfCare/e1"}) == {}


def test_the_code_is_of_a_known_system_and_the_words_are_the_records():
    ours, icd = {"system": "urn:oid:1.2.3", "code": "P-7"}, {"system": "http://hl7.org/fhir/sid/icd-10", "code": "E11"}
    found = told(code={"coding": [ours, icd | {"display": "Diabetes"}]})
    assert found == {"code": "E11", "codesystem": icd["system"], "description": "Diabetes"}
    assert told(code={"coding": [ours]}) == {"code": "P-7", "codesystem": "urn:oid:1.2.3"}
    assert told(code={"coding": [icd], "text": "sugar"})["description"] == "sugar"


@pytest.mark.parametrize("wrong", [None, 5, [], [5, None], {}, [{}], [[{"code": "x"}]], {"coding": 5}])
def test_what_has_another_shape_than_fhir_says_tells_nothing(wrong):
    names = ("subject", "encounter", "code", "onsetAge", "onsetPeriod", "onsetRange", "abatementPeriod",
             "clinicalStatus", "verificationStatus", "meta")  # fmt: skip
    assert told(**dict.fromkeys(names, wrong)) == {}


def certain(letter, **place):
    system = "https://fhir.kbv.de/CodeSystem/KBV_CS_SFHIR_ICD_DIAGNOSESICHERHEIT"
    value = place or {"valueCoding": {"system": system, "code": letter}}
    extension = {"url": "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit"} | value
    coding = {"system": "http://fhir.de/CodeSystem/bfarm/icd-10-gm", "code": "I10.90", "extension": [extension]}
    return {"coding": [coding]}


def test_a_diagnosis_that_is_ruled_out_beside_its_code_is_none():
    assert told(code=certain("A"))["is_none"] == "true"
    assert [told(code=certain(each)).get("is_none") for each in "GVZ"] == [None] * 3
    assert encounter.read({"diagnosis": [{"concept": certain("A")}], "reasonCode": [certain("A"), certain("G")]})[
        "reasoncode"
    ] == "I10.90"  # fmt: skip
    assert encounter.read({"reasonCode": [certain("A")]})["reasoncode"] is None


def test_the_day_of_assertion_counts_where_none_of_recording_is_told():
    asserted = {"url": "http://hl7.org/fhir/StructureDefinition/condition-assertedDate", "valueDateTime": "2024-01-02"}
    assert told(extension=[asserted]) == {"start": "2024-01-02", "is_recorded": "true"}
    assert told(extension=[asserted], recordedDate="2024-01-05")["start"] == "2024-01-05"
