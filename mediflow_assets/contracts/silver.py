"""Silver: typed, valid, one row per patient, encounter or condition. Direct identifiers live here."""

from dataclasses import replace

from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.contracts.bronze import PROVENANCE
from mediflow_assets.contracts.masks import age_band, drop, keep, pseudonym, redact, year, zip3
from mediflow_assets.contracts.table import Audience, Column, Privacy, RowCheck, Severity, TableContract, Type
from mediflow_assets.contracts.unusable_ids import id_checks

P, T = Privacy, Type
Q = Severity.QUARANTINE

_ADM, _ENC, _PAT = "bronze/admissions.", "bronze/synthea_encounters.", "bronze/synthea_patients."
_CON, _FHIR, _EVT = "bronze/synthea_conditions.", "bronze/fhir_resources.", "bronze/encounter_events."


def _from(adm: str = "", enc: str = "", pat: str = "", con: str = "", fhir: bool = True) -> tuple[str, ...]:
    """Upstream columns by source; FHIR columns all come out of the resource's JSON, those of flat admissions out of
    an event's as well."""
    named = ((_ADM, adm), (_ENC, enc), (_PAT, pat), (_CON, con))
    sources = [prefix + column for prefix, columns in named for column in columns.split()]
    return (*sources, *([_FHIR + "resource"] if fhir else []), *([_EVT + "value"] if adm else []))


def _provenance(*sources: str) -> tuple[Column, ...]:
    """Which Bronze record a row is the newest version of."""
    return tuple(replace(c, derived_from=tuple(source + c.name for source in sources)) for c in PROVENANCE)


def _diagnosis_checks(code: str, system: str, or_else: str = "") -> tuple[RowCheck, ...]:
    """What was read as a code of no system, and why: it has no code's form, or one that its system does not know."""
    is_icd10, is_snomed = f"{code} RLIKE r'{v.ICD10_PATTERN}'", f"{code} RLIKE r'{v.SNOMED_PATTERN}'"
    return (
        RowCheck("diagnosis_malformed", f"{or_else}{system} IS NULL AND NOT {is_icd10} AND NOT {is_snomed}", Q),
        RowCheck("diagnosis_not_in_icd10", f"{system} IS NULL AND {is_icd10}", Q),
        RowCheck("diagnosis_not_in_snomed", f"{system} IS NULL AND {is_snomed}", Q),
    )


PATIENTS = TableContract(
    ("silver", "patients"),
    "One row per patient: the newest known version.",
    Audience.PIPELINE,
    (
        Column("patient_id", T.STRING, "the source's id", P.RECORD_NUMBER, pseudonym("patient"), nullable=False,
               derived_from=_from("patient_id", pat="id")),
        Column("patient_key", T.STRING, "keyed pseudonym of patient_id", P.PSEUDONYM, drop(), nullable=False,
               derived_from=_from("patient_id", pat="id")),
        Column("source_system", T.STRING, "admissions, synthea, fhir or events", P.TECHNICAL, keep(), nullable=False),
        Column("given_name", T.STRING, "first name", P.NAME, drop(), derived_from=_from(pat="first")),
        Column("family_name", T.STRING, "last name", P.NAME, drop(), derived_from=_from(pat="last")),
        Column("full_name", T.STRING, "as delivered, or joined", P.NAME, drop(),
               derived_from=_from("name", pat="first last")),
        Column("birth_date", T.DATE, "date of birth", P.DATE, age_band(),
               derived_from=_from("birth_date", pat="birthdate")),
        Column("gender", T.STRING, "M, F, O, U", P.QUASI, keep(), nullable=False,
               derived_from=_from("gender", pat="gender")),
        Column("race", T.STRING, "as delivered", P.QUASI, drop(), derived_from=_from(pat="race", fhir=False)),
        Column("ethnicity", T.STRING, "as delivered", P.QUASI, drop(), derived_from=_from(pat="ethnicity", fhir=False)),
        Column("marital_status", T.STRING, "as delivered", P.QUASI, drop(), derived_from=_from(pat="marital")),
        Column("address", T.STRING, "street address", P.GEOGRAPHY, drop(), derived_from=_from(pat="address")),
        Column("city", T.STRING, "city", P.GEOGRAPHY, drop(), derived_from=_from(pat="city")),
        Column("state", T.STRING, "state, as delivered", P.QUASI, drop(), derived_from=_from(pat="state")),
        Column("zip", T.STRING, "postal code", P.GEOGRAPHY, zip3(), derived_from=_from("zip", pat="zip")),
        Column("phone", T.STRING, "telephone", P.PHONE, drop(), derived_from=_from()),
        Column("email", T.STRING, "e-mail", P.EMAIL, drop(), derived_from=_from()),
        Column("ssn", T.STRING, "social security number", P.SSN, drop(), derived_from=_from(pat="ssn")),
        Column("drivers_license", T.STRING, "driving licence", P.LICENCE, drop(), derived_from=_from(pat="drivers")),
        Column("passport", T.STRING, "passport number", P.LICENCE, drop(), derived_from=_from(pat="passport")),
        Column("death_date", T.DATE, "date of death", P.DATE, year(), derived_from=_from(pat="deathdate")),
        Column("updated_at", T.TIMESTAMP, "time of this version", P.DATE, drop(), nullable=False,
               derived_from=(*_from("updated_at"), "bronze/deliveries.received_at")),
        *_provenance(_ADM, _PAT, _FHIR, _EVT),
    ),
    primary_key=("patient_id",),
    checks=(
        RowCheck("patient_id_missing", "patient_id IS NULL", Q),
        *id_checks("patient_id"),
        RowCheck("gender_unknown", "gender IS NULL", Q),
        RowCheck("birth_date_in_future", "birth_date > to_date(_ingested_at)", Q),
        RowCheck("birth_date_implausible", f"birth_date < DATE'{v.EARLIEST_DATE}'", Q),
        RowCheck("died_before_birth", "death_date < birth_date", Q),
    ),
)  # fmt: skip

ENCOUNTERS = TableContract(
    ("silver", "encounters"),
    "One row per hospital encounter: its newest known version.",
    Audience.PIPELINE,
    (
        Column("encounter_id", T.STRING, "the source's id, else patient, admission date and department joined",
               P.RECORD_NUMBER, pseudonym("encounter"), nullable=False,
               derived_from=_from("encounter_id patient_id admission_date department", "id")),
        Column("encounter_key", T.STRING, "keyed pseudonym of encounter_id", P.PSEUDONYM, drop(), nullable=False,
               derived_from=_from("encounter_id patient_id admission_date department", "id")),
        Column("patient_id", T.STRING, "the patient", P.RECORD_NUMBER, pseudonym("patient"), nullable=False,
               derived_from=_from("patient_id", "patient")),
        Column("patient_key", T.STRING, "keyed pseudonym of patient_id", P.PSEUDONYM, drop(), nullable=False,
               derived_from=_from("patient_id", "patient")),
        Column("source_system", T.STRING, "admissions, synthea, fhir or events", P.TECHNICAL, keep(), nullable=False),
        Column("encounter_class", T.STRING, "inpatient, emergency, outpatient, …", P.CLINICAL, keep(),
               derived_from=_from("encounter_class", "encounterclass")),
        Column("admission_type", T.STRING, "emergency, urgent, elective, newborn, trauma", P.CLINICAL, keep(),
               derived_from=_from("admission_type", fhir=False)),
        Column("status", T.STRING, "finished, in-progress, planned, cancelled, unknown", P.CLINICAL, keep(),
               nullable=False, derived_from=_from("status", "stop")),
        Column("department", T.STRING, "the source's, else from the class", P.CLINICAL, keep(), nullable=False,
               derived_from=_from("department encounter_class", "encounterclass")),
        Column("admitting_diagnosis_code", T.STRING, "of the oldest version that gives one", P.CLINICAL, keep(),
               derived_from=_from("diagnosis_code", "reasoncode")),
        Column("admitting_diagnosis_at", T.TIMESTAMP, "time of that version", P.DATE, drop(),
               derived_from=(*_from("diagnosis_code updated_at", "reasoncode"), "bronze/deliveries.received_at")),
        Column("diagnosis_code", T.STRING, "ICD-10 or SNOMED CT", P.CLINICAL, keep(),
               derived_from=_from("diagnosis_code", "reasoncode")),
        Column("diagnosis_system", T.STRING, "icd10 or snomed", P.CLINICAL, keep(),
               derived_from=_from("diagnosis_code", "reasoncode")),
        Column("diagnosis_text", T.STRING, "as delivered", P.OTHER_ID, redact(),
               derived_from=_from(enc="reasondescription")),
        Column("admitted_at", T.TIMESTAMP, "start", P.DATE, year(), nullable=False,
               derived_from=_from("admission_date", "start")),
        Column("discharged_at", T.TIMESTAMP, "end; null while it lasts", P.DATE, year(),
               derived_from=_from("discharge_date", "stop")),
        Column("discharge_disposition", T.STRING, "home, transferred, expired, …", P.CLINICAL, keep(),
               derived_from=_from("discharge_disposition")),
        Column("length_of_stay_days", T.INTEGER, "nights between admission and discharge", P.CLINICAL, keep(),
               unit="days", derived_from=_from("admission_date discharge_date", "start stop")),
        Column("age_at_admission", T.INTEGER, "completed years", P.DATE, age_band(), unit="years",
               derived_from=(*_from("age birth_date admission_date", "start"), "silver/patients.birth_date")),
        Column("gender", T.STRING, "M, F, O, U", P.QUASI, keep(), nullable=False,
               derived_from=(*_from("gender", fhir=False), "silver/patients.gender")),
        Column("zip", T.STRING, "postal code", P.GEOGRAPHY, zip3(),
               derived_from=(*_from("zip", fhir=False), "silver/patients.zip")),
        Column("systolic_mmhg", T.INTEGER, "systolic blood pressure", P.CLINICAL, keep(), unit="mmHg",
               derived_from=_from("blood_pressure", fhir=False)),
        Column("diastolic_mmhg", T.INTEGER, "diastolic blood pressure", P.CLINICAL, keep(), unit="mmHg",
               derived_from=_from("blood_pressure", fhir=False)),
        Column("cost_usd", T.MONEY, "billed amount", P.CLINICAL, keep(), unit="USD",
               derived_from=_from("cost", "total_claim_cost base_encounter_cost", fhir=False)),
        Column("payer", T.STRING, "who pays; null where the source gives an id only", P.CLINICAL, drop(),
               derived_from=_from("payer", fhir=False)),
        Column("updated_at", T.TIMESTAMP, "time of this version", P.DATE, drop(), nullable=False,
               derived_from=(*_from("updated_at"), "bronze/deliveries.received_at")),
        Column("extra", T.STRING, "unknown columns as JSON", P.OTHER_ID, drop(),
               derived_from=_from("extra", "extra", fhir=False)),
        *_provenance(_ADM, _ENC, _FHIR, _EVT),
    ),
    primary_key=("encounter_id",),
    checks=(
        RowCheck("patient_id_missing", "patient_id IS NULL", Q),
        *id_checks("patient_id"),
        *id_checks("encounter_id"),
        RowCheck("gender_unknown", "gender IS NULL", Q),
        RowCheck("department_missing", "department IS NULL", Q),
        RowCheck("department_malformed", rf"NOT department RLIKE r'{v.DEPARTMENT_PATTERN}'", Q),
        RowCheck("admitted_at_missing", "admitted_at IS NULL", Q),
        RowCheck("admitted_at_implausible", f"admitted_at < TIMESTAMP'{v.EARLIEST_DATE} 00:00:00'", Q),
        RowCheck("admitted_in_future", "to_date(admitted_at) > to_date(_ingested_at)", Q),
        RowCheck("discharged_in_future", "to_date(discharged_at) > to_date(_ingested_at)", Q),
        RowCheck("discharged_before_admission", "discharged_at < admitted_at", Q),
        RowCheck("age_out_of_range", "age_at_admission < {} OR age_at_admission > {}".format(*v.AGE_LIMITS_YEARS), Q),
        *_diagnosis_checks("diagnosis_code", "diagnosis_system"),
        RowCheck(
            "blood_pressure_implausible",
            "systolic_mmhg <= diastolic_mmhg OR systolic_mmhg NOT BETWEEN {} AND {}".format(*v.SYSTOLIC_LIMITS_MMHG)
            + " OR diastolic_mmhg NOT BETWEEN {} AND {}".format(*v.DIASTOLIC_LIMITS_MMHG), Q),
        RowCheck("cost_negative", "cost_usd < 0", Q),
    ),
)  # fmt: skip

CONDITIONS = TableContract(
    ("silver", "conditions"),
    "One row per patient, code and onset: its newest known version.",
    Audience.PIPELINE,
    (
        Column("patient_id", T.STRING, "the patient", P.RECORD_NUMBER, drop(), nullable=False,
               derived_from=_from(con="patient")),
        Column("patient_key", T.STRING, "keyed pseudonym of patient_id", P.PSEUDONYM, keep(), nullable=False,
               derived_from=_from(con="patient")),
        Column("encounter_id", T.STRING, "where it was recorded", P.RECORD_NUMBER, drop(),
               derived_from=_from(con="encounter")),
        Column("code", T.STRING, "ICD-10 or SNOMED CT", P.CLINICAL, keep(), nullable=False,
               derived_from=_from(con="code")),
        Column("system", T.STRING, "icd10 or snomed", P.CLINICAL, keep(), nullable=False,
               derived_from=_from(con="code")),
        Column("text", T.STRING, "as delivered", P.OTHER_ID, drop(), derived_from=_from(con="description")),
        Column("onset_date", T.DATE, "begin", P.DATE, year(), nullable=False, derived_from=_from(con="start")),
        Column("resolved_date", T.DATE, "end", P.DATE, year(), derived_from=_from(con="stop")),
        Column("updated_at", T.TIMESTAMP, "time of this version", P.DATE, drop(), nullable=False,
               derived_from=("bronze/deliveries.received_at",)),
        *_provenance(_CON, _FHIR),
    ),
    primary_key=("patient_id", "code", "onset_date"),
    checks=(
        RowCheck("patient_id_missing", "patient_id IS NULL", Q),
        *id_checks("patient_id"),
        *id_checks("encounter_id"),
        *_diagnosis_checks("code", "system", "code IS NULL OR "),
        RowCheck("onset_missing", "onset_date IS NULL", Q),
        RowCheck("onset_in_future", "onset_date > to_date(_ingested_at)", Q),
        RowCheck("resolved_before_onset", "resolved_date < onset_date", Q),
    ),
)  # fmt: skip

QUARANTINE = TableContract(
    ("silver", "quarantine"),
    "Records that could not enter a Silver table, kept with every reason, to be mended and replayed.",
    Audience.PIPELINE,
    (
        Column("target_table", T.STRING, "the Silver table", P.TECHNICAL, drop(), nullable=False),
        Column("source", T.STRING, "the Bronze table", P.TECHNICAL, drop(), nullable=False),
        Column("_delivery_id", T.STRING, "its delivery", P.TECHNICAL, drop(), nullable=False),
        Column("_record_number", T.LONG, "its place there", P.TECHNICAL, drop(), nullable=False),
        Column("payload", T.STRING, "the Bronze record as JSON", P.OTHER_ID, drop(), nullable=False),
        Column("reasons", T.STRINGS, "every rule it broke", P.TECHNICAL, drop(), nullable=False),
        Column("status", T.STRING, "open, waiting, replayed, discarded", P.TECHNICAL, drop(), nullable=False),
        Column("first_seen_at", T.TIMESTAMP, "when its delivery was received", P.TECHNICAL, drop(), nullable=False),
        Column("last_seen_at", T.TIMESTAMP, "when the version last validated was received", P.TECHNICAL, drop(),
               nullable=False),
    ),
    primary_key=("target_table", "_delivery_id", "_record_number"),
    checks=(RowCheck("status_unknown", "status NOT IN ('open', 'waiting', 'replayed', 'discarded')"),),
)  # fmt: skip

PROCESSED = TableContract(
    ("silver", "processed"),
    "Which deliveries each Silver table has validated; written last, after the table's checks have passed.",
    Audience.PIPELINE,
    (
        Column("target_table", T.STRING, "the Silver table", P.TECHNICAL, drop(), nullable=False),
        Column("_delivery_id", T.STRING, "the delivery", P.TECHNICAL, drop(), nullable=False),
        Column("through_record", T.LONG, "its last record validated", P.TECHNICAL, drop(), nullable=False),
        Column("records", T.LONG, "records validated", P.TECHNICAL, drop(), nullable=False),
        Column("accepted", T.LONG, "of these, accepted", P.TECHNICAL, drop(), nullable=False),
        Column("quarantined", T.LONG, "of these, quarantined", P.TECHNICAL, drop(), nullable=False),
    ),
)  # fmt: skip

VALIDATED = (PATIENTS, ENCOUNTERS, CONDITIONS)
TABLES = (*VALIDATED, QUARANTINE, PROCESSED)
