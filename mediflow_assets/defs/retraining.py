"""The sensor that trains again: on drift, or when enough outcomes are known that the champions have not seen."""

import datetime as dt

import dagster as dg
import pyarrow.compute as pc

from mediflow_assets.contracts import gold, models
from mediflow_assets.defs import jobs
from mediflow_assets.settings import Settings
from mediflow_assets.storage.delta import Lake

NEW_LABELS = 0.2
"""A fifth more outcomes than at the last training."""
REST_HOURS = 24
"""Between two trainings: drift that training does not end would else train without end."""


def build_retraining_sensor(settings: Settings) -> dg.SensorDefinition:
    """The sensor of a home."""

    @dg.sensor(
        name="retraining_sensor",
        job=jobs.train,
        minimum_interval_seconds=300,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts train on drift of a champion's inputs or a fifth more outcomes, at most once a day.",
    )
    def retraining_sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        now = dt.datetime.now(dt.UTC)
        reason = why_train(Lake(settings.lake_root), context.cursor, now)
        if reason is None:
            return dg.SkipReason("The champions fit what arrives, or were trained within a day.")
        context.update_cursor(now.isoformat())
        return dg.RunRequest(tags={"mediflow/because": reason})

    return retraining_sensor


def why_train(lake: Lake, asked_at: str | None, now: dt.datetime) -> str | None:
    """`drift`, `outcomes`, or None. Nothing before the first training: that is a person's to begin."""
    trainings = lake.read(models.MODEL_METRICS, ["trained_at", "run_id"])
    if not len(trainings):
        return None
    last = pc.max(trainings["trained_at"]).as_py()
    asked = dt.datetime.fromisoformat(asked_at) if asked_at else last
    if now - max(last, asked) < dt.timedelta(hours=REST_HOURS):
        return None
    if pc.any(lake.read(models.DRIFT, ["has_drifted"])["has_drifted"]).as_py():
        return "drift"
    known = lake.read(gold.READMISSIONS, ["is_readmitted", "discharged_at"])
    known = known.filter(pc.is_valid(known["is_readmitted"]))
    rows = len(known)
    # a stay's outcome is known thirty days after it
    before = pc.sum(pc.less(known["discharged_at"], last - dt.timedelta(days=30))).as_py() or 0
    return "outcomes" if rows - before > NEW_LABELS * max(before, 1) else None
