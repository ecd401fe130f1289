"""Bronze → one shape of encounter, from flat admissions and from Synthea."""

from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import silver
from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.contracts.admissions import SOURCE
from mediflow_assets.contracts.bronze import ADMISSIONS as admissions
from mediflow_assets.contracts.source import ENCOUNTERS
from mediflow_assets.transforms import diagnoses, identifiers, parsing
from mediflow_assets.transforms.feeds import FeedReader
from mediflow_assets.transforms.identifiers import Spelling
from mediflow_assets.transforms.lines import IS_LINE
from mediflow_assets.transforms.local_days import ADMITTED_ON, DISCHARGED_ON, dated, in_future, tells_time
from mediflow_assets.transforms.patients import PROVENANCE, gender, gender_unknown
from mediflow_assets.transforms.presumed import department_of, presumed
from mediflow_assets.transforms.validation import UNREADABLE, both, codes
from mediflow_assets.transforms.versions import version_time

_LATER = (
    "id_namespace",
    "encounter_key",
    "patient_key",
    "admitting_diagnosis_code",
    "admitting_diagnosis_at",
    "length_of_stay_days",
)
"""Columns that a single record does not tell."""
_IDS = ("patient_id", "encounter_id")
_DATES = ("admission_date", "discharge_date", "birth_date", "updated_at")


def from_admissions(
    bronze: DataFrame,
    feeds: FeedReader,
    system: str = "admissions",
    against: Column | None = None,
    beside: Sequence[str] = (),
    more: Mapping[str, Column] | None = None,
) -> DataFrame:
    """Encounters of flat admissions; `against` is what already stands against each, `beside` names columns kept.

    `more` gives columns that another format under these names has besides, or tells otherwise.
    """
    cells = (c for c in admissions.column_names if c not in (*PROVENANCE, *_IDS, "_feed", "extra"))
    texts = feeds.texts(bronze, cells, _IDS, _DATES, ("discharge_date",))
    typed = _typed_admissions(identifiers.upper(texts, _IDS), feeds)
    department = F.coalesce("_given_department", department_of(F.col("_class")))
    named = dated(typed, feeds, "admission_date", "discharge_date").withColumn("_department", department)
    natural = natural_key("patient_id", "admission_date", "_admitted", "_department")
    return shaped(
        named,
        {
            "id_namespace": feeds.namespace(system),
            "encounter_id": F.coalesce("encounter_id", natural),
            "patient_id": F.col("patient_id"),
            "source_system": F.lit(system),
            "encounter_class": F.col("_class"),
            "admission_type": F.col("_type"),
            "status": F.col("_status"),
            "department": F.col("_given_department"),
            **diagnosis(F.col("_code")),
            "listed_codes": F.col("_code"),
            "admitted_at": F.col("_admitted"),
            "discharged_at": F.col("_discharged"),
            "admitted_on": F.col(ADMITTED_ON),
            "discharged_on": F.col(DISCHARGED_ON),
            "discharge_disposition": F.col("_disposition"),
            "age_at_admission": F.col("_age"),
            "birth_date": F.when(feeds.precision("birth_date", F.col("_birth")) == "day", F.col("_birth")),
            "gender": F.col("_gender"),
            "zip": parsing.postal_code(F.col("zip")),
            "systolic_mmhg": F.col("_systolic"),
            "diastolic_mmhg": F.col("_diastolic"),
            "cost_usd": F.col("_cost"),
            "payer": parsing.label(F.col("payer"), v.PAYER_PATTERN, v.LONGEST_PAYER),
            **version_time(F.col("_updated"), F.col("_ingested_at")),
            "is_shifted": feeds.is_shifted(),
            "cleared": feeds.cleared(SOURCE.by_target[ENCOUNTERS]),
            "extra": F.col("extra"),
            IS_LINE: feeds.is_line(),
            **(more or {}),
        },
        codes(
            gender_unknown(F.col("gender")),
            *(parsing.unreadable(code, F.col(raw), F.col(read)) for code, raw, read in _READ_OF_ADMISSIONS),
            *in_future(feeds),
        ),
        against,
        (*beside, diagnoses.NAMED),
    )


_READ_OF_ADMISSIONS = (
    ("admitted_at_unreadable", "admission_date", "_admitted"),
    ("discharged_at_unreadable", "discharge_date", "_discharged"),
    ("birth_date_unreadable", "birth_date", "_birth"),
    ("updated_at_unreadable", "updated_at", "_updated"),
    ("age_unreadable", "age", "_age"),
    ("cost_unreadable", "cost", "_cost"),
    ("blood_pressure_unreadable", "blood_pressure", "_systolic"),
    ("encounter_class_unknown", "encounter_class", "_class"),
    ("status_unknown", "status", "_status"),
    ("admission_type_unknown", "admission_type", "_type"),
    ("discharge_disposition_unknown", "discharge_disposition", "_disposition"),
)
"""A text that was given and not read has this code: code, text, what was read from it."""


def _typed_admissions(texts: DataFrame, feeds: FeedReader) -> DataFrame:
    systolic, diastolic = parsing.blood_pressure(F.col("blood_pressure"))
    return texts.withColumns(
        {
            "_admitted": feeds.timestamp("admission_date"),
            "_discharged": feeds.timestamp("discharge_date"),
            "_birth": feeds.date("birth_date", "admission_date"),
            "_updated": feeds.timestamp("updated_at"),
            "_age": parsing.integer(F.col("age")),
            "_cost": parsing.money(F.col("cost")),
            "_systolic": systolic,
            "_diastolic": diastolic,
            "_class": parsing.coded(F.col("encounter_class"), v.ENCOUNTER_CLASSES),
            "_status": parsing.coded(F.col("status"), v.STATUSES),
            "_type": parsing.coded(F.col("admission_type"), v.ADMISSION_TYPES),
            "_disposition": parsing.coded(F.col("discharge_disposition"), v.DISPOSITIONS),
            "_gender": gender(F.col("gender")),
            "_given_department": F.upper(F.col("department")),
            "_code": diagnoses.canonical(F.upper(F.col("diagnosis_code"))),
            diagnoses.NAMED: F.upper("diagnosis_system"),
        }
    )


def from_synthea(
    bronze: DataFrame,
    feeds: FeedReader,
    more: Mapping[str, Column] | None = None,
    spelled: Spelling = identifiers.upper,
    beside: Sequence[str] = (),
    against: Column | None = None,
) -> DataFrame:
    """Synthea's encounters; the reason for the encounter stands for its diagnosis.

    `more` gives columns that another format under these names has besides, `beside` names columns that are kept,
    `against` is what already stands against each.
    """
    names = ("start", "stop", "encounterclass", "reasoncode", "reasondescription")
    texts = parsing.texts(bronze, (*names, "total_claim_cost", "base_encounter_cost"), ("id", "patient"))
    texts = spelled(texts, ("id", "patient"))
    typed = texts.withColumn("_raw_cost", F.coalesce("total_claim_cost", "base_encounter_cost")).withColumns(
        {
            "_admitted": feeds.timestamp("start"),
            "_discharged": feeds.timestamp("stop"),
            "_class": parsing.coded(F.col("encounterclass"), v.ENCOUNTER_CLASSES),
            "_cost": parsing.money(F.col("_raw_cost")),
            "_code": diagnoses.canonical(F.upper("reasoncode")),
        }
    )
    named = dated(typed, feeds, "start", "stop").withColumn("_department", department_of(F.col("_class")))
    natural = natural_key("patient", "start", "_admitted", "_department")
    return shaped(
        named,
        {
            "encounter_id": F.coalesce("id", natural),
            "patient_id": F.col("patient"),
            "source_system": F.lit("synthea"),
            "encounter_class": F.col("_class"),
            **diagnosis(F.col("_code")),
            "diagnosis_text": F.col("reasondescription"),
            "admitted_at": F.col("_admitted"),
            "discharged_at": F.col("_discharged"),
            "admitted_on": F.col(ADMITTED_ON),
            "discharged_on": F.col(DISCHARGED_ON),
            "cost_usd": F.col("_cost"),
            "updated_at": F.col("_ingested_at"),
            "extra": F.col("extra"),
            **(more or {}),
        },
        codes(
            parsing.unreadable("admitted_at_unreadable", F.col("start"), F.col("_admitted")),
            parsing.unreadable("discharged_at_unreadable", F.col("stop"), F.col("_discharged")),
            parsing.unreadable("cost_unreadable", F.col("_raw_cost"), F.col("_cost")),
            parsing.unreadable("encounter_class_unknown", F.col("encounterclass"), F.col("_class")),
            *in_future(feeds),
        ),
        against,
        beside,
    )


def natural_key(patient: str, text: str, admitted: str, department: str) -> Column:
    """What an encounter is known by that has no id: patient, local day of admission and department; of two visits of
    one day the time, where one is given, tells which is which."""
    has_time = tells_time(F.col(text))
    time = F.when(has_time, F.concat(F.lit("T"), F.date_format(admitted, "HH:mm:ss"), F.lit("Z"))).otherwise("")
    return F.concat_ws("|", patient, F.concat(F.date_format(ADMITTED_ON, "yyyy-MM-dd"), time), department)


def diagnosis(code: Column) -> dict[str, Column]:
    """A code in its one spelling, and the standard whose form it has: icd10, snomed, or null where it is neither."""
    return {"diagnosis_code": code, "diagnosis_system": diagnoses.form(code)}


def shaped(
    bronze: DataFrame,
    found: dict[str, Column],
    unreadable: Column,
    against: Column | None = None,
    beside: Sequence[str] = (),
) -> DataFrame:
    """All of the contract's columns that a single record tells, absent ones null, with reasons and provenance."""
    columns = [
        found.get(c.name, F.lit(None)).cast(c.type.value).alias(c.name)
        for c in silver.ENCOUNTERS.columns
        if c.name in found or c.name not in (*_LATER, *PROVENANCE)
    ]
    flags = [found.get(name, F.lit(False)).alias(name) for name in ("is_end", IS_LINE)]
    all_ = unreadable if against is None else both(against, unreadable)
    return presumed(bronze.select(*columns, *flags, all_.alias(UNREADABLE), *PROVENANCE, *beside))
