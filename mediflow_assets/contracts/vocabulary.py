"""The closed vocabularies: what a code value may be, the spellings accepted for it, and the rules on form."""

GENDERS = {"M": "M", "MALE": "M", "F": "F", "FEMALE": "F", "O": "O", "OTHER": "O", "U": "U", "UNKNOWN": "U"}

ENCOUNTER_CLASSES = {
    "inpatient": "inpatient",
    "imp": "inpatient",
    "acute": "inpatient",
    "nonac": "inpatient",
    "emergency": "emergency",
    "emer": "emergency",
    "ed": "emergency",
    "outpatient": "outpatient",
    "ambulatory": "ambulatory",
    "amb": "ambulatory",
    "urgentcare": "urgentcare",
    "urgent care": "urgentcare",
    "wellness": "wellness",
    "observation": "observation",
    "obsenc": "observation",
    "virtual": "virtual",
    "vr": "virtual",
    "home": "home",
    "hh": "home",
    "hospice": "hospice",
    "snf": "snf",
}

STATUSES = {
    "finished": "finished",
    "completed": "finished",
    "discharged": "finished",
    "in-progress": "in-progress",
    "admitted": "in-progress",
    "open": "in-progress",
    "arrived": "in-progress",
    "planned": "planned",
    "cancelled": "cancelled",
    "canceled": "cancelled",
    "entered-in-error": "cancelled",
    "onleave": "in-progress",
    "triaged": "in-progress",
    "unknown": "unknown",
}

ADMISSION_TYPES = {
    "emergency": "emergency",
    "urgent": "urgent",
    "elective": "elective",
    "newborn": "newborn",
    "trauma": "trauma",
    "routine": "elective",
}


def _coded(word: str, codes: str) -> dict[str, str]:
    return dict.fromkeys(codes.split(), word)


DISPOSITIONS = {
    "home": "home",
    "transferred": "transferred",
    "other-hcf": "transferred",
    "transfer": "transferred",
    "against_advice": "against_advice",
    "aadvice": "against_advice",
    "ama": "against_advice",
    "expired": "expired",
    "exp": "expired",
    "died": "expired",
    "hospice": "hospice",
    "hosp": "hospice",
    "skilled_nursing": "skilled_nursing",
    "snf": "skilled_nursing",
    "long": "skilled_nursing",
    "rehab": "rehab",
    "rehabilitation": "rehab",
    **_coded("home", "01 06 81 86"),
    **_coded("transferred", "02 05 43 65 66 69 82 85 88 93 94"),
    **_coded("skilled_nursing", "03 04 61 63 64 83 84 89 91 92"),
    **_coded("against_advice", "07"),
    **_coded("expired", "20 40 41 42"),
    **_coded("hospice", "50 51"),
    **_coded("rehab", "62 90"),
}
"""With the patient discharge status of NUBC (UB-04, field 17), as bills and FHIR have it."""

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

DEPARTMENT_PATTERN = r"^[A-Z][A-Z &/_-]{1,39}\z"
"""Letters only: a department that held digits could be a bed, a pager or a person's number."""

PAYER_PATTERN = r"^[A-Za-z][A-Za-z &/_-]{1,39}\z"

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
