"""The code location: `defs` is what Dagster loads, `build_defs` makes it for any settings."""

import datetime as dt
from functools import partial
from typing import Any

import dagster as dg

from mediflow_assets.contracts.omop import ZONE
from mediflow_assets.defs import (
    event_storage,  # noqa: F401  (sets how its databases are written)
    jobs,
)
from mediflow_assets.defs.abandoned import build_abandoned_sensor
from mediflow_assets.defs.assets import graph, models
from mediflow_assets.defs.resources import EngineResource, LakehouseResource
from mediflow_assets.defs.retraining import build_retraining_sensor
from mediflow_assets.defs.run_tags import LEFT_OUT
from mediflow_assets.defs.sensors import FRESH_HOURS, build_sensors
from mediflow_assets.defs.stream_sensor import build_stream_sensor
from mediflow_assets.modes import close_to_others
from mediflow_assets.settings import Settings

OWNER = "team:data-platform"


def _with_policy(spec: dg.AssetSpec, is_omop_made: bool) -> dg.AssetSpec:
    """Owners, freshness and automation, in this one place for every table. OMOP tables that nobody wants are made by
    no daemon, and hold nothing back that looks at them."""
    zone = spec.key.path[0]
    freshness = dg.FreshnessPolicy.time_window(
        fail_window=dt.timedelta(hours=FRESH_HOURS), warn_window=dt.timedelta(hours=FRESH_HOURS - 4)
    )
    # what a refresh left out it could not have changed
    news = dg.AutomationCondition.newly_updated() & ~dg.AutomationCondition.executed_with_root_target()
    told = news & ~dg.AutomationCondition.all_new_updates_have_run_tags(tag_keys={LEFT_OUT})
    automatic = (
        dg.AutomationCondition.eager().replace("newly_updated_without_root", told)
        & dg.AutomationCondition.all_deps_blocking_checks_passed()
    )
    spec = spec.replace_attributes(owners=[OWNER])
    if not is_omop_made:
        automatic = automatic.ignore(jobs.OMOP)
    if zone == ZONE and not is_omop_made:
        return spec
    if zone == "gold":
        spec = spec.replace_attributes(freshness_policy=freshness)
    return spec if zone == "bronze" else spec.replace_attributes(automation_condition=automatic)


def _owned(spec: dg.AssetSpec) -> dg.AssetSpec:
    return spec.replace_attributes(owners=[OWNER])


def build_defs(settings: Settings | None = None, publishes: bool = False, **resources: Any) -> dg.Definitions:
    """The definitions of one home; `resources` stand in for the ones of the same name. A run of them `publishes` masked
    tables only when their period has closed, unless told otherwise."""
    settings = settings or Settings()
    engine = EngineResource(remote=settings.spark_remote, memory=settings.memory_bytes)
    lakehouse = LakehouseResource(
        home=str(settings.root),
        engine=engine,
        lease_wait_seconds=settings.lease_wait_seconds,
        publishes=publishes,
    )
    automation = dg.AutomationConditionSensorDefinition(
        "automation",
        target=dg.AssetSelection.all(),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Makes what lies below a table that was made by hand, once its blocking checks hold.",
    )
    return dg.Definitions(
        assets=[
            *(asset.map_asset_specs(partial(_with_policy, is_omop_made=settings.omop)) for asset in graph.TABLES),
            *(model.map_asset_specs(_owned) for model in models.trained()),
            *(_owned(spec) for spec in graph.WRITTEN_BESIDE),
        ],
        jobs=jobs.all_of(settings.omop),
        schedules=jobs.SCHEDULES,
        sensors=[
            automation,
            *build_sensors(settings),
            build_stream_sensor(settings),
            build_retraining_sensor(settings),
            build_abandoned_sensor(settings),
        ],
        resources={"lakehouse": lakehouse, **resources},
        # one engine per run, not one per step
        executor=dg.in_process_executor,
    )


# Dagster's processes begin here, and write tables, logs and their own storage
close_to_others()
defs = build_defs()
