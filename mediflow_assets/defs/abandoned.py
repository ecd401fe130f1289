"""Runs whose process died with nobody to tell: marked as failed, or nothing would be started ever again."""

import json

import dagster as dg

from mediflow_assets.settings import Settings
from mediflow_assets.storage.lease import held_by

LOOK_SECONDS = 30
_SAYS = "The process of this run ended before the run did."


def build_abandoned_sensor(settings: Settings) -> dg.SensorDefinition:
    """The sensor of a home."""

    @dg.sensor(
        name="abandoned_runs",
        minimum_interval_seconds=LOOK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Marks a run as failed whose process died: started, with nobody holding the lake, twice in a row.",
    )
    def abandoned_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        seen = set(json.loads(context.cursor or "[]"))
        # the lease first: a run that takes it meanwhile is not looked at
        is_free = held_by(settings.lock) is None
        started = context.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])) if is_free else []
        dead = [run for run in started if run.run_id in seen]
        for run in dead:
            context.instance.report_run_failed(run, _SAYS)
        # a run waits no longer than a moment for a lake that is free, and ends soon after it let go of it
        context.update_cursor(json.dumps(sorted({run.run_id for run in started} - {run.run_id for run in dead})))
        return dg.SkipReason(f"{len(dead)} abandoned runs.")

    return abandoned_runs
