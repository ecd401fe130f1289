"""OMOP: persons, how long they were observed, their visits and deaths; where, and of which source."""

from mediflow_assets.contracts.omop import rules
from mediflow_assets.contracts.omop.columns import concept, day, house, key, moment, part, unused, word
from mediflow_assets.contracts.table import Audience, TableContract, Type

_P, _E = "silver/patients", "silver/encounters"
_BORN = (f"{_P}.birth_date", f"{_E}.age_at_admission")
_PERSON = (f"{_P}.patient_key",)
_VISIT = (f"{_E}.encounter_key",)
_ENDED = tuple(f"{_E}.{name}" for name in ("discharged_at", "admitted_at", "status"))

PERSON = TableContract(
    ("omop", "person"),
    "One row per patient of whom a year of birth is known.",
    Audience.PIPELINE,
    (
        key("person_id", "stands for the patient", *_PERSON),
        concept("gender_concept_id", "male, female, or 0", f"{_P}.gender", required=True),
        part("year_of_birth", "of those of 90 and over that of somebody of 90", *_BORN, required=True),
        part("month_of_birth", "where the day is known, and nobody of 90", *_BORN),
        part("day_of_birth", "where the day is known, and nobody of 90", *_BORN),
        moment("birth_datetime", "midnight of that day", *_BORN),
        concept("race_concept_id", "one of the five of the OMB, or 0", f"{_P}.race", required=True),
        concept("ethnicity_concept_id", "Hispanic or not, or 0", f"{_P}.ethnicity", required=True),
        *unused(Type.LONG, "location_id", "provider_id", "care_site_id"),
        word("person_source_value", "the person's pseudonym, of these tables alone", *_PERSON),
        word("gender_source_value", "M, F, O, U", f"{_P}.gender"),
        *unused(Type.INTEGER, "gender_source_concept_id"),
        word("race_source_value", "the word, where it is one of the list", f"{_P}.race"),
        *unused(Type.INTEGER, "race_source_concept_id"),
        word("ethnicity_source_value", "the word, where it is one of the list", f"{_P}.ethnicity"),
        *unused(Type.INTEGER, "ethnicity_source_concept_id"),
    ),
    ("person_id",),
    rules.PERSON,
)

_SEEN = (f"{_E}.admitted_at", f"{_E}.discharged_at", "silver/conditions.onset_date", "silver/procedures.performed_on",
         "silver/medications.started_on", "silver/observations.observed_on")  # fmt: skip
OBSERVATION_PERIOD = TableContract(
    ("omop", "observation_period"),
    "One row per person of whom anything is told: from the first event to the last.",
    Audience.PIPELINE,
    (
        key("observation_period_id", "the person's", *_PERSON),
        key("person_id", "the person", *_PERSON),
        day("observation_period_start_date", "day of the first event", *_SEEN, required=True),
        day("observation_period_end_date", "day of the last event", *_SEEN, required=True),
        concept("period_type_concept_id", "electronic health record", required=True),
    ),
    ("observation_period_id",),
    rules.OBSERVATION_PERIOD,
)

VISIT_OCCURRENCE = TableContract(
    ("omop", "visit_occurrence"),
    "One row per encounter that took place and has ended.",
    Audience.PIPELINE,
    (
        key("visit_occurrence_id", "stands for the encounter", *_VISIT),
        key("person_id", "the person", f"{_E}.patient_key"),
        concept("visit_concept_id", "inpatient, emergency, outpatient, …", f"{_E}.encounter_class", required=True),
        day("visit_start_date", "local day of the start", f"{_E}.admitted_at", required=True),
        moment("visit_start_datetime", "start", f"{_E}.admitted_at"),
        day("visit_end_date", "local day of the end", *_ENDED, required=True),
        moment("visit_end_datetime", "end, where it is told", f"{_E}.discharged_at"),
        concept("visit_type_concept_id", "electronic health record", required=True),
        *unused(Type.LONG, "provider_id"),
        key("care_site_id", "the department", f"{_E}.department", required=False),
        word("visit_source_value", "the encounter's class", f"{_E}.encounter_class"),
        *unused(Type.INTEGER, "visit_source_concept_id", "admitted_from_concept_id"),
        *unused(Type.STRING, "admitted_from_source_value"),
        concept("discharged_to_concept_id", "where to; 0 for home", f"{_E}.discharge_disposition"),
        word("discharged_to_source_value", "home, transferred, …", f"{_E}.discharge_disposition"),
        key("preceding_visit_occurrence_id", "the person's visit before it", *_VISIT, required=False),
    ),
    ("visit_occurrence_id",),
    rules.VISIT_OCCURRENCE,
)

_DIED = (f"{_P}.death_date",)
DEATH = TableContract(
    ("omop", "death"),
    "One row per person whose date of death is known.",
    Audience.PIPELINE,
    (
        key("person_id", "the person", *_PERSON),
        day("death_date", "day of death, or the last day it may be", *_DIED, required=True),
        *unused(Type.TIMESTAMP, "death_datetime"),
        concept("death_type_concept_id", "electronic health record"),
        *unused(Type.INTEGER, "cause_concept_id"),
        *unused(Type.STRING, "cause_source_value"),
        *unused(Type.INTEGER, "cause_source_concept_id"),
    ),
    ("person_id",),
    rules.DEATH,
)

_SITE = (f"{_E}.department",)
CARE_SITE = TableContract(
    ("omop", "care_site"),
    "One row per department of a visit; one that fewer than 11 patients have is OTHER.",
    Audience.PIPELINE,
    (
        key("care_site_id", "stands for the department", *_SITE),
        word("care_site_name", "the department", *_SITE),
        *unused(Type.INTEGER, "place_of_service_concept_id"),
        *unused(Type.LONG, "location_id"),
        word("care_site_source_value", "its first 50 letters", *_SITE),
        *unused(Type.STRING, "place_of_service_source_value"),
    ),
    ("care_site_id",),
)

CDM_SOURCE = TableContract(
    ("omop", "cdm_source"),
    "One row: which release of the model, of the vocabularies and of the source this is.",
    Audience.PIPELINE,
    (
        house("cdm_source_name", Type.STRING, "what the tables come from", required=True),
        house("cdm_source_abbreviation", Type.STRING, "the same, short", required=True),
        house("cdm_holder", Type.STRING, "who holds them", required=True),
        house("source_description", Type.STRING, "whether dates are shifted or real"),
        house("source_documentation_reference", Type.STRING, "where the source is described"),
        house("cdm_etl_reference", Type.STRING, "where the mapping is described"),
        house("source_release_date", Type.DATE, "day on which the newest delivery or event came", required=True),
        house("cdm_release_date", Type.DATE, "the same day: no clock is read", required=True),
        house("cdm_version", Type.STRING, "5.4"),
        house("cdm_version_concept_id", Type.INTEGER, "the concept of that version", required=True),
        house("vocabulary_version", Type.STRING, "of the vocabulary folder; none without one", required=True),
    ),
    ("cdm_source_abbreviation",),
)
