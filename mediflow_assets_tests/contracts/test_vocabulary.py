"""The closed vocabularies: spellings lead to words that are themselves accepted."""

import re

import pytest

from mediflow_assets.contracts import silver, words
from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.contracts.restricted_zip3 import RESTRICTED_ZIP3

VOCABULARIES = {
    "GENDERS": v.GENDERS,
    "ENCOUNTER_CLASSES": v.ENCOUNTER_CLASSES,
    "STATUSES": v.STATUSES,
    "ADMISSION_TYPES": v.ADMISSION_TYPES,
    "DISPOSITIONS": v.DISPOSITIONS,
}


@pytest.mark.parametrize("name", VOCABULARIES)
def test_each_word_is_a_spelling_of_itself(name):
    spellings = VOCABULARIES[name]
    assert {word for word in spellings.values() if v.word_of(spellings, word) != word} == set()


def test_each_class_has_a_department_that_is_well_formed():
    assert set(v.DEPARTMENT_OF_CLASS) == set(v.ENCOUNTER_CLASSES.values())
    assert all(re.fullmatch("[A-Z_]{1,80}", department) for department in v.DEPARTMENT_OF_CLASS.values())


def test_patterns_end_where_the_text_ends():
    patterns = {name: value for name, value in vars(v).items() if name.endswith("_PATTERN")}
    assert len(patterns) >= 5
    assert [name for name, pattern in patterns.items() if not (pattern[0] == "^" and pattern.endswith(r"\z"))] == []


def test_the_prefixes_of_the_federal_guidance_are_restricted():
    # 45 CFR 164.514(b), guidance of 26 November 2012: the 17 prefixes of the 2000 Census
    guidance = "036 059 063 102 203 556 692 790 821 823 830 831 878 879 884 890 893"
    assert set(guidance.split()) <= RESTRICTED_ZIP3


PUBLISHED = [
    # NUBC, UB-04: type of admission (field 14), patient discharge status (field 17)
    (v.ADMISSION_TYPES, "1 2 3 4 5", "emergency urgent elective newborn trauma"),
    (
        v.DISPOSITIONS,
        "01 02 03 04 05 06 07",
        "home transferred skilled_nursing skilled_nursing transferred home against_advice",
    ),
    (
        v.DISPOSITIONS,
        "1 2 3 4 5 6 7",
        "home transferred skilled_nursing skilled_nursing transferred home against_advice",
    ),
    (
        v.DISPOSITIONS,
        "20 21 40 41 42 43 50 51",
        "expired transferred expired expired expired transferred hospice hospice",
    ),
    (
        v.DISPOSITIONS,
        "61 62 63 64 65 66 69 70",
        "skilled_nursing rehab skilled_nursing skilled_nursing" + " transferred" * 4,
    ),
    # the discharges of whom a return is planned; admitted from an outpatient visit
    (
        v.DISPOSITIONS,
        "81 82 83 84 85 86 87 88 89 90 91 92 93 94 95 09 9",
        "home transferred skilled_nursing skilled_nursing transferred home transferred transferred skilled_nursing"
        " rehab skilled_nursing skilled_nursing transferred transferred transferred transferred transferred",
    ),
    # HL7 v2, tables 0001, 0004, 0007, 0112
    (v.DISPOSITIONS, "06 07 08 8 20 22 29 41 42", "home against_advice home home" + " expired" * 5),
    (v.ENCOUNTER_CLASSES, "C", "outpatient"),
    (v.GENDERS, "F M O U A N", "F M O U O U"),
    (v.ENCOUNTER_CLASSES, "E I O P R B", "emergency inpatient outpatient outpatient outpatient inpatient"),
    (v.ADMISSION_TYPES, "A E L R N U C", "emergency emergency urgent elective newborn urgent elective"),
    # HL7 v3, ActEncounterCode
    (v.ENCOUNTER_CLASSES, "AMB EMER FLD HH IMP", "ambulatory emergency outpatient home inpatient"),
    (
        v.ENCOUNTER_CLASSES,
        "ACUTE NONAC OBSENC PRENC SS VR",
        "inpatient inpatient observation outpatient observation virtual",
    ),
    # FHIR, discharge-disposition and encounter-status
    (v.DISPOSITIONS, "home alt-home other-hcf hosp long", "home home transferred hospice skilled_nursing"),
    (v.DISPOSITIONS, "aadvice exp psy rehab snf", "against_advice expired transferred rehab skilled_nursing"),
    (
        v.STATUSES,
        "planned arrived in-progress onleave finished",
        "planned in-progress in-progress in-progress finished",
    ),
    # OMOP, concepts of visits and genders
    (v.ENCOUNTER_CLASSES, "9201 9202 9203 262", "inpatient outpatient emergency inpatient"),
    (v.GENDERS, "8507 8532", "M F"),
    # German registries
    (v.GENDERS, "m w d x", "M F O O"),
]


@pytest.mark.parametrize(("vocabulary", "theirs", "ours"), PUBLISHED)
def test_codes_of_published_lists_mean_what_those_say(vocabulary, theirs, ours):
    assert [v.word_of(vocabulary, code) for code in theirs.split()] == ours.split()


@pytest.mark.parametrize(
    ("vocabulary", "word"),
    [
        (v.GENDERS, "1"),
        (v.GENDERS, "2"),
        (v.GENDERS, "H"),
        (v.GENDERS, "V"),
        (v.ENCOUNTER_CLASSES, "1"),
        (v.ENCOUNTER_CLASSES, "A"),
        (v.STATUSES, "A"),
        (v.DISPOSITIONS, "D"),
        (v.DISPOSITIONS, "012"),
        (v.ADMISSION_TYPES, "9"),
    ],
)
def test_what_houses_use_differently_means_nothing_by_itself(vocabulary, word):
    assert v.word_of(vocabulary, word) is None


@pytest.mark.parametrize("name", words.NOT_KNOWN)
def test_what_stands_for_not_known_stands_for_nothing_else(name):
    assert {v.word_of(words.by_spelling(v.CODED[name]), word) for word in words.NOT_KNOWN[name]} == {None}


def test_who_is_still_a_patient_has_no_disposition_and_type_9_is_no_type(house):
    header = "patient_id,encounter_id,department,admission_date,admission_type,discharge_disposition\n"
    cells = ("9,30", "1,Still a patient", "Information not available,09")
    house.deliver(header + "".join(f"P{n},E{n},MEDICINE,2024-03-01,{cell}\n" for n, cell in enumerate(cells)))
    house.make_silver()
    rows = house.rows(silver.ENCOUNTERS, "encounter_id", "admission_type", "discharge_disposition")
    assert [tuple(row.values())[1:] for row in rows] == [(None, None), ("emergency", None), (None, "transferred")]


def test_words_are_compared_by_their_letters():
    said = ["Retour a domicile", "RETOUR À DOMICILE ", "retour_à-domicile", "Retour\u00a0a\u0300 domicile"]
    assert {v.word_of(v.DISPOSITIONS, word) for word in said} == {"home"}
    assert words.plain_word("O\u2019Brien, (Alt.)") == "obrienalt"


def test_a_word_that_means_two_things_is_refused():
    with pytest.raises(ValueError, match="stands for"):
        words.by_spelling({"a": ("x-y",), "b": ("X Y",)})
