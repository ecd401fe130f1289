"""The sensor that trains again: on drift, or when enough outcomes are known that the champions have not seen."""

import datetime as dt

import dagster as dg
import pyarrow.compute as pc

from mediflow_assets.contracts import models
from mediflow_assets.contracts.model import LateLabel
from mediflow_assets.contracts.served import MODELS
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
    labels = [model.late_label for model in MODELS.values() if model.late_label]
    return "outcomes" if any(_has_news(lake, label, last) for label in labels) else None


def _has_news(lake: Lake, label: LateLabel, last: dt.datetime) -> bool:
    """Whether enough outcomes became known since the last training."""
    known = lake.read(label.table, [label.column, label.time])
    known = known.filter(pc.is_valid(known[label.column]))
    before = pc.sum(pc.less(known[label.time], last - dt.timedelta(days=label.days))).as_py() or 0
    return len(known) - before > NEW_LABELS * max(before, 1)
