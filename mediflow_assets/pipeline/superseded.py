"""Superseded: an open record in whose place a later good version of the same has been accepted.

It stays in quarantine, is counted, and waits for nobody any more. Which of two versions is later is told by the time
that each claims, or by its source's number, then by arrival.
"""

from functools import reduce

import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.judged import VERSION
from mediflow_assets.contracts.source import LINE_GRAIN
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.pipeline.silver_tables import SilverTable
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.validation import REASONS

_KEY = ["_delivery_id", "_record_number"]
_PATIENT = "patient_id"


def versions_told(target: TableContract) -> list[Column]:
    """Of validated records, what they are versions of, and when they came to be; null where that itself is wrong."""
    if target.name not in silver.VERSIONS:
        return [F.lit(None).cast(column.type.value).alias(column.name) for column in VERSION]
    id_ = target.primary_key[-1]
    found = {
        "id_namespace": F.col("id_namespace"),
        "record_id": _unless_wrong(target, id_),
        "record_patient_id": _unless_wrong(target, _PATIENT),
        **_version(),
    }
    return [found[column.name].alias(column.name) for column in VERSION]


def _unless_wrong(target: TableContract, id_: str) -> Column:
    wrong = [F.lit(check.code) for check in target.checks if check.code.startswith(id_)]
    is_right = ~F.arrays_overlap(REASONS, F.array(*wrong)) if wrong else F.lit(True)
    return F.when(is_right & (F.col(id_) != ""), F.col(id_))


def _version() -> dict[str, Column]:
    # of a version that tells a number and no time, the number decides
    return {
        "version_at": F.coalesce("claimed_at", "updated_at"),
        "version_number": F.when(F.col("claimed_at").isNull(), F.col("version_number")),
    }


def close(context: RunContext, table: SilverTable) -> None:
    """Close what stands open before a table and has been superseded there."""
    target, lake = table.contract, context.lake
    is_open = pc.field("target_table").isin([target.name]) & pc.field("status").isin(["open"])
    if table.fold is None or not lake.rows(target) or not lake.read(silver.QUARANTINE, _KEY, is_open).num_rows:
        return
    held = context.tables.read(silver.QUARANTINE).where(
        (F.col("target_table") == target.name) & (F.col("status") == "open") & F.col("record_id").isNotNull()
    )
    feeds = [feed.name for feed in context.feeds.feeds if feed.grain == LINE_GRAIN]
    stored = [contract for contract in table.kept_in if lake.rows(contract)]
    parts = (_superseded(held, context.tables.read(contract), target, feeds) for contract in stored)
    with storage_errors(f"{target.name} superseded"):
        rows = reduce(DataFrame.unionByName, parts).distinct().collect()
    if rows:
        keys = sorted((row[0], row[1]) for row in rows)
        closed = context.tables.session().createDataFrame(keys, "_delivery_id string, _record_number bigint")
        marked = closed.join(held, _KEY).withColumn("status", F.lit("superseded"))
        context.tables.merge(silver.QUARANTINE, marked, silver.QUARANTINE.primary_key)


def _superseded(held: DataFrame, stored: DataFrame, target: TableContract, line_feeds: list[str]) -> DataFrame:
    names = {"_namespace": F.col("id_namespace"), "_id": F.col(target.primary_key[-1]), "_patient": F.col(_PATIENT)}
    version = {f"_{name}": column for name, column in _version().items()}
    place = {f"_of{name}": F.col(name) for name in ("_ingested_at", *_KEY)}
    good = stored.select(*(column.alias(name) for name, column in (names | version | place).items()))
    is_it = (F.col("record_id") == F.col("_id")) & (F.col("id_namespace") == F.col("_namespace"))
    is_of_it = F.coalesce(F.col("record_patient_id") == F.col("_patient"), F.lit(True))
    is_line = F.get_json_object("payload", "$._feed").isin(line_feeds) if line_feeds else F.lit(False)
    is_beside = F.coalesce(is_line, F.lit(False)) & (F.col("_delivery_id") == F.col("_of_delivery_id"))
    # the few on the left, as in transforms.joins
    return held.join(good, is_it).where(is_of_it & ~is_beside & _is_later()).select(*_KEY)


def _is_later() -> Column:
    """Whether an accepted version comes after the one held."""
    pairs = (
        ("_version_number", "version_number"),
        ("_version_at", "version_at"),
        ("_of_ingested_at", "first_seen_at"),
        ("_of_delivery_id", "_delivery_id"),
        ("_of_record_number", "_record_number"),
    )
    later = F.lit(False)
    for theirs, mine in reversed(pairs):
        differs = F.coalesce(F.col(theirs) != F.col(mine), F.lit(False))
        later = F.when(differs, F.col(theirs) > F.col(mine)).otherwise(later)
    return later
