"""A large load in buckets of keys: what the engine holds at once then does not grow with its rows.

All versions of a key are in one bucket, so that the buckets together make the rows that all keys at once would.
"""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import bronze
from mediflow_assets.pipeline.pending import Pending
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.pipeline.silver_tables import SilverTable

BUCKET = "_of_bucket"
Buckets = Sequence[str | None]
ALL: Buckets = (None,)
"""Everything at once."""


def names(context: RunContext, table: SilverTable, work: Pending) -> Buckets:
    """The names of the buckets in which the pending records of a table are folded; `ALL` where they are few."""
    if table.fold is None:
        return ALL
    new = frozenset(work.new)
    ledger = context.lake.read(bronze.DELIVERIES, ["delivery_id", "bronze"]).to_pylist()
    rows = sum(row["bronze"] for row in ledger if row["delivery_id"] in new)
    rows += sum(through - after for after, through in work.offset_ranges.values()) + sum(map(len, work.again.values()))
    count = -(-rows // context.tables.rows_at_once)
    return ALL if count <= 1 else tuple(f"b{number}" for number in range(count))


def stage(context: RunContext, table: SilverTable, records: DataFrame, work: Pending) -> DataFrame:
    """Records, staged; each bucket by itself, so that one is read without the others."""
    buckets = names(context, table, work)
    if buckets == ALL:
        return context.tables.stage(table.contract, records)
    return context.tables.stage(table.contract, records.withColumn(BUCKET, bucket_of(table, buckets)), BUCKET)


def bucket_of(table: SilverTable, buckets: Buckets) -> Column:
    """In which bucket a record or a key lies."""
    assert table.fold is not None
    # a text, for engines do not agree on the type of what names folders
    return F.concat(F.lit("b"), F.pmod(F.xxhash64(*table.fold.key), F.lit(len(buckets))).cast("string"))


def of_bucket(records: DataFrame, bucket: str | None) -> DataFrame:
    """The records of a bucket."""
    return records if bucket is None else records.where(F.col(BUCKET) == bucket)
