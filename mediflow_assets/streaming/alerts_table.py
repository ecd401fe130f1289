"""`gold/stream_alerts`: of the run, the events that landed since the last time; of the service, its own alerts."""

import datetime as dt
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import gold, hl7
from mediflow_assets.contracts.events import ENCOUNTER_EVENTS, IN_RUN, SOURCE, STREAM_ALERTS, partition_of
from mediflow_assets.pipeline import change, checks, landed_offsets
from mediflow_assets.pipeline.offset_ranges import OffsetRanges, in_offset_ranges
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.pipeline.step_result import StepResult
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.storage.schemas import arrow_schema
from mediflow_assets.storage.tables import conform
from mediflow_assets.streaming import figures
from mediflow_assets.streaming.hl7_alerts import CHECKED, Unjudged, begin, ranges_unjudged, unjudged
from mediflow_assets.transforms import alerts, events
from mediflow_assets.transforms.feeds import FeedReader

_SCHEMA = arrow_schema(STREAM_ALERTS)


def make(context: RunContext, topic: str, is_judged_elsewhere: bool) -> StepResult:
    """Validate what landed since the last time; where the service validates, of events only take note of how far they
    landed. The service does not read HL7."""
    lake = context.lake
    lake.ensure(STREAM_ALERTS)
    begin(lake)
    change.hold_key(lake, STREAM_ALERTS, context.key.key_id)
    offset_ranges = ranges_unjudged(lake, topic, ENCOUNTER_EVENTS)
    through = {partition_of(delivery)[1]: last for delivery, (_, last) in offset_ranges.items()}
    found = _validated(context, offset_ranges) if offset_ranges and not is_judged_elsewhere else _SCHEMA.empty_table()
    if offset_ranges:
        landed_offsets.append(lake, STREAM_ALERTS, _new(lake, found), topic, through)
    of_hl7 = list(unjudged(lake, topic))
    for messages in of_hl7:
        rows = _validated_hl7(context, messages)
        messages.commit(lake, _new(lake, rows))
        found = pa.concat_tables([found, rows])
    if not offset_ranges and not of_hl7 and _is_checked(lake):
        return StepResult(STREAM_ALERTS, lake.rows(STREAM_ALERTS), lake.version(STREAM_ALERTS), is_unchanged=True)
    waits = pc.subtract(found["alerted_at"], found["received_at"]).cast(pa.int64()).to_pylist()
    results = checks.check_table(context, STREAM_ALERTS)
    checks.record(context, STREAM_ALERTS, results)
    told = {"alerts": len(found)} | figures.percentiles([wait // 1000 for wait in waits])
    made = StepResult(STREAM_ALERTS, results[0].rows, results[0].version, checks=results, figures=told)
    if not made.has_failed:
        lake.set_properties(STREAM_ALERTS, **{CHECKED: results[0].rows})
    return made


def take_in(lake: Lake, rows: Iterable[pa.RecordBatch], topic: str, through: dict[int, int]) -> int:
    """Append alerts of the service's own topic, each once; returns how many were new."""
    arrived = pa.Table.from_batches(list(rows), schema=_SCHEMA)
    new = _new(lake, arrived)
    landed_offsets.append(lake, STREAM_ALERTS, new, topic, through)
    return len(new)


def _is_checked(lake: Lake) -> bool:
    return bool(lake.property_of(STREAM_ALERTS, CHECKED) == lake.rows(STREAM_ALERTS))


def _validated(context: RunContext, offset_ranges: OffsetRanges) -> pa.Table:
    messages = context.tables.read(ENCOUNTER_EVENTS).where(in_offset_ranges(offset_ranges))
    reader = FeedReader((), context.feeds.namespaces, context.feeds.zone_of(SOURCE.system))
    return _told(context, alerts.validated(events.as_records(messages), reader))


def _validated_hl7(context: RunContext, messages: Unjudged) -> pa.Table:
    feeds, system = context.feeds, hl7.SOURCE.system
    told = feeds.zone_of(system), feeds.values_of(system), feeds.authorities_of(system)
    return _told(context, alerts.validated_hl7(messages.read(context), FeedReader((), feeds.namespaces, *told)))


def _told(context: RunContext, validated: DataFrame) -> pa.Table:
    """The alerts of validated events."""
    baselines = context.tables.read(gold.COST_BASELINES)
    version = context.lake.version(gold.COST_BASELINES)
    departments = pc.unique(context.lake.read(gold.COST_BASELINES, ["department"])["department"]).to_pylist()
    with storage_errors(f"{STREAM_ALERTS.name} judging"):
        # a filter over what is validated in the same plan is planned for seconds
        shaped = context.tables.stage(STREAM_ALERTS, validated)
        found = alerts.alerts_of(shaped, baselines, departments, context.hmac_pads)
        told = found.withColumns(
            {
                "baseline_version": F.lit(version).cast("bigint"),
                "alerted_at": F.lit(dt.datetime.now(dt.UTC)),
                "mode": F.lit(IN_RUN),
            }
        )
        rows = conform(told, STREAM_ALERTS).toArrow()
        context.tables.unstage(STREAM_ALERTS)
    return _first_of_each(rows.cast(_SCHEMA))


def _new(lake: Lake, rows: pa.Table) -> pa.Table:
    """The alerts that the table has not: an event that is sent, or validated, twice alerts once."""
    rows = _first_of_each(rows)
    if not len(rows):
        return rows
    ids = pa.array(rows["alert_id"].to_pylist())
    known = lake.read(STREAM_ALERTS, ["alert_id"], pc.field("alert_id").isin(ids))["alert_id"]
    return rows.filter(pc.invert(pc.is_in(rows["alert_id"], known.combine_chunks())))


def _first_of_each(rows: pa.Table) -> pa.Table:
    ordered = rows.sort_by([("received_at", "ascending"), ("alert_id", "ascending")])
    places: dict[str, int] = {}
    for place, id_ in enumerate(ordered["alert_id"].to_pylist()):
        places.setdefault(id_, place)
    return ordered.take(pa.array(list(places.values()), pa.int64()))
