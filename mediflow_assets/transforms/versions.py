"""Which version of a row is the newest: the same one on every engine, whatever order the rows come in."""

from collections.abc import Callable, Sequence
from functools import reduce
from operator import and_

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from mediflow_assets.transforms.joins import with_few

_BUCKETS = 64
"""Windows over one partition per key are slow on the embedded engine; buckets of many keys are not."""

_ORDER = ("updated_at", "_ingested_at", "_record_number", "_delivery_id")


def version_time(updated_at: Column, received_at: Column) -> Column:
    """When a version came to be: as the source says, unless that is after its delivery arrived."""
    return F.when(updated_at <= received_at, updated_at).otherwise(received_at)


def is_not_older(arrived: str, stored: str) -> str:
    """SQL, over the aliases of two rows: whether the arrived version takes the stored one's place."""
    one, other = (f"struct({', '.join(f'{alias}.{name}' for name in _ORDER)})" for alias in (arrived, stored))
    return f"{one} >= {other}"


def keep_newest(frame: DataFrame, key: Sequence[str]) -> DataFrame:
    """One row per key, by `updated_at`; ties go to the later delivery, then the later record, then the delivery's id.

    Needs `updated_at`, `_ingested_at`, `_record_number` and `_delivery_id` beside the key.
    """
    window = Window.partitionBy(F.pmod(F.xxhash64(*key), F.lit(_BUCKETS))).orderBy(*key, *_ORDER)
    return frame.withColumn("_is_last", _differs(F.lead, key, window)).where(F.col("_is_last")).drop("_is_last")


def split_repeated(frame: DataFrame, key: Sequence[str]) -> tuple[DataFrame, DataFrame]:
    """The rows whose key stands once, and the rows whose key stands several times.

    Where most keys stand once, to sort all rows, wide as they are, takes four times as long.
    """
    several = frame.groupBy(*key).agg(F.count(F.lit(1)).alias("_versions")).where(F.col("_versions") > 1)
    several = several.select(*(F.col(name).alias(f"_several_{name}") for name in key))
    is_of = reduce(and_, (F.col(name) == F.col(f"_several_{name}") for name in key))
    marked = with_few(frame, several, is_of)
    is_repeated = F.col(f"_several_{key[0]}").isNotNull()
    return marked.where(~is_repeated).select(*frame.columns), marked.where(is_repeated).select(*frame.columns)


def _differs(neighbour: Callable[[str], Column], key: Sequence[str], window: WindowSpec) -> Column:
    """Whether the row before or after has another key."""
    differs = F.lit(False)
    for name in key:
        differs = differs | ~neighbour(name).over(window).eqNullSafe(F.col(name))
    return differs
