"""Concepts of the OMOP vocabularies that need no download: few, fixed, and published.

Each stands at https://athena.ohdsi.org/search-terms/terms/<concept>. Which are meant for what: THEMIS
(https://ohdsi.github.io/Themis) for persons; the table descriptions of
https://github.com/OHDSI/DataQualityDashboard, inst/csv/OMOP_CDMv5.4_Table_Level.csv, for visits.
"""

from collections.abc import Mapping

UNMAPPED = 0
CDM_VERSION, CDM_VERSION_CONCEPT = "5.4", 756265
GENDERS = {"M": 8507, "F": 8532}
"""Any other is 0, as THEMIS has it."""
RACES = {"white": 8527, "black": 8516, "asian": 8515, "native": 8657, "hawaiian": 8557}
"""By Synthea's words."""
ETHNICITIES = {"hispanic": 38003563, "nonhispanic": 38003564}
SPELLINGS = {
    "black or african american": "black",
    "american indian or alaska native": "native",
    "native hawaiian or other pacific islander": "hawaiian",
    "hispanic or latino": "hispanic",
    "not hispanic or latino": "nonhispanic",
}
"""The categories of the OMB, as FHIR's US Core writes them, by Synthea's words."""
INPATIENT, OUTPATIENT, EMERGENCY = 9201, 9202, 9203
VISITS = {
    "inpatient": INPATIENT,
    "emergency": EMERGENCY,
    "outpatient": OUTPATIENT,
    "ambulatory": OUTPATIENT,
    "urgentcare": OUTPATIENT,
    "wellness": OUTPATIENT,
    "observation": OUTPATIENT,
    "virtual": 5083,
    "home": 581476,
    "hospice": 42898160,
    "snf": 42898160,
}
"""By class. 262, emergency room and inpatient in one, is not told: both are encounters of their own here."""
DISCHARGED_TO = {"transferred": 8717, "skilled_nursing": 8863, "rehab": 8920, "hospice": 8546}
"""By disposition; home is 0 in the model, and who died stands in `death`."""
EHR = 32817
DRUG_TYPES = {
    "request": 32838,
    "administration": 32818,
    "dispense": 32825,
    "statement": 32865,
    "immunization": 32818,
}
"""EHR prescription, administration record, dispensing record; patient self-report."""
OPERATORS = {"<": 4171756, "<=": 4171754, ">=": 4171755, ">": 4172704}
PRIMARY, SECONDARY = 32902, 32908
"""Status of a diagnosis."""

FIXED: Mapping[int, str] = {
    CDM_VERSION_CONCEPT: "OMOP CDM Version 5.4.0",
    8507: "MALE",
    8532: "FEMALE",
    8527: "White",
    8516: "Black or African American",
    8515: "Asian",
    8657: "American Indian or Alaska Native",
    8557: "Native Hawaiian or Other Pacific Islander",
    38003563: "Hispanic or Latino",
    38003564: "Not Hispanic or Latino",
    INPATIENT: "Inpatient Visit",
    OUTPATIENT: "Outpatient Visit",
    EMERGENCY: "Emergency Room Visit",
    5083: "Telehealth",
    581476: "Home Visit",
    42898160: "Non-hospital institution Visit",
    8717: "Inpatient Hospital",
    8863: "Skilled Nursing Facility",
    8920: "Comprehensive Inpatient Rehabilitation Facility",
    8546: "Hospice",
    EHR: "EHR",
    32838: "EHR prescription",
    32818: "EHR administration record",
    32825: "EHR dispensing record",
    32865: "Patient self-report",
    4171756: "<",
    4171754: "<=",
    4171755: ">=",
    4172704: ">",
    PRIMARY: "Primary diagnosis",
    SECONDARY: "Secondary diagnosis",
}
"""Their names, as Athena has them."""

VOCABULARIES: Mapping[str, tuple[str, ...]] = {
    "icd10": ("ICD10CM", "ICD10"),
    "icd9": ("ICD9CM",),
    "snomed": ("SNOMED",),
    "loinc": ("LOINC",),
    "rxnorm": ("RxNorm",),
    "cvx": ("CVX",),
    "cpt": ("CPT4",),
    "hcpcs": ("HCPCS",),
    "cdt": ("HCPCS",),
    "icd10pcs": ("ICD10PCS",),
    "ucum": ("UCUM",),
}
"""By our system those of Athena that hold its codes, the first that has one first."""
DOMAINS = {
    "Condition": "condition_occurrence",
    "Procedure": "procedure_occurrence",
    "Drug": "drug_exposure",
    "Measurement": "measurement",
    "Observation": "observation",
}
"""By domain the table of its events. Events of any other domain stand in none, and are counted."""
