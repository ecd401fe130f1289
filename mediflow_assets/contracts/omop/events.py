"""OMOP: what befell persons. The domain of the standard concept decides in which table an event stands."""

from mediflow_assets.contracts.omop import rules
from mediflow_assets.contracts.omop.columns import concept, day, key, moment, number, unused, whole, word
from mediflow_assets.contracts.table import Audience, Column, TableContract, Type

_ORIGINS = {
    "condition": "silver/conditions",
    "procedure": "silver/procedures",
    "drug": "silver/medications",
    "observation": "silver/observations",
}
_EVERY = tuple(_ORIGINS.values())
_CODES = (*(f"{table}.code" for table in _EVERY), *(f"{table}.system" for table in _EVERY),
          "silver/encounters.diagnosis_code", "silver/encounters.diagnosis_system")  # fmt: skip
_WHOSE = (*(f"{table}.patient_key" for table in _EVERY), "silver/encounters.patient_key")
_IDS = ("silver/conditions.condition_id", "silver/procedures.procedure_key", "silver/medications.medication_key",
        "silver/observations.observation_key", "silver/encounters.encounter_key")  # fmt: skip
_VISITS = (*(f"{table}.encounter_id" for table in _EVERY), "silver/encounters.encounter_key")
_BEGIN = ("silver/conditions.onset_date", "silver/procedures.performed_on", "silver/medications.started_on",
          "silver/observations.observed_on", "silver/encounters.admitted_on")  # fmt: skip
_BEGIN_AT = ("silver/procedures.performed_at", "silver/medications.started_at", "silver/observations.observed_at")
_END = ("silver/conditions.resolved_date", "silver/procedures.ended_at", "silver/medications.ended_at")
_END_AT = _END[1:]
_VALUE, _UNIT = ("silver/observations.value",), ("silver/observations.unit",)


def _event(stem: str, kind: str) -> tuple[Column, ...]:
    return (
        key(f"{stem}_id", "stands for the record and its concept", *_IDS),
        key("person_id", "the person", *_WHOSE),
        concept(f"{kind}_concept_id", "the standard concept; 0 where unmapped", *_CODES, required=True),
    )


def _type(kind: str) -> Column:
    return concept(f"{kind}_type_concept_id", "electronic health record, or which part of it", required=True)


_VISIT = (
    *unused(Type.LONG, "provider_id"),
    key("visit_occurrence_id", "the visit, where it is one", *_VISITS, required=False),
    *unused(Type.LONG, "visit_detail_id"),
)


def _source(kind: str) -> tuple[Column, ...]:
    return (
        word(f"{kind}_source_value", "the code, where it is of a published system", *_CODES),
        concept(f"{kind}_source_concept_id", "the code's own concept; 0 where unknown", *_CODES),
    )


def _table(name: str, description: str, columns: tuple[Column, ...]) -> TableContract:
    return TableContract(
        ("omop", name), description, Audience.PIPELINE, columns, (columns[0].name,), rules.of_events(name)
    )


CONDITION_OCCURRENCE = _table(
    "condition_occurrence",
    "One row per condition, and per diagnosis of an encounter that no condition tells.",
    (
        *_event("condition_occurrence", "condition"),
        day("condition_start_date", "begin, or the first day it may be", *_BEGIN, required=True),
        moment("condition_start_datetime", "begin, where a time is told", *_BEGIN_AT),
        day("condition_end_date", "end", *_END),
        moment("condition_end_datetime", "end, where a time is told", *_END_AT),
        _type("condition"),
        concept("condition_status_concept_id", "primary or secondary, where told", "silver/conditions.diagnosis_rank"),
        *unused(Type.STRING, "stop_reason"),
        *_VISIT,
        *_source("condition"),
        *unused(Type.STRING, "condition_status_source_value"),
    ),
)

DRUG_EXPOSURE = _table(
    "drug_exposure",
    "One row per order, administration, dispense or statement of a drug, and per immunization.",
    (
        *_event("drug_exposure", "drug"),
        day("drug_exposure_start_date", "begin", *_BEGIN, required=True),
        moment("drug_exposure_start_datetime", "begin, where a time is told", *_BEGIN_AT),
        day("drug_exposure_end_date", "end; the begin where none is told", *_END, *_BEGIN, required=True),
        moment("drug_exposure_end_datetime", "end, where a time is told", *_END_AT),
        day("verbatim_end_date", "end, where one is told", *_END),
        _type("drug"),
        *unused(Type.STRING, "stop_reason"),
        whole("refills", "dispenses after the first", "silver/medications.dispenses"),
        *unused(Type.MEASURE, "quantity"),
        *unused(Type.INTEGER, "days_supply"),
        *unused(Type.STRING, "sig"),
        *unused(Type.INTEGER, "route_concept_id"),
        *unused(Type.STRING, "lot_number"),
        *_VISIT,
        *_source("drug"),
        *unused(Type.STRING, "route_source_value", "dose_unit_source_value"),
    ),
)

PROCEDURE_OCCURRENCE = _table(
    "procedure_occurrence",
    "One row per procedure.",
    (
        *_event("procedure_occurrence", "procedure"),
        day("procedure_date", "begin", *_BEGIN, required=True),
        moment("procedure_datetime", "begin, where a time is told", *_BEGIN_AT),
        day("procedure_end_date", "end", *_END),
        moment("procedure_end_datetime", "end, where a time is told", *_END_AT),
        _type("procedure"),
        *unused(Type.INTEGER, "modifier_concept_id", "quantity"),
        *_VISIT,
        *_source("procedure"),
        *unused(Type.STRING, "modifier_source_value"),
    ),
)

MEASUREMENT = _table(
    "measurement",
    "One row per vital sign, laboratory result, and other number found.",
    (
        *_event("measurement", "measurement"),
        day("measurement_date", "when it was found", *_BEGIN, required=True),
        moment("measurement_datetime", "the time, where told", *_BEGIN_AT),
        *unused(Type.STRING, "measurement_time"),
        _type("measurement"),
        concept("operator_concept_id", "<, <=, >=, > where told", "silver/observations.comparator"),
        number("value_as_number", "the number found", *_VALUE),
        *unused(Type.INTEGER, "value_as_concept_id"),
        concept("unit_concept_id", "the unit; 0 where unmapped", *_UNIT),
        *unused(Type.MEASURE, "range_low", "range_high"),
        *_VISIT,
        *_source("measurement"),
        word("unit_source_value", "UCUM", *_UNIT),
        concept("unit_source_concept_id", "the unit's own concept", *_UNIT),
        *unused(Type.STRING, "value_source_value"),
        *unused(Type.LONG, "measurement_event_id"),
        *unused(Type.INTEGER, "meas_event_field_concept_id"),
    ),
)

OBSERVATION = _table(
    "observation",
    "One row per answer, finding or circumstance that is of no other table.",
    (
        *_event("observation", "observation"),
        day("observation_date", "when it was found", *_BEGIN, required=True),
        moment("observation_datetime", "the time, where told", *_BEGIN_AT),
        _type("observation"),
        number("value_as_number", "the number found", *_VALUE),
        *unused(Type.STRING, "value_as_string"),
        *unused(Type.INTEGER, "value_as_concept_id", "qualifier_concept_id"),
        concept("unit_concept_id", "the unit; 0 where unmapped", *_UNIT),
        *_VISIT,
        *_source("observation"),
        word("unit_source_value", "UCUM", *_UNIT),
        *unused(Type.STRING, "qualifier_source_value", "value_source_value"),
        *unused(Type.LONG, "observation_event_id"),
        *unused(Type.INTEGER, "obs_event_field_concept_id"),
    ),
)
