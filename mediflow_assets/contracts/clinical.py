"""Silver's clinical tables beside encounters and conditions: one row per thing done to a patient, or found of one.

A code stands in `code` if it has the form of a code of a published system, else in `local_code`, which is never shown.
"""

from dataclasses import replace

from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.contracts.clinical_checks import CLAIMED_IN_FUTURE, OF_FEED, after_arrival, unless_shifted
from mediflow_assets.contracts.masks import drop, keep, pseudonym, redact, year
from mediflow_assets.contracts.records import BY_LOCAL_DAY, RECEIVED, SYSTEMS, VERSION_TIME, WHOSE, of_records
from mediflow_assets.contracts.table import Column, Privacy, RowCheck, Severity, TableContract, Type
from mediflow_assets.contracts.unusable_ids import id_checks
from mediflow_assets.contracts.versions import CLAIMS as VERSION_CLAIMS

P, T, Q = Privacy, Type, Severity.QUARANTINE

LOINC, SNOMED, RXNORM, CVX = "loinc", "snomed", "rxnorm", "cvx"
CPT, HCPCS, CDT, ICD10PCS = "cpt", "hcpcs", "cdt", "icd10pcs"
FORMS = {
    LOINC: r"^[0-9]{1,7}-[0-9]\z",
    SNOMED: v.SNOMED_PATTERN,
    RXNORM: r"^[1-9][0-9]{0,7}\z",
    CVX: r"^[0-9]{1,3}\z",
    CPT: r"^[0-9]{4}[0-9AFTU]\z",
    HCPCS: r"^[A-CE-V][0-9]{4}\z",
    CDT: r"^D[0-9]{4}\z",
    ICD10PCS: r"^[0-9A-HJ-NP-Z]{7}\z",
}
"""The form of a code, by its system: LOINC Users' Guide (number, hyphen, check digit); SNOMED CT SCTID; RxNorm RXCUI;
CDC's CVX; AMA's CPT categories I to III; CMS's HCPCS level II; ADA's CDT; CMS's ICD-10-PCS (34 letters and digits)."""
CATEGORIES = (
    "vital-signs", "laboratory", "survey", "social-history", "imaging", "procedure", "exam", "therapy", "activity",
    "symptom",
)  # fmt: skip
"""http://terminology.hl7.org/CodeSystem/observation-category"""
ORDERED, GIVEN, DISPENSED, STATED, IMMUNIZATION = "request", "administration", "dispense", "statement", "immunization"
CLAIM, BENEFIT = "claim", "benefit"
CLAIM_KINDS = (CLAIM, "preauthorization", "predetermination", BENEFIT)
"""A claim, what asks beforehand what would be paid, and what came back of a claim."""
PHARMACY = "pharmacy"
CLAIM_TYPES = ("institutional", "professional", PHARMACY, "oral", "vision")
"""http://terminology.hl7.org/CodeSystem/claim-type"""
ALLERGY_KINDS, ALLERGY_CATEGORIES = ("allergy", "intolerance"), ("food", "medication", "environment", "biologic")
CRITICALITIES, SEVERITIES = ("low", "high", "unable-to-assess"), ("mild", "moderate", "severe")
"""The codes of https://hl7.org/fhir/R4/allergyintolerance.html, severities from the least on."""
LINE_KINDS = ("charge", "payment", "adjustment", "transfer-in", "transfer-out")


def _begun(stem: str, what: str) -> tuple[Column, ...]:
    """A time, its local day and how much of it is known."""
    return (
        Column(f"{stem}_at", T.TIMESTAMP, f"{what}, UTC; null where only a day, month or year is told", P.DATE, year()),
        Column(f"{stem}_on", T.DATE, "local day of that, or the first day it may be", P.DATE, drop(), nullable=False),
        Column(f"{stem}_precision", T.STRING, "day, month or year", P.DATE, drop()),
    )


def _coded(what: str) -> tuple[Column, ...]:
    return (
        Column("code", T.STRING, f"{what} in a published system", P.CLINICAL, keep()),
        Column("system", T.STRING, ", ".join(FORMS), P.CLINICAL, keep()),
        Column("local_code", T.STRING, "a code of no published system, as delivered", P.OTHER_ID, drop()),
        Column("text", T.STRING, "as delivered", P.OTHER_ID, redact()),
    )


_STATUS = Column("status", T.STRING, "as the source says: final, completed, active, …", P.OTHER_ID, drop())
_COST = Column("cost_usd", T.MONEY, "billed amount", P.CLINICAL, keep(), unit="USD")


def _table(
    name: str, description: str, stem: str, columns: tuple[Column, ...], checks: tuple[RowCheck, ...] = ()
) -> TableContract:
    """A table of what befell patients: whose and of which encounter a row is, its own columns, and its version."""
    thing = "allergy" if name == "allergies" else name.removesuffix("s")
    return of_records(
        name,
        description,
        (
            WHOSE,
            Column(f"{thing}_id", T.STRING, "the source's id, else patient, encounter, code and time joined",
                   P.RECORD_NUMBER, pseudonym(thing), nullable=False),
            Column(f"{thing}_key", T.STRING, "keyed pseudonym of it", P.PSEUDONYM, drop(), nullable=False),
            Column("source_system", T.STRING, SYSTEMS, P.TECHNICAL, keep(), nullable=False),
            Column("patient_id", T.STRING, "the patient", P.RECORD_NUMBER, pseudonym("patient"), nullable=False),
            Column("patient_key", T.STRING, "keyed pseudonym of the patient", P.PSEUDONYM, drop(), nullable=False),
            Column("encounter_id", T.STRING, "the encounter, where told", P.RECORD_NUMBER, pseudonym("encounter")),
            Column("encounter_key", T.STRING, "keyed pseudonym of the encounter", P.PSEUDONYM, drop()),
            *columns,
            VERSION_TIME, *(replace(claim, derived_from=RECEIVED) for claim in VERSION_CLAIMS), *OF_FEED,
        ),
        primary_key=("id_namespace", f"{thing}_id"),
        checks=(
            RowCheck("patient_id_missing", "patient_id IS NULL", Q),
            *id_checks("patient_id"),
            *id_checks("encounter_id"),
            RowCheck(f"{stem}_missing", f"{stem}_on IS NULL", Q),
            RowCheck(f"{stem}_in_future", after_arrival(f"{stem}_on"), Q, BY_LOCAL_DAY),
            RowCheck(f"{stem}_implausible", unless_shifted(f"{stem}_on < DATE'{v.EARLIEST_DATE}'"), Q),
            *checks,
            CLAIMED_IN_FUTURE,
        ),
        period=f"{stem}_on",
    )  # fmt: skip


_CODE_MISSING = RowCheck("code_missing", "code IS NULL AND local_code IS NULL AND text IS NULL", Q)

OBSERVATIONS = _table(
    "observations",
    "One row per observation: a vital sign, a laboratory result, an answer.",
    "observed",
    (
        Column("category", T.STRING, ", ".join(CATEGORIES), P.CLINICAL, keep()),
        *_coded("what was observed"),
        Column("value", T.MEASURE, "the number found, to twelve decimals", P.CLINICAL, keep()),
        Column("comparator", T.STRING, "<, <=, >=, > where the true value is below or above", P.CLINICAL, keep()),
        Column("unit", T.STRING, "one of UCUM that is in common use", P.CLINICAL, keep()),
        Column("unit_text", T.STRING, "a unit that is none of these, as delivered", P.OTHER_ID, redact()),
        Column("value_text", T.STRING, "what was found where it is no number, or not whole in one, as delivered",
               P.OTHER_ID, redact()),
        Column("components", T.STRING, "of one in parts each as code=value unit, apart by ;", P.CLINICAL, keep()),
        _STATUS,
        *_begun("observed", "when it was observed"),
    ),
    (_CODE_MISSING,),
)  # fmt: skip

PROCEDURES = _table(
    "procedures",
    "One row per procedure.",
    "performed",
    (
        *_coded("what was done"),
        _STATUS,
        *_begun("performed", "begin"),
        Column("ended_at", T.TIMESTAMP, "end, UTC", P.DATE, year()),
        _COST,
    ),
    (_CODE_MISSING, RowCheck("ended_before_begin", "ended_at < performed_at", Q),
     RowCheck("cost_negative", "cost_usd < 0", Q)),
)  # fmt: skip

MEDICATIONS = _table(
    "medications",
    "One row per order, administration, dispense or statement of a medication, and per immunization.",
    "started",
    (
        Column("kind", T.STRING, "request, administration, dispense, statement, immunization", P.CLINICAL, keep(),
               nullable=False),
        *_coded("the medication"),
        _STATUS,
        *_begun("started", "begin, or when it was ordered or given"),
        Column("ended_at", T.TIMESTAMP, "end, UTC", P.DATE, year()),
        Column("named_medication", T.STRING, "the Medication that tells its code, where it does not tell it itself",
               P.RECORD_NUMBER, drop()),
        Column("dispenses", T.INTEGER, "how often it was dispensed", P.CLINICAL, keep()),
        _COST,
    ),
    (_CODE_MISSING, RowCheck("ended_before_begin", "ended_at < started_at", Q),
     RowCheck("cost_negative", "cost_usd < 0", Q)),
)  # fmt: skip

ALLERGIES = _table(
    "allergies",
    "One row per allergy or intolerance of a patient.",
    "noted",
    (
        Column("kind", T.STRING, "allergy or intolerance, where told", P.CLINICAL, keep()),
        Column("category", T.STRING, "food, medication, environment, biologic", P.CLINICAL, keep()),
        Column("criticality", T.STRING, "low, high, unable-to-assess", P.CLINICAL, keep()),
        *_coded("what it is against"),
        Column("severity", T.STRING, "of its worst reaction: mild, moderate, severe", P.CLINICAL, keep()),
        Column("reactions", T.STRING, "what they are, as delivered, apart by ;", P.OTHER_ID, redact()),
        _STATUS,
        *_begun("noted", "begin, else when it was written down"),
        Column("ended_at", T.TIMESTAMP, "end, UTC", P.DATE, year()),
    ),
    (_CODE_MISSING,),
)  # fmt: skip

CLAIMS = _table(
    "claims",
    "One row per claim sent to a payer, and per explanation of benefit that came back.",
    "served",
    (
        Column("kind", T.STRING, ", ".join(CLAIM_KINDS), P.CLINICAL, keep(), nullable=False),
        Column("claim_type", T.STRING, "{}; where told".format(", ".join(CLAIM_TYPES)), P.CLINICAL, keep()),
        Column("answered_claim_id", T.STRING, "of a benefit the claim that it answers", P.RECORD_NUMBER, drop()),
        _STATUS,
        *_begun("served", "begin of the service"),
        Column("total_usd", T.MONEY, "sum billed, where the claim tells it", P.CLINICAL, keep(), unit="USD"),
        Column("paid_usd", T.MONEY, "sum that the payer paid", P.CLINICAL, keep(), unit="USD"),
        Column("outstanding_usd", T.MONEY, "sum still to be paid", P.CLINICAL, keep(), unit="USD"),
    ),
    (RowCheck("claim_kind_unknown", "kind NOT IN ({})".format(", ".join(f"'{kind}'" for kind in CLAIM_KINDS)), Q),),
)  # fmt: skip

CLAIM_LINES = _table(
    "claim_lines",
    "One row per charge, payment or adjustment of a claim.",
    "served",
    (
        Column("claim_id", T.STRING, "the claim", P.RECORD_NUMBER, pseudonym("claim")),
        Column("claim_key", T.STRING, "keyed pseudonym of the claim", P.PSEUDONYM, drop()),
        Column("kind", T.STRING, ", ".join(LINE_KINDS), P.CLINICAL, keep(), nullable=False),
        *_coded("what is charged"),
        *_begun("served", "begin of the service"),
        Column("amount_usd", T.MONEY, "the amount", P.CLINICAL, keep(), unit="USD"),
    ),
    (RowCheck("line_kind_unknown", "kind IS NULL", Q),),
)  # fmt: skip

COMPUTED = ("left_at", "is_stretch")
"""Columns that no single record tells."""
BEGUN, MOVED, UNDONE = "begin", "transfer", "undoing"
ENCOUNTER_LOCATIONS = _table(
    "encounter_locations",
    "Where patients were during an encounter: one row per message that says where one is from then on.",
    "entered",
    (
        Column("kind", T.STRING, f"{BEGUN}, {MOVED}, or {UNDONE} of the transfer before", P.CLINICAL, keep(),
               nullable=False),
        Column("department", T.STRING, "the point of care", P.OTHER_ID, drop()),
        Column("room", T.STRING, "room", P.OTHER_ID, drop()),
        Column("bed", T.STRING, "bed", P.OTHER_ID, drop()),
        *_begun("entered", "from when on"),
        Column("left_at", T.TIMESTAMP, "until when, UTC: the next stretch or the discharge", P.DATE, year(),
               derived_from=("silver/encounters.discharged_at",)),
        Column("is_stretch", T.BOOLEAN, "whether it is a stretch of the encounter: not undone, and another place than "
               "the one before", P.CLINICAL, keep()),
    ),
    (RowCheck("left_before_entered", "left_at < entered_at", Severity.WARN),),
)  # fmt: skip

TABLES = (OBSERVATIONS, PROCEDURES, MEDICATIONS, ALLERGIES, CLAIMS, CLAIM_LINES, ENCOUNTER_LOCATIONS)
