"""Jobs: `refresh` is the one path everything takes; `rebuild` starts it over from Bronze; `maintain` tidies."""

from typing import Any

import dagster as dg

from mediflow_assets.defs.resources import LakehouseResource
from mediflow_assets.steps.rebuild import forget_verdicts
from mediflow_assets.storage.errors import storage_errors

TABLES = dg.AssetSelection.groups("bronze", "silver", "gold", "masked")

refresh = dg.define_asset_job("refresh", TABLES, description="Bronze and everything below it.")
replay = dg.define_asset_job("replay", TABLES, description="As refresh, judging open quarantined records again.")


@dg.op
def forget(lakehouse: LakehouseResource) -> None:
    """Empty Silver, so that the next refresh judges every Bronze record anew."""
    with storage_errors("rebuild"):
        forget_verdicts(lakehouse.bench.lake)


@dg.op
def tidy(context: dg.OpExecutionContext, lakehouse: LakehouseResource) -> None:
    """Compact small files, remove old versions."""
    from mediflow_assets.storage.maintenance import maintain

    with storage_errors("maintain"):
        maintain(lakehouse.bench.lake, lakehouse.settings.keep_versions_hours)
    context.log.info("the lake is tidy")


@dg.job(description="Empty Silver; the refresh that follows computes all of it again from Bronze.")
def rebuild() -> None:
    """Forget every verdict."""
    forget()


@dg.job(name="maintain", description="Compact and vacuum every table.")
def maintain_job() -> None:
    """Tidy the lake."""
    tidy()


ALL: list[Any] = [refresh, replay, rebuild, maintain_job]
SCHEDULES = [
    dg.ScheduleDefinition(
        name="daily_refresh",
        job=refresh,
        cron_schedule="0 5 * * *",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    ),
    dg.ScheduleDefinition(
        name="weekly_maintenance",
        job=maintain_job,
        cron_schedule="0 3 * * 0",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    ),
]
