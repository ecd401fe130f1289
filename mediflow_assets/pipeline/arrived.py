"""The Bronze records a Silver table has to validate, with the corrections made to them laid over."""

import json
from collections.abc import Iterable
from functools import reduce

import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.contracts.events import ENCOUNTER_EVENTS
from mediflow_assets.contracts.identifiers import COLUMNS
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline.corrections import Key, corrections
from mediflow_assets.pipeline.offset_ranges import in_offset_ranges
from mediflow_assets.pipeline.pending import Pending
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms import events
from mediflow_assets.transforms.identifiers import has_other_letters, normalised
from mediflow_assets.transforms.joins import with_few

_KEY = ["_delivery_id", "_record_number"]
_PROVENANCE = {column.name for column in bronze.PROVENANCE}


def arrived(context: RunContext, source: TableContract, pending: Pending, target: TableContract) -> DataFrame | None:
    """Records of one Bronze table; None where there are none."""
    deliveries, keys = pending.deliveries.get(source.name, ()), pending.again.get(source.name, frozenset())
    table = context.tables.read(source)
    if source is bronze.FHIR_RESOURCES:
        table = table.where(F.col("resource_type") == bronze.FHIR_TYPES[target.name])
    parts = []
    if source is ENCOUNTER_EVENTS and deliveries:
        parts.append(table.where(in_offset_ranges(pending.offset_ranges)))
    elif deliveries:
        parts.append(table.where(F.col("_delivery_id").isin(list(deliveries))))
    if keys:
        parts.append(_of_keys(context, table, keys))
    if not parts:
        return None
    records = _without_discarded(context, reduce(DataFrame.unionByName, parts), target)
    if source is ENCOUNTER_EVENTS:
        records = events.as_records(records)
    return _with_one_spelling(source, _corrected(context, records))


def _with_one_spelling(source: TableContract, records: DataFrame) -> DataFrame:
    """The records, their identifiers normalised where one holds more than ASCII (else SQL alone does it)."""
    names = COLUMNS.get(source.name, ())
    if not names:
        return records
    with storage_errors(f"{source.name} identifiers"):
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
