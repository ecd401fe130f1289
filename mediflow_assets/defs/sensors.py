"""Sensors: files in the inbox start `refresh`; failures and stale Gold tables are posted to a webhook."""

import datetime as dt
import json
import urllib.request

import dagster as dg

from mediflow_assets.contracts import gold
from mediflow_assets.defs import jobs
from mediflow_assets.defs.bucket import in_bucket
from mediflow_assets.defs.planning import planned
from mediflow_assets.settings import Settings
from mediflow_assets.sources import Feeds

FRESH_HOURS = 24
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


def build_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """The sensors of a home."""
    return [_inbox_sensor(settings), _failure_sensor(settings), _stale_sensor(settings)]


def _inbox_sensor(settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        name="inbox_sensor",
        job_name=jobs.refresh.name,
        minimum_interval_seconds=5,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts refresh when the inbox holds files and no refresh is on its way.",
    )
    def inbox_sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        inbox = settings.open_inbox(Feeds())
        files = len(inbox.dropping.at_rest()) + len(inbox.waiting()) + in_bucket(settings.inbox_uri)
        if not files:
            unfinished = len(inbox.dropped())
            return dg.SkipReason(f"{unfinished} files are not at rest yet." if unfinished else "The inbox is empty.")
        # the inbox is the only progress: no run key, for the key of a failed run is never launched again
        filters = dg.RunsFilter(job_name=jobs.refresh.name, statuses=_UNFINISHED)
        if context.instance.get_runs(filters, limit=1):
            return dg.SkipReason("A refresh is on its way.")
        return planned(context.instance, settings).request({"mediflow/files": str(files)})

    return inbox_sensor


def _failure_sensor(settings: Settings) -> dg.SensorDefinition:
    @dg.run_failure_sensor(
        name="failure_webhook",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Posts to MEDIFLOW_ALERT_WEBHOOK which job and steps of a run failed.",
    )
    def failure_webhook(context: dg.RunFailureSensorContext) -> None:
        """Posts which job and steps failed, and no message: messages are for the run's own page."""
        if settings.alert_webhook:
            steps = sorted(event.step_key or "" for event in context.get_step_failure_events())
            run = context.dagster_run
            post(
                settings.alert_webhook,
                {"event": "failure", "job": run.job_name, "run": run.run_id, "steps": steps},
            )

    return failure_webhook


def _stale_sensor(settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        name="stale_webhook",
        minimum_interval_seconds=600,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Posts to MEDIFLOW_ALERT_WEBHOOK, once a day, which Gold tables were not made for 24 hours.",
    )
    def stale_webhook(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        now = dt.datetime.now(dt.UTC)
        stale = stale_tables(context.instance, now)
        if not settings.alert_webhook or not stale or context.cursor == now.date().isoformat():
            return dg.SkipReason(f"{len(stale)} stale tables.")
        post(settings.alert_webhook, {"event": "stale", "tables": stale, "hours": FRESH_HOURS})
        context.update_cursor(now.date().isoformat())
        return dg.SkipReason(f"{len(stale)} stale tables were posted.")

    return stale_webhook


def stale_tables(instance: dg.DagsterInstance, now: dt.datetime) -> list[str]:
    """Gold tables whose last materialisation is more than 24 hours old."""
    stale = []
    for contract in gold.TABLES:
        event = instance.get_latest_materialization_event(dg.AssetKey(list(contract.key)))
        if event is not None and now.timestamp() - event.timestamp > FRESH_HOURS * 3600:
            stale.append(contract.name)
    return stale


def post(url: str, body: dict[str, object]) -> None:
    """POST a JSON body. Raises OSError where nobody answers within ten seconds."""
    if not url.startswith(("http://", "https://")):
        raise OSError("The webhook is no address of http or https.")
    request = urllib.request.Request(  # noqa: S310
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
