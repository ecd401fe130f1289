"""Jobs: `refresh` is the one path everything takes; `rebuild` validates all of Bronze again; `maintain` tidies."""

from collections.abc import Iterable
from typing import Any

import dagster as dg

from mediflow_assets.contracts import TABLES as TABLES_BY_NAME
from mediflow_assets.contracts import assurance
from mediflow_assets.contracts.omop import ZONE
from mediflow_assets.contracts.table import Audience
from mediflow_assets.defs.assets.silver import SILVER_STEPS
from mediflow_assets.defs.resources import LakehouseResource
from mediflow_assets.pipeline.damage import REBUILD, naming_damage
from mediflow_assets.storage.errors import storage_errors

TABLES = dg.AssetSelection.groups("bronze", "silver", "gold", "masked")
OMOP = dg.AssetSelection.groups(ZONE)
"""Made by choice: in every job of tables, or where they are asked for."""

refresh = dg.define_asset_job(
    "refresh", TABLES, description="Lands what has arrived, and brings every table below Bronze up to date."
)
replay = dg.define_asset_job(
    "replay",
    TABLES,
    description="As refresh, and validates open quarantined records again: all of them, unless the config says which.",
    config={"ops": {step: {"config": {"replay": True}} for step in SILVER_STEPS}},
)
rebuild = dg.define_asset_job(
    REBUILD,
    TABLES,
    description="As refresh, and validates every Bronze record again. Discarded records stay discarded.",
)
ASSURANCE = tuple(table.name for table in assurance.TABLES)
"""What every job that writes an open table ends with: how closely it shows anybody, and the leak scan."""
AFTER_TRAINING = ("gold/risk_scores", "masked/risk_scores", "gold/drift", *ASSURANCE)
train = dg.define_asset_job(
    "train",
    dg.AssetSelection.groups("models") | dg.AssetSelection.assets(*AFTER_TRAINING),
    description="Trains both models, puts them through the gate, scores with the champions, and checks privacy.",
)


def assured(names: Iterable[str]) -> set[str]:
    """A choice of assets by hand: with what has to follow a training, or an open table, in whatever job."""
    chosen = set(names)
    if any(name not in TABLES_BY_NAME for name in chosen):
        return chosen | set(AFTER_TRAINING)
    tables = [TABLES_BY_NAME[name] for name in chosen - set(ASSURANCE)]
    is_open = any(table.audience is Audience.ANALYST or table.key[0] == ZONE for table in tables)
    return chosen | set(ASSURANCE if is_open else ())


@dg.op
def tidy(context: dg.OpExecutionContext, lakehouse: LakehouseResource) -> None:
    """Hold Silver's checks against all of its rows, compact small files, remove old versions."""
    from mediflow_assets.ingest.event_lease import events_asked_for
    from mediflow_assets.pipeline import counts
    from mediflow_assets.storage.maintenance import maintain

    counts.require_as_counted(lakehouse.context)
    with storage_errors("maintain"), events_asked_for(lakehouse.settings.root, "maintain"):
        maintain(lakehouse.context.lake, lakehouse.settings.keep_versions_hours)
    context.log.info("the lake is tidy")


@dg.job(
    name="maintain",
    description="Confirms the checks of Silver, joins small files, and removes old versions.",
)
def maintain_job() -> None:
    """Tidy the lake."""
    tidy()


@dg.op
def look_for_leaks(context: dg.OpExecutionContext, lakehouse: LakehouseResource) -> None:
    """Look for identifiers in everything, and fail where one is found."""
    from mediflow_assets.contracts import assurance
    from mediflow_assets.pipeline import checks
    from mediflow_assets.privacy import leak_scan

    with naming_damage(lakehouse.context.lake, "leak scan"):
        made = leak_scan.make(lakehouse.context, lakehouse.settings.root, leak_scan.FULL)
    context.log.info(", ".join(f"{name}: {figure}" for name, figure in made.figures.items()))
    checks.require(assurance.LEAK_SCANS, made.checks)


@dg.job(
    name="leak_scan", description="Looks for identifiers in every file that people without a right to them may open."
)
def leak_scan_job() -> None:
    """Look for leaks in everything."""
    look_for_leaks()


_OF_TABLES = (refresh, replay, rebuild)
ALL: list[Any] = [refresh, replay, rebuild, train, maintain_job, leak_scan_job]


def all_of(is_omop_made: bool) -> list[Any]:
    """Every job; those that bring the tables up to date make the OMOP tables too where these are wanted."""
    return [_with_omop(job) if is_omop_made and job in _OF_TABLES else job for job in ALL]


def _with_omop(job: Any) -> Any:
    return dg.define_asset_job(job.name, TABLES | OMOP, description=job.description, config=job.config)


SCHEDULES = [
    dg.ScheduleDefinition(
        name="daily_refresh",
        job_name=refresh.name,
        cron_schedule="0 5 * * *",
        description="So that a day without deliveries is seen, and what waits in the inbox is taken.",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    ),
    dg.ScheduleDefinition(
        name="weekly_training",
        job=train,
        cron_schedule="0 4 * * 0",
        description="So that the models learn what became known in the week.",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    ),
    dg.ScheduleDefinition(
        name="weekly_maintenance",
        job=maintain_job,
        cron_schedule="0 3 * * 0",
        description="So that tables stay quick to read, and old versions do not fill the disk.",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    ),
    dg.ScheduleDefinition(
        name="weekly_leak_scan",
        job=leak_scan_job,
        cron_schedule="0 2 * * 6",
        description="Looks through everything; the scan at the end of a run looks at what the run wrote.",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    ),
]
