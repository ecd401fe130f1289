"""The closed vocabularies: spellings lead to words that are themselves accepted."""

import re

import pytest

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
    assert {word for word in spellings.values() if spellings.get(word) != word} == set()


def test_each_class_has_a_department_that_is_well_formed():
    assert set(v.DEPARTMENT_OF_CLASS) == set(v.ENCOUNTER_CLASSES.values())
    pattern = v.DEPARTMENT_PATTERN.replace(r"\z", r"\Z")
    assert all(re.match(pattern, department) for department in v.DEPARTMENT_OF_CLASS.values())


def test_patterns_end_where_the_text_ends():
    patterns = {name: value for name, value in vars(v).items() if name.endswith("_PATTERN")}
    assert len(patterns) >= 5
    assert [name for name, pattern in patterns.items() if not (pattern[0] == "^" and pattern.endswith(r"\z"))] == []


def test_the_prefixes_of_the_federal_guidance_are_restricted():
    # 45 CFR 164.514(b), guidance of 26 November 2012: the 17 prefixes of the 2000 Census
    guidance = "036 059 063 102 203 556 692 790 821 823 830 831 878 879 884 890 893"
    assert set(guidance.split()) <= RESTRICTED_ZIP3
