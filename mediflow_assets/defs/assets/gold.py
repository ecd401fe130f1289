"""Gold and masked assets: one factory, for each is a recipe over other tables."""

import dagster as dg

from mediflow_assets.contracts import erasure, house
from mediflow_assets.defs.operational import OPERATIONAL
from mediflow_assets.defs.resources import LakehouseResource
from mediflow_assets.defs.specs import check_specs_of, materialized, spec_of
from mediflow_assets.pipeline import gold as steps
from mediflow_assets.pipeline import operational_tables
from mediflow_assets.pipeline.damage import naming_damage


def _asset(recipe: steps.Recipe) -> dg.AssetsDefinition:
    zone, name = recipe.contract.key

    @dg.multi_asset(
        name=f"{zone}_{name}",
        specs=[spec_of(recipe.contract, recipe.inputs)],
        check_specs=check_specs_of(recipe.contract),
    )
    def table(lakehouse: LakehouseResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
        with naming_damage(lakehouse.bench.lake, recipe.contract.name, (recipe.contract, *recipe.inputs)):
            return materialized(steps.make(lakehouse.bench, recipe), lakehouse.bench.lake)

    return table


def _own_asset(own: operational_tables.OwnTable) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=f"gold_{own.contract.key[1]}",
        specs=[spec_of(own.contract, own.inputs if own.waits_for is None else own.waits_for)],
        check_specs=check_specs_of(own.contract),
    )
    def table(lakehouse: LakehouseResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
        with naming_damage(lakehouse.bench.lake, own.contract.name, (own.contract, *own.inputs)):
            return materialized(operational_tables.make(lakehouse.bench, own), lakehouse.bench.lake)

    return table


GOLD = [_asset(recipe) for recipe in steps.GOLD]
MASKED = [_asset(recipe) for recipe in steps.MASKED]
OWN = [_own_asset(own) for own in OPERATIONAL]
CHECK_RESULTS = spec_of(house.CHECK_RESULTS)
ERASURES = spec_of(erasure.ERASURES)
"""Written by `mediflow erase`."""
