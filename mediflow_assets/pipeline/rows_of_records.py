"""Records that became several rows, told as one each: accepted where all of its rows are."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline.delivery_results import SOURCE
from mediflow_assets.transforms.fold import OUTCOME
from mediflow_assets.transforms.validation import PLACE_IN_CELL, REASONS, is_accepted, is_waiting

_RECORD = ("_delivery_id", "_record_number")


def have_several(frame: DataFrame) -> bool:
    """Whether records of a frame may be several rows."""
    return PLACE_IN_CELL in frame.columns


def as_records(validated: DataFrame, target: TableContract) -> DataFrame:
    """A row for each record, with every reason that stands against one of its rows; or with what it waits for, for as
    long as it does."""
    if not have_several(validated):
        return validated
    is_row = F.col(PLACE_IN_CELL).isNotNull()
    rows = validated.where(is_row)
    key = (SOURCE, *_RECORD)
    rest = [name for name in validated.columns if name not in (*key, REASONS)]
    waits = F.max(F.when(is_waiting(), F.element_at(REASONS, 1)))
    told = F.array_distinct(F.flatten(F.collect_list(REASONS)))
    found = rows.groupBy(*key).agg(
        *(F.first(name, ignorenulls=True).alias(name) for name in rest),
        F.when(waits.isNotNull(), F.array(waits)).otherwise(told).alias(REASONS),
    )
    # of which of its rows the record is a version, nothing tells
    found = found.withColumn(target.primary_key[-1], F.lit(None).cast("string"))
    return validated.where(~is_row).unionByName(found)


def outcomes_of(told: DataFrame, validated: DataFrame) -> DataFrame:
    """What each record was to the table, of what its rows were: of those that are accepted as a whole."""
    held = validated.where(~is_accepted()).select(*_RECORD).distinct()
    return told.join(held, list(_RECORD), "left_anti").groupBy(*_RECORD).agg(F.min(OUTCOME).alias(OUTCOME))
