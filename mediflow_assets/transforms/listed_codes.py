"""Encounters whose records list several diagnosis codes → a condition for each that can be read, with its place."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts.code_systems import UNREAD
from mediflow_assets.transforms.conditions import RECORDED
from mediflow_assets.transforms.patients import PROVENANCE

LISTED = "listed_codes"
_OF_ENCOUNTER = (
    *("id_namespace", "encounter_id", "patient_id", "patient_key", "source_system", "is_shifted"),
    *("updated_at", "claimed_at", "version_number"),
)


def lists_several() -> Column:
    """Whether the newest record of an encounter that gives a diagnosis lists several."""
    return F.col(LISTED).contains(":")


def conditions_of(encounters: DataFrame) -> DataFrame:
    """The conditions that lists tell of: they are as old as their encounter, and of its newest version."""
    lists = F.posexplode(F.split(LISTED, " ")).alias("_place", "_listed")
    rows = encounters.where(lists_several()).select(*_OF_ENCOUNTER, "admitted_on", *PROVENANCE, lists)
    read = rows.where(F.substring_index("_listed", ":", 1) != UNREAD)
    found: dict[str, Column] = {
        "condition_id": F.concat_ws("|", "encounter_id", "_code", F.lit("listed")),
        "code": F.col("_code"),
        "system": F.substring_index("_listed", ":", 1),
        "diagnosis_rank": F.col("_place") + 1,
        "text": F.lit(None).cast("string"),
        "onset_date": F.col("admitted_on"),
        "onset_precision": F.lit(RECORDED),
        "onset_age": F.lit(None).cast("int"),
        "resolved_date": F.lit(None).cast("date"),
        "resolved_precision": F.lit(None).cast("string"),
        "is_listed": F.lit(True),
        "is_linked": F.lit(False),
        "diagnosis_use": F.lit(None).cast("string"),
        "cleared": F.lit(None).cast("string"),
    }
    coded = read.withColumn("_code", F.substring_index("_listed", ":", -1))
    return coded.select(*_OF_ENCOUNTER, *(column.alias(name) for name, column in found.items()), *PROVENANCE)
