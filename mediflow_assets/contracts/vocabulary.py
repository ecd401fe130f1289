"""The closed vocabularies: what a code value may be, the spellings accepted for it, and the rules on form."""

from collections.abc import Mapping

from mediflow_assets.contracts import words
from mediflow_assets.contracts.words import plain_word

GENDERS, ENCOUNTER_CLASSES, STATUSES, ADMISSION_TYPES, DISPOSITIONS = map(
    words.by_spelling,
    (words.GENDERS, words.ENCOUNTER_CLASSES, words.STATUSES, words.ADMISSION_TYPES, words.DISPOSITIONS),
)
"""Words as they are compared → what they stand for."""
CODED: Mapping[str, words.Words] = {
    "encounter_class": words.ENCOUNTER_CLASSES,
    "admission_type": words.ADMISSION_TYPES,
    "discharge_disposition": words.DISPOSITIONS,
    "gender": words.GENDERS,
    "status": words.STATUSES,
}
"""The columns of closed vocabularies, as they are delivered."""


def word_of(vocabulary: Mapping[str, str], text: str) -> str | None:
    """What a word stands for, None where it is none of the vocabulary."""
    return vocabulary.get(plain_word(text))


DEPARTMENT_OF_CLASS = {
    "inpatient": "GENERAL_MEDICINE",
    "emergency": "EMERGENCY",
    "outpatient": "OUTPATIENT_CLINIC",
    "ambulatory": "AMBULATORY_CARE",
    "urgentcare": "URGENT_CARE",
    "wellness": "PREVENTIVE_CARE",
    "observation": "OBSERVATION",
    "virtual": "TELEHEALTH",
    "home": "HOME_CARE",
    "hospice": "HOSPICE",
    "snf": "SKILLED_NURSING",
}
"""The department of an encounter whose source names none."""

PRESUMED_CLASS = "inpatient"
"""The class of an encounter whose source names none, and that ended on a later day than it began."""

PLANNED_ADMISSION_TYPES = ("elective", "newborn")
"""An admission of any other type, or of none that is given, counts as unplanned."""

DIAGNOSIS_RANKS = {
    **dict.fromkeys(("HD", "P", "PRIMARY", "PRINCIPAL", "MAIN"), "1"),
    **dict.fromkeys(("ND", "S", "SECONDARY", "OTHER", "ADDITIONAL"), "2"),
}
"""Which of an encounter's diagnoses one is, where no number says it."""

ICD10_PATTERN = r"^[A-Z][0-9][0-9A-Z]([.]?[0-9A-Z]{1,4})?\z"
"""ICD-10 and ICD-10-CM: a letter, a digit, a digit or letter, then up to four more (CMS, Guidelines I.A.2)."""

SNOMED_PATTERN = r"^[1-9][0-9]{5,17}\z"
"""A SNOMED CT identifier: 6 to 18 digits, no leading zero (SNOMED CT Release File Specification, SCTID)."""

WHOLE_FRACTION = r"^([1-9][0-9]{5,17})[.]0+\z"
"""A whole number as long as an identifier that was read as a fraction. Codes of ICD-9, such as 250.0, are shorter."""

DEPARTMENT_PATTERN = r"^[\p{L}\p{N}][\p{L}\p{N}\p{M} &/_.,:;\x27’()+#*%°-]*\z"
"""A label: it begins with a letter or a digit, so that no spreadsheet takes it for a formula. A rare one may be a bed,
a pager or a person: it is shown only where eleven people carry it. How long one may be is said apart: to count letters
of all scripts in a pattern takes twenty times as long."""
LONGEST_DEPARTMENT, LONGEST_PAYER = 80, 120

PAYER_PATTERN = r"^[\p{N} &/_.,:;\x27’()+#*%°-]*\p{L}[\p{L}\p{N}\p{M} &/_.,:;\x27’()+#*%°-]*\z"
"""A name: an id alone says nothing."""

ZIP_PATTERN = r"^[0-9]{5}(-?[0-9]{4})?\z"

OTHER = "OTHER"
"""Shown in place of a label that fewer than 11 people carry."""

UNKNOWN = "UNKNOWN"
"""Shown where a diagnosis is not known; the absence itself is valid."""

OPEN_STAY_DAYS = 365
"""How long an inpatient stay without an end is taken to last at most, unless the hospital says otherwise."""
AGE_LIMITS_YEARS = (0, 120)
SYSTOLIC_LIMITS_MMHG = (40, 300)
DIASTOLIC_LIMITS_MMHG = (20, 200)
EARLIEST_DATE = "1900-01-01"
