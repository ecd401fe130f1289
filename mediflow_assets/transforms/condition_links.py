"""Encounters that name conditions as their diagnoses → of which encounter a condition is, its rank and its use."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import fhir
from mediflow_assets.contracts.identifiers import MRN, NAMESPACE

NAMED = "named_conditions"
LINKED = ("encounter_id", "diagnosis_rank", "diagnosis_use", "is_linked")
"""What a link tells of a condition."""
OF_ENCOUNTER = "_link_"
"""How columns of links begin."""


def as_told(conditions: DataFrame) -> DataFrame:
    """Rows of Silver as the versions that they are: without what an encounter tells of them."""
    return conditions.withColumns(
        {
            "encounter_id": F.when(~F.coalesce("is_linked", F.lit(False)), F.col("encounter_id")),
            "diagnosis_rank": F.when(~_is_linkable(), F.col("diagnosis_rank")),
        }
    )


def unlinked(rows: DataFrame) -> DataFrame:
    """Rows of which is still to be told which encounter names them."""
    return rows.withColumns({"is_linked": F.lit(False), "diagnosis_use": F.lit(None).cast("string")})


def links_of(encounters: DataFrame, namespace: str) -> DataFrame:
    """Every condition that an encounter names: whose, which, and what it says of it. `namespace` is that of FHIR's ids,
    which stands before an id that is known under a record number of the hospital."""
    lines = F.explode(F.split(NAMED, "\n")).alias("_line")
    rows = encounters.where(F.col(NAMED) != "").select(NAMESPACE, "encounter_id", "patient_id", "admitted_at", lines)
    parts = F.split("_line", " ", 3)
    own, is_numbered = parts[2], (F.col(NAMESPACE) == MRN) & F.col("encounter_id").startswith(f"{namespace}|")
    told: dict[str, Column] = {
        "namespace": F.col(NAMESPACE),
        "condition": F.when(is_numbered, F.concat(F.lit(f"{namespace}|"), own)).otherwise(own),
        "encounter": F.col("encounter_id"),
        "patient": F.col("patient_id"),
        "begin": F.col("admitted_at"),
        "rank": parts[0].try_cast("int"),
        "use": F.when(parts[1] != "-", parts[1]),
    }
    return rows.select(*(column.alias(f"{OF_ENCOUNTER}{name}") for name, column in told.items()))


def is_named() -> Column:
    """Whether a link is one to a condition beside it: by its id, and by its own encounter, where it names one."""
    is_it = (F.col("condition_id") == F.col("_link_condition")) & (F.col(NAMESPACE) == F.col("_link_namespace"))
    return is_it & F.coalesce(F.col("encounter_id") == F.col("_link_encounter"), F.lit(True))


def first_of_each(links: DataFrame) -> DataFrame:
    """Of each condition that link which counts: of the encounter that began first, and there by its rank."""
    order = ("_link_begin", "_link_encounter", "_link_rank", "_link_use")
    # an order by a struct takes what is null for the least on both engines
    place = F.struct("_link_begin", "_link_encounter", F.coalesce("_link_rank", F.lit(9999)), "_link_use", "_link_rank")
    found = links.groupBy("_link_namespace", "_link_condition").agg(F.min(place).alias("_first"))
    return found.select(
        "_link_namespace", "_link_condition", *(F.col(f"_first.{name}").alias(name) for name in order[1:])
    )


def linked(conditions: DataFrame) -> DataFrame:
    """Conditions, as they are told, beside the link that counts, where there is one: with what that tells."""
    return conditions.withColumns(
        {
            "is_linked": F.col("encounter_id").isNull() & F.col("_link_encounter").isNotNull(),
            "encounter_id": F.coalesce("encounter_id", "_link_encounter"),
            "diagnosis_rank": F.when(_is_linkable(), F.col("_link_rank")).otherwise(F.col("diagnosis_rank")),
            "diagnosis_use": F.col("_link_use"),
        }
    )


def _is_linkable() -> Column:
    """Whether a condition is one of FHIR, which ranks none by itself."""
    return F.col("source_system") == fhir.SOURCE.system
