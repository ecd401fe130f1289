"""Which of the codings of a concept is read: chosen by its system, never by its place alone."""

import pytest

from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.transforms.fhir import codings

LOCAL = {"system": "urn:oid:1.2.840.114350", "code": "ENC-1234", "display": "Our word"}
ICD10 = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I50.9", "display": "Heart failure"}
ICD9 = {"system": "http://hl7.org/fhir/sid/icd-9-cm", "code": "428.0"}
SNOMED = {"system": "http://snomed.info/sct/731000124108", "code": "84114007"}
PLAIN = {"code": "I10"}


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ([LOCAL, ICD10], "I50.9"),
        ([ICD9, SNOMED, ICD10], "428.0"),
        ([SNOMED], "84114007"),
        ([LOCAL, PLAIN], "I10"),
        ([PLAIN, ICD10], "I50.9"),
        ([LOCAL], "ENC-1234"),
        ([], None),
    ],
)
def test_the_first_coding_of_a_known_system_is_the_diagnosis(told, code):
    assert codings.diagnosis({"coding": told}).code == code


def test_only_a_code_that_may_be_of_a_known_system_is_one():
    assert [codings.is_diagnosis(codings.diagnosis([{"coding": [each]}])) for each in (ICD10, PLAIN, LOCAL)] == [
        True,
        True,
        False,
    ]


def test_a_code_of_a_house_of_its_own_is_not_read_as_a_published_one():
    ours = {"system": "https://house.example/how", "code": "20"}
    assert codings.word_of(v.DISPOSITIONS, {"coding": [ours]}) is None
    assert codings.word_of(v.DISPOSITIONS, {"coding": [ours | {"display": "Discharge to home"}]}) == "home"
    nubc = {"system": "http://www.nubc.org/patient-discharge", "code": "20"}
    assert codings.word_of(v.DISPOSITIONS, {"coding": [ours, nubc]}) == "expired"
    assert codings.word_of(v.DISPOSITIONS, {"text": "Nursing home"}) == "skilled_nursing"


@pytest.mark.parametrize(
    ("code", "means"),
    [("home", "home"), ("other-hcf", "transferred"), ("aadvice", "against_advice"), ("exp", "expired"),
     ("snf", "skilled_nursing"), ("rehab", "rehab"), ("oth", None)],
)  # fmt: skip
def test_dispositions_of_hl7_are_known(code, means):
    system = "http://terminology.hl7.org/CodeSystem/discharge-disposition"
    assert codings.word_of(v.DISPOSITIONS, {"coding": [{"system": system, "code": code}]}) == means


def test_words_are_those_of_the_first_coding_that_has_some_else_the_text():
    assert codings.words({"coding": [ICD9, ICD10], "text": "failing"}) == "Heart failure"
    assert codings.words({"coding": [ICD9], "text": "failing"}) == "failing"
    assert codings.words(None) is None
