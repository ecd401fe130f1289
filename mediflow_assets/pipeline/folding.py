"""Accepted records → rows: new keys as they are, and for all others every version that makes up the row.

The kept versions are written before the table. Cut short in between, a run finds its own versions among those that it
folds again, and ends in the same rows.
"""

from functools import reduce
from uuid import uuid4

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructField, StructType

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.events import DELIVERY_PREFIX
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.contracts.versions import END, ORDER, PLACE
from mediflow_assets.pipeline.buckets import Buckets, bucket_of, of_bucket
from mediflow_assets.pipeline.buckets import names as bucket_names
from mediflow_assets.pipeline.offset_ranges import OffsetRanges, in_offset_ranges
from mediflow_assets.pipeline.pending import Pending
from mediflow_assets.pipeline.rebuild import OUTCOMES_NOTE
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.pipeline.silver_tables import SilverTable
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.storage.tables import APPEND, KEYS, OVERWRITE
from mediflow_assets.transforms import fold as folding
from mediflow_assets.transforms.clearing import CLEARED
from mediflow_assets.transforms.each_version import ARRIVED, KIND
from mediflow_assets.transforms.fold import EMPTY, GONE, KEPT, OUTCOME, ROW, SEEN, Fold
from mediflow_assets.transforms.lines import IS_LINE, added_up
from mediflow_assets.transforms.versions import repeated_keys, split_by_keys

_LEAST_GROUPS, _KEYS_OF_GROUP = 4, 8_000
_GROUP = "_group"
_LEAVES = "_leaves"
_STORED, _ARRIVED = "stored", "arrived"


Outcomes = dict[str, dict[str, int]]
"""Delivery → what its records were to the table, counted."""


def store(context: RunContext, table: SilverTable, accepted: DataFrame, work: Pending) -> Outcomes:
    """Write the rows that accepted records make with what the table holds of their keys."""
    if table.fold is None:
        _put(context, table.contract, table.told(context, accepted))
        return {}
    stored = [each for each in (table.contract, table.versions) if context.lake.rows(each)]
    buckets = bucket_names(context, table, work)
    keys, several = _keys_to_fold(context, table, accepted, stored, buckets)
    alone = split_by_keys(accepted, keys)[0] if several else accepted
    told = alone.select(*PLACE, _outcome_alone(alone).alias(OUTCOME))
    folded = None
    if several:
        folded = _staged_folds(context, table, accepted, keys, several, stored, buckets)
        told = told.unionByName(folded.where(F.col(KIND) == SEEN).select(*PLACE, OUTCOME))
    outcomes = _noted(context.lake, table.contract, _counted(told, work.offset_ranges))
    if folded is not None:
        _keep_versions(context, table, folded)
        _merge_rows(context, table, folded)
    context.tables.append(table.contract, table.finished(table.keyed(context, _admitting(table, alone))))
    return outcomes


def _put(context: RunContext, contract: TableContract, rows: DataFrame) -> None:
    """Put rows into a table in place of those of their keys."""
    if context.lake.rows(contract):
        context.tables.merge(contract, rows, contract.primary_key)
    else:
        context.tables.append(contract, rows)


def _counted(told: DataFrame, ranges: OffsetRanges) -> Outcomes:
    if ranges:
        # of a partition what is validated again was counted when it was new
        told = told.where(~F.col("_delivery_id").startswith(DELIVERY_PREFIX) | in_offset_ranges(ranges))
    counts: Outcomes = {}
    with storage_errors("counting versions"):
        for delivery, outcome, count in told.groupBy("_delivery_id", OUTCOME).count().collect():
            counts.setdefault(delivery, {})[outcome] = count
    return counts


def _noted(lake: Lake, contract: TableContract, counts: Outcomes) -> Outcomes:
    """The outcomes as they were before anything was written, where a run that was cut short has noted them.

    Of a record that was held and has been accepted now, that run may have said so in the quarantine: what it noted is
    then told by this one.
    """
    note = lake.property_of(contract, OUTCOMES_NOTE) or {}
    is_told = not note or lake.holds(silver.PROCESSED, note["run"])
    before: Outcomes = {} if is_told else note["counts"]
    sums = {delivery: sum(of.values()) for delivery, of in counts.items()}
    counts |= {d: of for d, of in before.items() if sums.get(d) in (None, sum(of.values()))}
    lake.set_properties(contract, **{OUTCOMES_NOTE: {"run": uuid4().hex, "counts": counts}})
    return counts


def _fold_of(table: SilverTable) -> Fold:
    assert table.fold is not None
    return table.fold


def _shape(fold: Fold) -> tuple[str, ...]:
    """The columns of a version."""
    oldest = fold.oldest[1:] if fold.oldest else ()
    names = (*fold.key, "source_system", *fold.given, *oldest, *ORDER, *PLACE, END.name, CLEARED)
    return tuple(dict.fromkeys(names))


def _keys_to_fold(
    context: RunContext, table: SilverTable, accepted: DataFrame, stored: list[TableContract], buckets: Buckets
) -> tuple[DataFrame, int]:
    """The keys that stand several times, end what they name, or are stored, and how many they are."""
    key = list(_fold_of(table).key)
    for place, bucket in enumerate(buckets):
        arrived = of_bucket(accepted, bucket)
        keys = repeated_keys(arrived, key, F.col(END.name))
        for contract in stored:
            # the few on the left, as in transforms.joins
            known = arrived.select(*key).join(context.tables.read(contract).select(*key), key, "left_semi")
            keys = keys.unionByName(known)
        mode = APPEND if place else OVERWRITE
        staged = context.tables.stage(table.contract, keys.distinct(), beside=KEYS, mode=mode)
    with storage_errors(table.contract.name):
        return staged, staged.count()


def _staged_folds(
    context: RunContext,
    table: SilverTable,
    accepted: DataFrame,
    keys: DataFrame,
    several: int,
    stored: list[TableContract],
    buckets: Buckets,
) -> DataFrame:
    """The folds of some keys, bucket by bucket."""
    groups = _LEAST_GROUPS + several // len(buckets) // _KEYS_OF_GROUP
    for place, bucket in enumerate(buckets):
        mine = keys if bucket is None else keys.where(bucket_of(table, buckets) == bucket)
        arrived = _arrived(table, mine.join(of_bucket(accepted, bucket), list(_fold_of(table).key)))
        found = [_of_keys(table, context.tables.read(contract), mine) for contract in stored]
        versions = reduce(DataFrame.unionByName, (_shaped(table, each) for each in (arrived, *found)))
        folds = _folded(table, versions, groups)
        folded = context.tables.stage(table.versions, folds, mode=APPEND if place else OVERWRITE)
    return folded


def _arrived(table: SilverTable, records: DataFrame) -> DataFrame:
    rows = table.stripped(_admitting(table, records)).withColumns({ARRIVED: F.lit(True), KIND: F.lit(_ARRIVED)})
    return rows if table.have_lines else rows.withColumn(IS_LINE, F.lit(False))


def _of_keys(table: SilverTable, stored: DataFrame, keys: DataFrame) -> DataFrame:
    """The stored rows, or kept versions, of some keys."""
    rows = keys.join(stored, list(_fold_of(table).key))
    is_kept = END.name in stored.columns
    marked = rows.withColumns({ARRIVED: F.lit(False), IS_LINE: F.lit(False), KIND: F.lit(KEPT if is_kept else _STORED)})
    return marked if is_kept else table.stripped(table.as_told(marked.withColumn(END.name, F.lit(False))))


def _shaped(table: SilverTable, rows: DataFrame) -> DataFrame:
    return rows.select(*_shape(_fold_of(table)), ARRIVED, KIND, IS_LINE)


def _folded(table: SilverTable, versions: DataFrame, groups: int) -> DataFrame:
    """The fold of all keys, many in a group: one group for each key would take the engine many times as long."""
    names = versions.withColumn(OUTCOME, F.lit(None).cast("string")).schema
    schema = StructType([StructField(field.name, field.dataType, True) for field in names])
    group = F.pmod(F.xxhash64(*_fold_of(table).key), F.lit(groups)).alias(_GROUP)
    fold = _fold_of(table)

    def of_group(rows: pa.Table) -> pa.Table:
        return fold(added_up(rows.drop_columns([_GROUP]), fold)).select(schema.names)

    return versions.withColumn(_GROUP, group).groupBy(_GROUP).applyInArrow(of_group, schema)


def _admitting(table: SilverTable, rows: DataFrame) -> DataFrame:
    """A version's own admitting values: those of its row, where it is the only one."""
    if (oldest := _fold_of(table).oldest) is None:
        return rows
    name, column, time = oldest
    return rows.withColumns({column: F.col(name), time: F.when(F.col(name).isNotNull(), F.col("updated_at"))})


def _keep_versions(context: RunContext, table: SilverTable, folded: DataFrame) -> None:
    rows = folded.where(F.col(KIND).isin(KEPT, GONE)).withColumn(_LEAVES, F.col(KIND) == GONE)
    _merge(context, table.versions, table.keyed(context, rows))


def _merge_rows(context: RunContext, table: SilverTable, folded: DataFrame) -> None:
    made = table.rebuilt(context, folded.where(F.col(KIND).isin(ROW, EMPTY)))
    rows = table.finished(table.keyed(context, made)).withColumn(_LEAVES, F.col(KIND) == EMPTY)
    _merge(context, table.contract, rows)


def _merge(context: RunContext, contract: TableContract, rows: DataFrame) -> None:
    """Put rows into a table in place of those of their keys, and take those out that leave."""
    if context.lake.rows(contract):
        context.tables.merge(contract, rows, contract.primary_key, leaves=_LEAVES)
    else:
        context.tables.append(contract, rows.where(~F.col(_LEAVES)))


def _outcome_alone(rows: DataFrame) -> Column:
    if "status" not in rows.columns:
        return F.lit(folding.NEW)
    return F.when(F.col("status") == "cancelled", folding.ENDED).otherwise(folding.NEW)
