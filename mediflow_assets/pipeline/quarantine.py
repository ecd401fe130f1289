"""Quarantine: records that could not enter a Silver table, and those that could after all."""

from collections import Counter
from collections.abc import Iterable
from functools import reduce

import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.contracts.table import TableContract, Type
from mediflow_assets.pipeline.delivery_results import SOURCE, DeliveryResult
from mediflow_assets.pipeline.offset_ranges import OffsetRanges, of_deliveries, predicate
from mediflow_assets.pipeline.pending import Pending
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.pipeline.superseded import versions_told
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.validation import REASONS, is_accepted, is_waiting

_KEY = ("_delivery_id", "_record_number")
_VERSION = "_version"
_TIME = "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'"
_TIMES = {column.name for table in bronze.TABLES for column in table.columns if column.type is Type.TIMESTAMP}


def quarantine_records(
    context: RunContext,
    target: TableContract,
    records: dict[str, DataFrame],
    validated: DataFrame,
    work: Pending,
    delivery_results: list[DeliveryResult],
) -> None:
    """Write what is not accepted, with its Bronze record and reasons, and mark what was validated again and is.

    `first_seen_at` stays as it was; a discarded record stays discarded.
    """
    is_again = any(work.again.values())
    if not is_again and all(result.accepted == result.records for result in delivery_results):
        return
    rows = reduce(
        DataFrame.unionByName,
        (
            _rows(target, name, records[name], validated.where(F.col(SOURCE) == name), work, is_again)
            for name in records
        ),
    )
    known = held_by_delivery(context.lake, target, work.offset_ranges)
    is_new = not is_again and not any(known.get(result.delivery) for result in delivery_results)
    if is_new:
        # a MERGE computes its source several times over
        context.tables.append(silver.QUARANTINE, rows)
    else:
        context.tables.merge(
            silver.QUARANTINE,
            rows,
            silver.QUARANTINE.primary_key,
            "t.status <> 'discarded'",
            {"first_seen_at": "t.first_seen_at"},
        )


def _rows(
    target: TableContract, source: str, records: DataFrame, validated: DataFrame, work: Pending, is_again: bool
) -> DataFrame:
    # the results are joined back to the Bronze records, for only few of them are needed whole
    concerned = validated if is_again else validated.where(~is_accepted())
    is_new = of_deliveries(work.deliveries.get(source, ()), work.offset_ranges)
    concerned = concerned.where(~is_accepted() | ~is_new)
    delivery_results = concerned.select(
        F.col("_delivery_id").alias("_of_delivery"),
        F.col("_record_number").alias("_of_record"),
        REASONS,
        F.struct(*versions_told(target)).alias(_VERSION),
    )
    status = F.when(is_accepted(), "replayed").when(is_waiting(), "waiting").otherwise("open")
    payload = F.to_json(F.struct(*(_told(name) for name in records.columns if name not in _KEY)))
    is_of = (F.col("_delivery_id") == F.col("_of_delivery")) & (F.col("_record_number") == F.col("_of_record"))
    # the few on the left, as in transforms.joins
    return delivery_results.join(records, is_of).select(
        F.lit(target.name).alias("target_table"),
        F.lit(source).alias("source"),
        *_KEY,
        payload.alias("payload"),
        F.col(REASONS).alias("reasons"),
        status.alias("status"),
        F.col("_ingested_at").alias("first_seen_at"),
        F.col("_ingested_at").alias("last_seen_at"),
        f"{_VERSION}.*",
    )


def _told(name: str) -> Column:
    """A column of the payload; times as text, for each engine has its own number of digits."""
    return F.date_format(name, _TIME).alias(name) if name in _TIMES else F.col(name)


def forget_unsettled(lake: Lake, target: TableContract, deliveries: Iterable[str], offset_ranges: OffsetRanges) -> None:
    """Remove what a run that was cut short quarantined of deliveries it never settled: they are validated again.

    Left there, a record that is accepted this time (its patient came in between) would count twice, for good.
    """
    held = held_by_delivery(lake, target, offset_ranges)
    left = sorted(delivery for delivery in set(deliveries) if held.get(delivery))
    table = lake.open(silver.QUARANTINE)
    if left and table is not None:
        mine = " OR ".join(predicate(delivery, offset_ranges) for delivery in left)
        with storage_errors(silver.QUARANTINE.name):
            table.delete(f"target_table = '{target.name}' AND status <> 'discarded' AND ({mine})")


def held_by_delivery(
    lake: Lake, target: TableContract, offset_ranges: OffsetRanges, statuses: Iterable[str] | None = None
) -> dict[str, int]:
    """Records of each delivery that stand in quarantine for a table, of some statuses or of any; of one with a span
    those within it."""
    wanted = pc.field("target_table") == target.name
    if statuses is not None:
        wanted &= pc.field("status").isin(list(statuses))
    rows = lake.read(silver.QUARANTINE, ["target_table", *_KEY], wanted)
    counts: Counter[str] = Counter()
    if not offset_ranges:
        found = pc.value_counts(rows["_delivery_id"]).to_pylist()
        return {entry["values"]: entry["counts"] for entry in found}
    for delivery, number in zip(*(rows[name].to_pylist() for name in _KEY), strict=True):
        counts[delivery] += delivery not in offset_ranges or offset_ranges.holds(delivery, number)
    return counts
