"""The sensor of the topic: starts a refresh for what the broker, or the service, has brought."""

import time
from collections.abc import Callable

import dagster as dg

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.events import ENCOUNTER_EVENTS
from mediflow_assets.contracts.hl7 import HL7_EVENTS
from mediflow_assets.defs import jobs
from mediflow_assets.defs.assets.streaming import config_of
from mediflow_assets.defs.planning import Planned, planned
from mediflow_assets.errors import MediFlowError
from mediflow_assets.pipeline.offset_ranges import unvalidated
from mediflow_assets.settings import Settings
from mediflow_assets.storage.delta import Lake
from mediflow_assets.streaming.topic_landing import BATCH, OFF, Topic, waiting

REST_SECONDS = 60
LANDING_JOBS = {job.name for job in (jobs.refresh, jobs.replay, jobs.rebuild)}
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def build_stream_sensor(settings: Settings) -> dg.SensorDefinition:
    """The sensor of a home."""

    @dg.sensor(
        name="encounter_events_sensor",
        job_name=jobs.refresh.name,
        minimum_interval_seconds=settings.stream_interval_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts refresh for offsets that are not landed or, in continuous landing, for rows not validated.",
    )
    def encounter_events_sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if settings.landing == OFF:
            return dg.SkipReason("Landing is off: MEDIFLOW_LANDING is not set.")
        # the table is the only progress: no cursor, and no run key, for that of a failed run is never launched again
        if any(map(_lands, context.instance.get_runs(dg.RunsFilter(statuses=UNFINISHED)))):
            return dg.SkipReason("A run that lands the topic is on its way.")
        if _failed_lately(context.instance):
            return dg.SkipReason(f"The last refresh failed: it is tried again {REST_SECONDS} s after it.")
        try:
            return requested(settings, lambda: planned(context.instance, settings))
        except MediFlowError as error:
            return dg.SkipReason(str(error))

    return encounter_events_sensor


def _lands(run: dg.DagsterRun) -> bool:
    """Whether the topic is among what a run materialises: a job's whole, or what somebody chose in the UI."""
    if run.asset_selection:
        return dg.AssetKey(list(ENCOUNTER_EVENTS.key)) in run.asset_selection
    return run.job_name in LANDING_JOBS


def _failed_lately(instance: dg.DagsterInstance) -> bool:
    """Whether the last refresh failed just now: what failed for its data would else fail without end."""
    records = instance.get_run_records(dg.RunsFilter(job_name=jobs.refresh.name), limit=1)
    if not records or records[0].dagster_run.status is not dg.DagsterRunStatus.FAILURE:
        return False
    return time.time() - records[0].update_timestamp.timestamp() < REST_SECONDS


def requested(settings: Settings, plan: Callable[[], Planned] = Planned) -> dg.RunRequest | dg.SkipReason:
    """What there is to do, as a run that plans no more than it has to. Raises BrokerUnreachable, OffsetsLost."""
    lake = Lake(settings.lake_root)
    if settings.landing != BATCH:
        new = {
            k: n for of in (ENCOUNTER_EVENTS, HL7_EVENTS) for k, n in unvalidated(lake, silver.ENCOUNTERS, of).items()
        }
        if not new:
            return dg.SkipReason("Silver has validated all that the service landed.")
        return plan().request({"mediflow/events": str(sum(last - after for after, last in new.values()))})
    ranges = waiting(lake, Topic.of(settings))
    if not ranges:
        return dg.SkipReason("The table has all that the broker has.")
    return plan().request({"mediflow/events": str(sum(map(len, ranges)))}, config_of(ranges))
