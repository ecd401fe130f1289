"""What holds between events: a discharge waits for its admission, and an event that was sent twice counts once."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import reduce

import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.events import AFTER_ADMISSION
from mediflow_assets.contracts.source import SourceContract
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline.corrections import Key
from mediflow_assets.pipeline.delivery_results import SOURCE
from mediflow_assets.pipeline.offset_ranges import in_offset_ranges, validated_through
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.events import EVENT_ID, EVENT_TYPE
from mediflow_assets.transforms.joins import with_few
from mediflow_assets.transforms.validation import AWAITS, NOT_ADMITTED, REASONS, SPEAKS, is_accepted, is_waiting

_KEY = ["_delivery_id", "_record_number"]
_ORDER = ("_ingested_at", "_record_number", "_delivery_id")
_ENCOUNTER = ["id_namespace", "encounter_id"]


@dataclass(frozen=True)
class Settled:
    """The validated records, and of the accepted ones those that are sent for the first time."""

    validated: DataFrame
    accepted: DataFrame
    duplicates: int = 0


def union(frames: Iterable[DataFrame], sources: Collection[SourceContract]) -> DataFrame:
    """The records of several sources, with the columns that only events, or only parts of encounters, have if one of
    the sources tells of these."""
    frames = list(frames)
    if any(source.event_id for source in sources):
        frames = list(map(_with_event_columns, frames))
    for flag in (AWAITS, SPEAKS):
        if any(flag in frame.columns for frame in frames):
            frames = [frame if flag in frame.columns else frame.withColumn(flag, F.lit(False)) for frame in frames]
    return reduce(DataFrame.unionByName, frames)


def _with_event_columns(frame: DataFrame) -> DataFrame:
    absent = {name: F.lit(None).cast("string") for name in (EVENT_ID, EVENT_TYPE) if name not in frame.columns}
    return frame.withColumns(absent) if absent else frame


def settle_events(
    context: RunContext, target: TableContract, validated: DataFrame, sources: Iterable[SourceContract]
) -> Settled:
    """Have late comers wait, and leave out what was sent before."""
    told = [source for source in sources if source.event_id]
    if not told:
        return Settled(validated, validated.where(is_accepted()))
    with storage_errors(f"{target.name} events"):
        if target is silver.ENCOUNTERS:
            validated = _with_waiting(context, validated)
        accepted = validated.where(is_accepted())
        repeated = {key for source in told for key in _repeated(context, target, accepted, source)}
    if not repeated:
        return Settled(validated, accepted)
    return Settled(validated, accepted.join(_keys(context, repeated), _KEY, "left_anti"), len(repeated))


def _with_waiting(context: RunContext, validated: DataFrame) -> DataFrame:
    """Discharges and cancellations of encounters that neither Silver has nor another record tells of."""
    is_after = F.coalesce(F.col(EVENT_TYPE).isin(list(AFTER_ADMISSION)), F.lit(False))
    after = validated.where(is_after & (is_accepted() | is_waiting())).select(*_KEY, *_ENCOUNTER)
    begun = validated.where(is_accepted() & ~is_after).select(*_ENCOUNTER).distinct()
    unknown = after.join(begun, _ENCOUNTER, "left_anti")
    stored = context.tables.read(silver.ENCOUNTERS).select(*_ENCOUNTER)
    # the few on the left, as in transforms.joins
    known = unknown.select(*_ENCOUNTER).distinct().join(stored, _ENCOUNTER, "left_semi")
    rows = unknown.join(known, _ENCOUNTER, "left_anti").select(*_KEY).collect()
    if not rows:
        return validated
    keys = _keys(context, [(row[0], row[1]) for row in rows]).toDF("_of_delivery", "_of_record")
    is_of = (F.col("_delivery_id") == F.col("_of_delivery")) & (F.col("_record_number") == F.col("_of_record"))
    awaited = F.concat(F.col(REASONS), F.array(F.lit(NOT_ADMITTED)))
    reasons = F.when(F.col("_of_delivery").isNotNull(), awaited).otherwise(F.col(REASONS))
    marked = with_few(validated, keys, is_of).withColumn(REASONS, reasons)
    return marked.select(*validated.columns)


def _repeated(context: RunContext, target: TableContract, accepted: DataFrame, source: SourceContract) -> list[Key]:
    """Accepted records of events of which another record was accepted before: its first one counts."""
    is_mine = (F.col(SOURCE) == source.table.name) & F.col(EVENT_ID).isNotNull()
    mine = accepted.where(is_mine).select(EVENT_ID, F.struct(*_ORDER).alias("_place"), *_KEY)
    several = mine.groupBy(EVENT_ID).agg(F.min("_place").alias("_first"), F.count(F.lit(1)).alias("_times"))
    several = several.where(F.col("_times") > 1)
    again = several.join(mine, EVENT_ID).where(F.col("_place") != F.col("_first")).select(*_KEY)
    # what has landed since the run began is not validated either, and must not count as the first of the two
    validated = {delivery: (-1, through) for delivery, through in validated_through(context.lake, target).items()}
    event_id = F.col(source.event_id or "")
    earlier = context.tables.read(source.table).where(in_offset_ranges(validated) & event_id.isNotNull())
    held = _held(context, target, source)
    before = earlier.select(event_id.alias(EVENT_ID), *_KEY)
    if held:
        before = before.join(_keys(context, held), _KEY, "left_anti")
    sent_before = mine.select(EVENT_ID).distinct().join(before.select(EVENT_ID), EVENT_ID, "left_semi")
    rows = again.unionByName(sent_before.join(mine, EVENT_ID).select(*_KEY)).distinct().collect()
    return [(row[0], row[1]) for row in rows]


def _held(context: RunContext, target: TableContract, source: SourceContract) -> list[Key]:
    columns = ["target_table", "source", "status", *_KEY]
    is_mine = (pc.field("target_table") == target.name) & (pc.field("source") == source.table.name)
    rows = context.lake.read(silver.QUARANTINE, columns).filter(is_mine & (pc.field("status") != "replayed"))
    return list(zip(*(rows[name].to_pylist() for name in _KEY), strict=True))


def _keys(context: RunContext, keys: Iterable[Key]) -> DataFrame:
    return context.tables.session().createDataFrame(sorted(keys), "_delivery_id string, _record_number bigint")
