"""Records that tell of an encounter which another record begins: they wait for it, and are of its patient.

In whatever order files come, the result is the same: what names an encounter that nobody has told of yet waits.
"""

from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.identifiers import NAMESPACE
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline.owners import same_people
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.transforms.conditions import with_encounter
from mediflow_assets.transforms.joins import with_few
from mediflow_assets.transforms.validation import (
    AWAITS,
    NOT_ADMITTED,
    REASONS,
    SPEAKS,
    WAITING,
    is_accepted,
    of_another_patient,
)

_PATIENT = "patient_id"
_KNOWN_NAMESPACE, _KNOWN_ENCOUNTER, KNOWN_PATIENT = "_stay_namespace", "_stay_id", "_stay_patient"
_KNOWN = (_KNOWN_NAMESPACE, _KNOWN_ENCOUNTER, KNOWN_PATIENT)
_OF_PART = ("encounter_id_", "diagnosis_", "updated_at_")
_OF_ENCOUNTER = (f"{_PATIENT}_missing", "onset_missing", WAITING)
"""Reasons that do not stand against a record whose encounter is not known: that may tell what it lacks."""
_LEAST, _LEAST_OF = "_least", "_least_of"


@dataclass(frozen=True)
class Parts:
    """Validated records that tell of encounters, and the accepted ones that say something of theirs."""

    validated: DataFrame
    accepted: DataFrame


def are_among(frame: DataFrame) -> bool:
    """Whether some source's records may await an encounter."""
    return AWAITS in frame.columns


def apart(validated: DataFrame, target: TableContract) -> tuple[DataFrame, DataFrame | None]:
    """The records that stand for themselves, and those that are parts of the encounters of others, if there are any."""
    if target is not silver.ENCOUNTERS or not are_among(validated):
        return validated, None
    is_part = F.coalesce(F.col(AWAITS), F.lit(False))
    return validated.where(~is_part), validated.where(is_part)


def settle(context: RunContext, parts: DataFrame, others: DataFrame) -> Parts:
    """What records say of encounters that stand in Silver or among the `others` that are accepted.

    Of the diagnoses of each delivery and encounter that of the least rank speaks; all others say nothing, and are
    accepted. What speaks by itself may lack what its encounter has.
    """
    key = [NAMESPACE, "encounter_id", "_delivery_id"]
    ranked = parts.where(F.col("encounter_id").isNotNull() & F.col("diagnosis_rank").isNotNull())
    least = ranked.groupBy(*key).agg(
        F.min_by("_record_number", F.struct("diagnosis_rank", "_record_number")).alias(_LEAST)
    )
    least = least.select(F.col("_delivery_id").alias(_LEAST_OF), _LEAST)
    is_it = (F.col("_delivery_id") == F.col(_LEAST_OF)) & (F.col("_record_number") == F.col(_LEAST))
    by_itself = F.coalesce(F.col(SPEAKS), F.lit(False)) if SPEAKS in parts.columns else F.lit(False)
    speaks = F.col(_LEAST).isNotNull() | by_itself
    known = _known(context.tables.read(silver.ENCOUNTERS)).unionByName(_known(others))
    known = known.groupBy(_KNOWN_NAMESPACE, _KNOWN_ENCOUNTER).agg(F.min(KNOWN_PATIENT).alias(KNOWN_PATIENT))
    joined = with_few(with_few(parts, least, is_it), known, _is_of_known())
    of_diagnosis = F.array_intersect(REASONS, F.array(*map(F.lit, _codes_of_part())).cast("array<string>"))
    of_message = reduce(F.array_remove, ("admitted_at_missing", WAITING), F.col(REASONS))
    against = F.when(by_itself, of_message).otherwise(of_diagnosis)
    told = _judged(context, joined, silver.ENCOUNTERS, against)
    validated = told.withColumn(REASONS, F.when(speaks, F.col(REASONS)).otherwise(F.array().cast("array<string>")))
    accepted = validated.where(is_accepted() & speaks).withColumn(_PATIENT, F.lit(None).cast("string"))
    return Parts(validated.select(*parts.columns), accepted.select(*parts.columns))


def of_encounters(context: RunContext, frame: DataFrame) -> DataFrame:
    """Conditions, before they are validated, with what their encounters tell of them."""
    encounters = context.tables.read(silver.ENCOUNTERS)
    known = _known(encounters, F.col("admitted_on").alias("_stay_day"), F.col("is_shifted").alias("_stay_is_shifted"))
    return with_encounter(with_few(frame, known, _is_of_known()), KNOWN_PATIENT, "_stay_day", "_stay_is_shifted")


def judged(context: RunContext, validated: DataFrame, target: TableContract) -> DataFrame:
    """The same, validated: those wait whose encounter is not known, and against other patients' stands that."""
    left = reduce(F.array_remove, _OF_ENCOUNTER, F.col(REASONS))
    against = F.when(F.col(KNOWN_PATIENT).isNull() & F.col(AWAITS), left).otherwise(F.col(REASONS))
    told = _judged(context, validated, target, against)
    rest = [name for name in told.columns if not name.startswith("_stay_")]
    return told.select(*rest)


def _judged(context: RunContext, joined: DataFrame, target: TableContract, against: Column) -> DataFrame:
    """Records beside their encounters, with the reasons that stand against each, and those of its encounter."""
    beside = with_people(context, joined)
    # what stands against a record itself stands there in whatever order files come
    is_good = F.coalesce(F.col(AWAITS), F.lit(False)) & (F.size(against) == 0)
    differs = F.coalesce(F.col("_person") != F.col("_stay_person"), F.lit(False))
    no_encounter = F.array(F.lit(NOT_ADMITTED))
    of_another = F.array(F.lit(of_another_patient(target)))
    found = (
        F.when(is_good & F.col(KNOWN_PATIENT).isNull(), no_encounter)
        .when(is_good & differs, of_another)
        .otherwise(against)
    )
    return beside.withColumn(REASONS, found).drop("_person", "_stay_person")


def with_people(context: RunContext, joined: DataFrame) -> DataFrame:
    """With the person whom a record names, and whose its encounter is: ids that are merged are one."""
    same = same_people(context.lake)
    beside = {"_person": F.col(_PATIENT), "_stay_person": F.col(KNOWN_PATIENT)}
    if same:
        rows = [(*name, ids[0]) for name, ids in sorted(same.items())]
        merged = context.tables.session().createDataFrame(rows, "_m_namespace string, _m_id string, _m_first string")
        for name, id_ in (("_person", _PATIENT), ("_stay_person", KNOWN_PATIENT)):
            is_of = (F.col("_m_namespace") == F.col(NAMESPACE)) & (F.col("_m_id") == F.col(id_))
            joined = with_few(joined, merged, is_of).withColumn(name, F.coalesce("_m_first", id_))
            joined = joined.drop("_m_namespace", "_m_id", "_m_first")
        return joined
    return joined.withColumns(beside)


def _known(encounters: DataFrame, *more: Column) -> DataFrame:
    names = dict(zip((NAMESPACE, "encounter_id", _PATIENT), _KNOWN, strict=True))
    return encounters.select(*(F.col(mine).alias(theirs) for mine, theirs in names.items()), *more)


def _is_of_known() -> Column:
    return (F.col("encounter_id") == F.col(_KNOWN_ENCOUNTER)) & (F.col(NAMESPACE) == F.col(_KNOWN_NAMESPACE))


def _codes_of_part() -> list[str]:
    told = [check.code for check in silver.ENCOUNTERS.checks if check.code.startswith(_OF_PART)]
    return [*told, "updated_at_unreadable"]
