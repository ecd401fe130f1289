"""Silver: typed, valid, one row per patient, encounter or condition. Direct identifiers live here."""

from mediflow_assets.contracts import clinical
from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.contracts.clinical_checks import (
    CLAIMED_IN_FUTURE,
    DEPARTMENT_MALFORMED,
    ENDED,
    OF_FEED,
    after_arrival,
    before,
    diagnosis_checks,
    unless_shifted,
)
from mediflow_assets.contracts.code_systems import UNREAD
from mediflow_assets.contracts.judged import PROCESSED, QUARANTINE
from mediflow_assets.contracts.links import PATIENT_LINKS
from mediflow_assets.contracts.masks import age_band, drop, keep, pseudonym, redact, year, zip3
from mediflow_assets.contracts.records import BY_LOCAL_DAY, RECEIVED, SYSTEMS, VERSION_TIME, WHOSE, of_records
from mediflow_assets.contracts.table import Column, Privacy, RowCheck, Severity, Type
from mediflow_assets.contracts.unusable_ids import id_checks
from mediflow_assets.contracts.versions import CLAIMS, versions_of

P, T, Q = Privacy, Type, Severity.QUARANTINE


PATIENTS = of_records(
    "patients",
    "One row per patient: of each column the newest value given.",
    (
        WHOSE,
        Column("patient_id", T.STRING, "the source's id", P.RECORD_NUMBER, pseudonym("patient"), nullable=False),
        Column("patient_key", T.STRING, "keyed pseudonym of the patient", P.PSEUDONYM, drop(), nullable=False),
        Column("source_system", T.STRING, SYSTEMS, P.TECHNICAL, keep(), nullable=False),
        Column("given_name", T.STRING, "first name", P.NAME, drop()),
        Column("family_name", T.STRING, "last name", P.NAME, drop()),
        Column("full_name", T.STRING, "as delivered, or joined", P.NAME, drop()),
        Column("birth_date", T.DATE, "date of birth, or the first day it may be", P.DATE, age_band()),
        Column("birth_precision", T.STRING, "day, month or year", P.DATE, drop()),
        Column("gender", T.STRING, "M, F, O, U", P.QUASI, keep(), nullable=False),
        Column("race", T.STRING, "as delivered", P.QUASI, drop()),
        Column("ethnicity", T.STRING, "as delivered", P.QUASI, drop()),
        Column("marital_status", T.STRING, "as delivered", P.QUASI, drop()),
        Column("address", T.STRING, "street address", P.GEOGRAPHY, drop()),
        Column("city", T.STRING, "city", P.GEOGRAPHY, drop()),
        Column("state", T.STRING, "state, as delivered", P.QUASI, drop()),
        Column("zip", T.STRING, "postal code", P.GEOGRAPHY, zip3()),
        Column("phone", T.STRING, "telephone", P.PHONE, drop()),
        Column("email", T.STRING, "e-mail", P.EMAIL, drop()),
        Column("ssn", T.STRING, "social security number", P.SSN, drop()),
        Column("drivers_license", T.STRING, "driving licence", P.LICENCE, drop()),
        Column("passport", T.STRING, "passport number", P.LICENCE, drop()),
        Column("death_date", T.DATE, "date of death, or the first day it may be", P.DATE, year()),
        Column("death_precision", T.STRING, "day, month or year", P.DATE, drop()),
        Column("is_deceased", T.BOOLEAN, "whether the patient has died, where the source says it", P.CLINICAL, drop()),
        VERSION_TIME,
        *CLAIMS, *OF_FEED,
        Column("is_ended", T.BOOLEAN, "whether its source has deleted it", P.TECHNICAL, drop()),
    ),
    primary_key=("id_namespace", "patient_id"),
    checks=(
        RowCheck("patient_id_missing", "patient_id IS NULL", Q),
        *id_checks("patient_id"),
        RowCheck("gender_unknown", "gender IS NULL", Q),
        RowCheck("birth_date_in_future", after_arrival("birth_date"), Q, BY_LOCAL_DAY),
        RowCheck("birth_date_implausible", unless_shifted(f"birth_date < DATE'{v.EARLIEST_DATE}'"), Q),
        RowCheck("died_before_birth", before("death_date", "death_precision", "birth_date"), Q),
        CLAIMED_IN_FUTURE,
    ),
)  # fmt: skip

ENCOUNTERS = of_records(
    "encounters",
    "One row per hospital encounter: of each column the newest value given.",
    (
        WHOSE,
        Column("encounter_id", T.STRING, "the source's id, else patient, time of admission and department joined",
               P.RECORD_NUMBER, pseudonym("encounter"), nullable=False),
        Column("encounter_key", T.STRING, "keyed pseudonym of the encounter", P.PSEUDONYM, drop(), nullable=False),
        Column("patient_id", T.STRING, "the patient", P.RECORD_NUMBER, pseudonym("patient"), nullable=False),
        Column("patient_key", T.STRING, "keyed pseudonym of the patient", P.PSEUDONYM, drop(), nullable=False),
        Column("source_system", T.STRING, SYSTEMS, P.TECHNICAL, keep(), nullable=False),
        Column("encounter_class", T.STRING, "inpatient, emergency, outpatient, …; else of a stay over night inpatient",
               P.CLINICAL, keep()),
        Column("admission_type", T.STRING, "emergency, urgent, elective, newborn, trauma", P.CLINICAL, keep()),
        Column("status", T.STRING, "finished, in-progress, planned, cancelled, unknown", P.CLINICAL, keep(),
               nullable=False),
        Column("department", T.STRING, "the source's, else of its class, or UNKNOWN", P.CLINICAL, keep(),
               nullable=False),
        Column("admitting_diagnosis_code", T.STRING, "of the oldest version that gives one", P.CLINICAL, keep()),
        Column("admitting_diagnosis_at", T.TIMESTAMP, "time of that version", P.DATE, drop(), derived_from=RECEIVED),
        Column("diagnosis_code", T.STRING, "ICD-10, ICD-9-CM or SNOMED CT", P.CLINICAL, keep()),
        Column("diagnosis_system", T.STRING, "icd10, icd9 or snomed", P.CLINICAL, keep()),
        Column("diagnosis_rank", T.INTEGER, "its place among the encounter's, where told", P.CLINICAL, drop()),
        Column("listed_codes", T.STRING, "of a record that lists several codes all, each after its system: icd10:I10",
               P.CLINICAL, drop()),
        Column("named_conditions", T.STRING, "the conditions that are its diagnoses, each on a line: rank, use, id",
               P.OTHER_ID, drop()),
        Column("named_places", T.STRING, "of one that tells its department by reference alone: the place, and who "
               "provides it", P.OTHER_ID, drop()),
        Column("diagnosis_text", T.STRING, "as delivered", P.OTHER_ID, redact()),
        Column("admitted_at", T.TIMESTAMP, "start, UTC", P.DATE, year(), nullable=False),
        Column("discharged_at", T.TIMESTAMP, "end, UTC; null while it lasts", P.DATE, year()),
        Column("admitted_on", T.DATE, "local day of the start", P.DATE, drop()),
        Column("discharged_on", T.DATE, "local day of the end", P.DATE, drop()),
        Column("discharge_disposition", T.STRING, "home, transferred, expired, …", P.CLINICAL, keep()),
        Column("length_of_stay_days", T.INTEGER, "nights between admission and discharge", P.CLINICAL, keep(),
               unit="days"),
        Column("age_at_admission", T.INTEGER, "completed years", P.DATE, age_band(), unit="years",
               derived_from=("silver/patients.birth_date",)),
        Column("gender", T.STRING, "M, F, O, U", P.QUASI, keep(), nullable=False,
               derived_from=("silver/patients.gender",)),
        Column("zip", T.STRING, "postal code", P.GEOGRAPHY, zip3(), derived_from=("silver/patients.zip",)),
        Column("systolic_mmhg", T.INTEGER, "systolic blood pressure", P.CLINICAL, keep(), unit="mmHg"),
        Column("diastolic_mmhg", T.INTEGER, "diastolic blood pressure", P.CLINICAL, keep(), unit="mmHg"),
        Column("cost_usd", T.MONEY, "billed amount", P.CLINICAL, keep(), unit="USD"),
        Column("payer", T.STRING, "who pays; null where the source gives an id only", P.CLINICAL, drop()),
        VERSION_TIME,
        *CLAIMS, *OF_FEED,
        Column("birth_date", T.DATE, "the patient's, where a record of the encounter gives it", P.DATE, drop()),
        Column("derived", T.STRING, "its columns that no record gives, apart by blanks; null where each is given",
               P.TECHNICAL, drop()),
        Column("extra", T.STRING, "unknown columns as JSON", P.OTHER_ID, drop()),
    ),
    primary_key=("id_namespace", "encounter_id"),
    checks=(
        RowCheck("patient_id_missing", "patient_id IS NULL", Q),
        *id_checks("patient_id"),
        *id_checks("encounter_id"),
        RowCheck("gender_unknown", "gender IS NULL", Q),
        RowCheck("department_malformed", DEPARTMENT_MALFORMED, Q),
        RowCheck("admitted_at_missing", "admitted_at IS NULL", Q),
        RowCheck("admitted_at_implausible", f"admitted_at < TIMESTAMP'{v.EARLIEST_DATE} 00:00:00'", Q),
        RowCheck("admitted_in_future", after_arrival("admitted_on"), Q, BY_LOCAL_DAY),
        RowCheck("discharged_in_future", after_arrival("discharged_on"), Q, BY_LOCAL_DAY),
        RowCheck("discharged_before_admission", "discharged_at < admitted_at", Q),
        RowCheck("age_out_of_range",
                 unless_shifted("age_at_admission NOT BETWEEN {} AND {}".format(*v.AGE_LIMITS_YEARS)), Q),
        *diagnosis_checks("diagnosis_code", "diagnosis_system"),
        RowCheck("listed_code_unread", f"listed_codes RLIKE '(^| )[{UNREAD}]:([^{UNREAD}]|[{UNREAD}][^ ])'",
                 Severity.WARN, "a code that the record lists besides is of no known system, and is no condition"),
        RowCheck(
            "blood_pressure_implausible",
            "systolic_mmhg <= diastolic_mmhg OR systolic_mmhg NOT BETWEEN {} AND {}".format(*v.SYSTOLIC_LIMITS_MMHG)
            + " OR diastolic_mmhg NOT BETWEEN {} AND {}".format(*v.DIASTOLIC_LIMITS_MMHG), Q),
        RowCheck("cost_negative", "cost_usd < 0", Q),
        ENDED, CLAIMED_IN_FUTURE,
    ),
    period="admitted_on",
)  # fmt: skip


def _of_list(*columns: str) -> tuple[str, ...]:
    """What of a condition its encounter tells: by a list of codes, or by name."""
    return tuple(f"{ENCOUNTERS.name}.{column}" for column in columns)


CONDITIONS = of_records(
    "conditions",
    "One row per condition: its newest known version.",
    (
        WHOSE,
        Column("condition_id", T.STRING, "the source's id, else patient, code and onset joined", P.RECORD_NUMBER,
               drop(), nullable=False),
        Column("source_system", T.STRING, SYSTEMS, P.TECHNICAL, drop(), nullable=False),
        Column("patient_id", T.STRING, "the patient", P.RECORD_NUMBER, drop(), nullable=False,
               derived_from=_of_list("patient_id")),
        Column("patient_key", T.STRING, "keyed pseudonym of the patient", P.PSEUDONYM, keep(), nullable=False,
               derived_from=_of_list("patient_key")),
        Column("encounter_id", T.STRING, "where it was recorded, or which encounter names it", P.RECORD_NUMBER, drop(),
               derived_from=_of_list("encounter_id", "named_conditions")),
        Column("code", T.STRING, "ICD-10, ICD-9-CM or SNOMED CT", P.CLINICAL, keep(), nullable=False,
               derived_from=_of_list("listed_codes")),
        Column("system", T.STRING, "icd10, icd9 or snomed", P.CLINICAL, keep(), nullable=False,
               derived_from=_of_list("listed_codes")),
        Column("diagnosis_rank", T.INTEGER, "its place among the encounter's, where told", P.CLINICAL, drop(),
               derived_from=_of_list("listed_codes", "named_conditions")),
        Column("diagnosis_use", T.STRING, "what the encounter names it for: AD admission, DD discharge, CC, CM, …",
               P.CLINICAL, drop(), derived_from=_of_list("named_conditions")),
        Column("text", T.STRING, "as delivered", P.OTHER_ID, drop()),
        Column("onset_date", T.DATE, "begin, or the first day it may be", P.DATE, year(), nullable=False,
               derived_from=_of_list("admitted_on")),
        Column("onset_precision", T.STRING, "day, month, year; recorded: when written down", P.DATE, drop()),
        Column("onset_age", T.INTEGER, "age at the onset, where the source tells no date", P.DATE, drop(),
               unit="years"),
        Column("resolved_date", T.DATE, "end, or the last day it may be", P.DATE, year()),
        Column("resolved_precision", T.STRING, "day, month, year; recorded: over by then, as its status says", P.DATE,
               drop()),
        Column("is_listed", T.BOOLEAN, "whether the list of its encounter tells of it, and no record of its own",
               P.TECHNICAL, drop(), derived_from=_of_list("listed_codes")),
        Column("is_linked", T.BOOLEAN, "whether its encounter names it, and it does not name that", P.TECHNICAL, drop(),
               derived_from=_of_list("named_conditions")),
        VERSION_TIME,
        *CLAIMS, *OF_FEED,
    ),
    primary_key=("id_namespace", "condition_id"),
    checks=(
        RowCheck("patient_id_missing", "patient_id IS NULL", Q),
        *id_checks("patient_id"),
        *id_checks("encounter_id"),
        *diagnosis_checks("code", "system", "code IS NULL OR "),
        RowCheck("onset_missing", "onset_date IS NULL", Q),
        RowCheck("onset_in_future", after_arrival("onset_date"), Q, BY_LOCAL_DAY),
        RowCheck("resolved_before_onset", "resolved_date < onset_date AND onset_precision <> 'recorded'", Q),
        CLAIMED_IN_FUTURE,
    ),
    period="onset_date",
)  # fmt: skip

OF_LINK = ("is_linked", "diagnosis_use")
"""Columns of conditions that nothing but their encounter tells."""
VALIDATED = (PATIENTS, ENCOUNTERS, CONDITIONS, *clinical.TABLES, PATIENT_LINKS)
VERSIONS = {
    PATIENTS.name: versions_of(PATIENTS, "patient_versions"),
    ENCOUNTERS.name: versions_of(ENCOUNTERS, "encounter_versions", ("length_of_stay_days", "derived")),
    CONDITIONS.name: versions_of(CONDITIONS, "condition_versions", ("is_listed", *OF_LINK)),
    **{
        table.name: versions_of(table, f"{table.primary_key[-1].removesuffix('_id')}_versions", clinical.COMPUTED)
        for table in clinical.TABLES
    },
}
"""By the table whose rows they make up."""
TABLES = (*VALIDATED, *VERSIONS.values(), QUARANTINE, PROCESSED)

__all__ = ["CONDITIONS", "ENCOUNTERS", "PATIENTS", "PROCESSED", "QUARANTINE", "TABLES", "VALIDATED", "VERSIONS"]
