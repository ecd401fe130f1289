"""Which version of a row is the newest: the same one on every engine, whatever order the rows come in."""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import and_

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

_BUCKETS = 64
"""Windows over one partition per key are slow on the embedded engine; buckets of many keys are not."""

_ORDER = ("updated_at", "_ingested_at", "_record_number", "_delivery_id")


def version_time(updated_at: Column, received_at: Column) -> Column:
    """When a version came to be: as the source says, unless that is after its delivery arrived."""
    return F.when(updated_at <= received_at, updated_at).otherwise(received_at)


def keep_newest(frame: DataFrame, key: Sequence[str], first_known: Mapping[str, str] | None = None) -> DataFrame:
    """One row per key, by `updated_at`; ties go to the later delivery, then the later record, then the delivery's id.

    `first_known` adds columns (name → source column) with the oldest value of the key that is not null.
    Needs `updated_at`, `_ingested_at`, `_record_number` and `_delivery_id` beside the key.
    """
    first_known = first_known or {}
    several = frame.groupBy(*key).agg(F.count(F.lit(1)).alias("_versions")).where(F.col("_versions") > 1)
    several = several.select(*(F.col(name).alias(f"_several_{name}") for name in key))
    is_of = reduce(and_, (F.col(name) == F.col(f"_several_{name}") for name in key))
    # most keys have one version: to sort them all, wide as they are, took four times as long
    alone = frame.join(several, is_of, "left_anti").withColumns(
        {name: F.col(source) for name, source in first_known.items()} or {"_alone": F.lit(True)}
    )
    newest = _newest(frame.join(several, is_of, "left_semi"), key, first_known)
    return alone.drop("_alone").unionByName(newest)


def _newest(frame: DataFrame, key: Sequence[str], first_known: Mapping[str, str]) -> DataFrame:
    by_bucket = Window.partitionBy(F.pmod(F.xxhash64(*key), F.lit(_BUCKETS)))
    window = by_bucket.orderBy(*key, *(F.col(name).asc_nulls_first() for name in _ORDER))
    is_first, is_last = _differs(F.lag, key, window), _differs(F.lead, key, window)
    placed = frame.withColumns({"_is_first": is_first, "_is_last": is_last, "_place": F.row_number().over(window)})
    before, so_far = window.rowsBetween(Window.unboundedPreceding, -1), window.rowsBetween(Window.unboundedPreceding, 0)
    for name, source in first_known.items():
        # all in the one order that is sorted anyway: the place where the key began, and where a value last stood
        began = F.max(F.when(F.col("_is_first"), F.col("_place"))).over(so_far)
        stood = F.max(F.when(F.col(source).isNotNull(), F.col("_place"))).over(before)
        placed = placed.withColumns({"_began": began, "_stood": stood})
        is_known_first = F.col(source).isNotNull() & (F.coalesce("_stood", F.lit(0)) < F.col("_began"))
        candidate = F.when(F.col("_is_first") | is_known_first, F.coalesce(source, F.lit("")))
        first = F.last(candidate, ignorenulls=True).over(so_far)
        placed = placed.withColumn("_first", first).withColumn(name, F.when(F.col("_first") != "", F.col("_first")))
    scratch = ("_is_first", "_is_last", "_place", "_began", "_stood", "_first")
    return placed.where(F.col("_is_last")).drop(*scratch)


def _differs(neighbour: Callable[[str], Column], key: Sequence[str], window: WindowSpec) -> Column:
    """Whether the row before or after has another key."""
    differs = F.lit(False)
    for name in key:
        differs = differs | ~neighbour(name).over(window).eqNullSafe(F.col(name))
    return differs
