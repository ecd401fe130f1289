"""Encounters whose records list several diagnosis codes → a condition for each that can be read, with its place."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
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
    kept = encounters.where(lists_several()).select(LISTED, *_OF_ENCOUNTER, "admitted_on", *PROVENANCE)
    schema = ", ".join(f"{field.name} {field.dataType.simpleString()}" for field in kept.schema)
    rows = kept.mapInArrow(_each_code, f"{schema}, _place int")
    found: dict[str, Column] = {
        "condition_id": F.concat_ws("|", "encounter_id", "_code", F.lit("listed")),
        "code": F.col("_code"),
        "system": F.substring_index(LISTED, ":", 1),
        "diagnosis_rank": F.col("_place"),
        "text": F.lit(None).cast("string"),
        "onset_date": F.col("admitted_on"),
        "onset_precision": F.lit(RECORDED),
        "onset_age": F.lit(None).cast("int"),
        "resolved_date": F.lit(None).cast("date"),
        "resolved_precision": F.lit(None).cast("string"),
        "is_listed": F.lit(True),
        "cleared": F.lit(None).cast("string"),
    }
    coded = rows.withColumn("_code", F.substring_index(LISTED, ":", -1))
    return coded.select(*_OF_ENCOUNTER, *(column.alias(name) for name, column in found.items()), *PROVENANCE)


def _each_code(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """A row for each code that can be read, `icd10:I10` in place of the list."""
    for batch in batches:
        lists = pc.split_pattern(batch.column(0), " ")
        places = [place for size in pc.list_value_length(lists).to_pylist() for place in range(1, size + 1)]
        taken = batch.take(pc.list_parent_indices(lists))
        arrays = [pc.list_flatten(lists), *taken.columns[1:], pa.array(places, pa.int32())]
        rows = pa.RecordBatch.from_arrays(arrays, names=[*batch.schema.names, "_place"])
        yield rows.filter(pc.invert(pc.starts_with(rows.column(0), f"{UNREAD}:")))
