"""When a version came to be, and which keys have several versions."""

from collections.abc import Callable, Sequence
from functools import reduce
from operator import and_

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from mediflow_assets.transforms.joins import with_few

_BUCKETS = 64
"""Windows over one partition per key are slow on the embedded engine; buckets of many keys are not."""
_ORDER = ("updated_at", "_ingested_at", "_record_number", "_delivery_id")


def version_time(claimed: Column, received_at: Column) -> dict[str, Column]:
    """When a version came to be: as its source says, unless that is after its delivery arrived. What the source claims
    decides among its own versions."""
    return {
        "updated_at": F.when(claimed <= received_at, claimed).otherwise(received_at),
        "claimed_at": claimed,
    }


def keep_newest(frame: DataFrame, key: Sequence[str], order: Sequence[str] = _ORDER) -> DataFrame:
    """One row per key, by `updated_at`; ties go to the later delivery, then the later record, then the delivery's id.

    Needs the columns of the order beside the key.
    """
    window = Window.partitionBy(F.pmod(F.xxhash64(*key), F.lit(_BUCKETS))).orderBy(*key, *order)
    return frame.withColumn("_is_last", _differs(F.lead, key, window)).where(F.col("_is_last")).drop("_is_last")


def repeated_keys(frame: DataFrame, key: Sequence[str], besides: Column) -> DataFrame:
    """The keys that stand several times, or in a row for which `besides` holds."""
    counted = frame.groupBy(*key).agg(F.count(F.lit(1)).alias("_versions"), F.count_if(besides).alias("_besides"))
    return counted.where((F.col("_versions") > 1) | (F.col("_besides") > 0)).select(*key)


def split_by_keys(frame: DataFrame, keys: DataFrame) -> tuple[DataFrame, DataFrame]:
    """The rows whose key is none of these, and the rows whose key is.

    Where most keys stand once, to fold all rows, wide as they are, takes several times as long.
    """
    named = keys.select(*(F.col(name).alias(f"_of_{name}") for name in keys.columns))
    marked = with_few(frame, named, reduce(and_, (F.col(name) == F.col(f"_of_{name}") for name in keys.columns)))
    is_one = F.col(named.columns[0]).isNotNull()
    return marked.where(~is_one).select(*frame.columns), marked.where(is_one).select(*frame.columns)


def _differs(neighbour: Callable[[str], Column], key: Sequence[str], window: WindowSpec) -> Column:
    """Whether the row before or after has another key."""
    differs = F.lit(False)
    for name in key:
        differs = differs | ~neighbour(name).over(window).eqNullSafe(F.col(name))
    return differs
