"""Gold and masked assets: one factory, for each is a recipe over other tables."""

import dagster as dg

from mediflow_assets.contracts import erasure, operational
from mediflow_assets.defs.operational import OPERATIONAL
from mediflow_assets.defs.resources import LakehouseResource
from mediflow_assets.defs.specs import check_specs_of, materialized, spec_of
from mediflow_assets.pipeline import gold as steps
from mediflow_assets.pipeline import operational_tables
from mediflow_assets.pipeline.damage import naming_damage


def _asset(build: steps.TableBuild) -> dg.AssetsDefinition:
    zone, name = build.contract.key

    @dg.multi_asset(
        name=f"{zone}_{name}",
        specs=[spec_of(build.contract, build.depends_on)],
        check_specs=check_specs_of(build.contract),
    )
    def table(lakehouse: LakehouseResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
        with naming_damage(lakehouse.context.lake, build.contract.name, (build.contract, *build.depends_on)):
            return materialized(steps.make(lakehouse.context, build), lakehouse.context)

    return table


def _own_asset(own: operational_tables.OperationalTable) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=f"gold_{own.contract.key[1]}",
        specs=[spec_of(own.contract, own.inputs if own.waits_for is None else own.waits_for)],
        check_specs=check_specs_of(own.contract),
    )
    def table(lakehouse: LakehouseResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
        with naming_damage(lakehouse.context.lake, own.contract.name, (own.contract, *own.inputs)):
            return materialized(operational_tables.make(lakehouse.context, own), lakehouse.context)

    return table


GOLD = [_asset(build) for build in steps.GOLD]
MASKED = [_asset(build) for build in steps.MASKED]
OWN = [_own_asset(own) for own in OPERATIONAL]
CHECK_RESULTS = spec_of(operational.CHECK_RESULTS)
ERASURES = spec_of(erasure.ERASURES)
"""Written by `mediflow erase`."""
