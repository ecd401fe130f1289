"""The Bronze records a Silver table has to validate, with the corrections made to them laid over."""

import json
from collections.abc import Collection, Iterable
from functools import reduce

import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.contracts.source import SourceContract
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline.corrections import Key, corrections
from mediflow_assets.pipeline.counting import kinds_of, records_by_delivery
from mediflow_assets.pipeline.offset_ranges import of_deliveries
from mediflow_assets.pipeline.pending import Pending
from mediflow_assets.pipeline.record_numbers import asks_for_numbers
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.sources.source import Source
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.identifiers import has_other_letters, normalised
from mediflow_assets.transforms.joins import with_few

_KEY = ["_delivery_id", "_record_number"]
_PROVENANCE = {column.name for column in bronze.PROVENANCE}


def arrived(context: RunContext, source: Source, pending: Pending, target: TableContract) -> DataFrame | None:
    """Records of one source; None where there are none."""
    bronze_table = source.contract.table
    deliveries, keys = pending.deliveries.get(bronze_table.name, ()), pending.again.get(bronze_table.name, frozenset())
    table = context.tables.read(bronze_table)
    if kinds := kinds_of(bronze_table, target):
        table = table.where(F.col(kinds[0]).isin(kinds[1]))
        # where records tell whose others are, those of another kind matter as well
        is_alone = deliveries and not keys and not asks_for_numbers(context, source.contract)
        if is_alone and not _any_of_kind(context, bronze_table, target, deliveries):
            return None
    parts = []
    if deliveries:
        parts.append(table.where(of_deliveries(deliveries, pending.offset_ranges)))
    if keys:
        parts.append(_of_keys(context, table, keys))
    if not parts:
        return None
    records = _without_discarded(context, reduce(DataFrame.unionByName, parts), target)
    if source.unpack:
        records = source.unpack(records)
    return _with_one_spelling(source.contract, _corrected(context, records))


def _any_of_kind(
    context: RunContext, source: TableContract, target: TableContract, deliveries: Collection[str]
) -> bool:
    """Whether deliveries hold records of the kind that a target is made from: where none does, no engine plans it."""
    return bool(records_by_delivery(context.lake, source, target, deliveries=deliveries))


def _with_one_spelling(source: SourceContract, records: DataFrame) -> DataFrame:
    """The records, their identifiers normalised where one holds more than ASCII (else SQL alone does it)."""
    names = source.identifiers
    if not names:
        return records
    with storage_errors(f"{source.table.name} identifiers"):
        is_plain = not records.where(has_other_letters(names)).limit(1).count()
    return records if is_plain else normalised(records, names)


def _of_keys(context: RunContext, table: DataFrame, keys: frozenset[Key]) -> DataFrame:
    deliveries = sorted({delivery for delivery, _ in keys})
    rows = table.where(F.col("_delivery_id").isin(deliveries))
    return rows.join(_keys_frame(context, keys), _KEY, "left_semi")


def _without_discarded(context: RunContext, records: DataFrame, target: TableContract) -> DataFrame:
    """The records but those that people gave up: they stay in quarantine whatever their rules have become."""
    rows = context.lake.read(silver.QUARANTINE, ["target_table", "status", *_KEY])
    given_up = rows.filter((pc.field("target_table") == target.name) & (pc.field("status") == "discarded"))
    if not given_up.num_rows:
        return records
    keys = zip(*(given_up[name].to_pylist() for name in _KEY), strict=True)
    return records.join(_keys_frame(context, keys), _KEY, "left_anti")


def _corrected(context: RunContext, records: DataFrame) -> DataFrame:
    """The records with their corrections laid over; most lakes have none, and then nothing is joined."""
    if not context.lake.rows(bronze.CORRECTIONS):
        return records
    patches = [
        (delivery, number, json.dumps(fields)) for (delivery, number), fields in corrections(context.lake).items()
    ]
    if not patches:
        return records
    frame = context.tables.session().createDataFrame(patches, "_for_delivery string, _for_record bigint, _patch string")
    is_of = (F.col("_delivery_id") == F.col("_for_delivery")) & (F.col("_record_number") == F.col("_for_record"))
    patched = {
        name: F.coalesce(F.get_json_object("_patch", f"$.{name}"), F.col(name))
        for name in records.columns
        if name not in _PROVENANCE
    }
    return with_few(records, frame, is_of).withColumns(patched).drop("_for_delivery", "_for_record", "_patch")


def _keys_frame(context: RunContext, keys: Iterable[Key]) -> DataFrame:
    return context.tables.session().createDataFrame(sorted(keys), "_delivery_id string, _record_number bigint")
