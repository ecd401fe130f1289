"""Gold and masked assets: one factory, for each is a recipe over other tables."""

import dagster as dg

from mediflow_assets.contracts import assurance, erasure, house, models
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.defs.resources import LakehouseResource
from mediflow_assets.defs.specs import check_specs_of, materialized, spec_of
from mediflow_assets.steps import gold as steps
from mediflow_assets.steps import own_tables, silver
from mediflow_assets.steps.damage import naming_damage


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


def deps_of(own: own_tables.OwnTable) -> list[TableContract]:
    """What it waits for. The Silver steps write quarantine and processed: waiting for them is waiting for these."""
    if own.contract is models.DRIFT:
        return [*own.inputs, models.RISK_SCORES]
    if own.contract is assurance.PRIVACY_STATUS:
        return list(own.inputs)
    return [*(table.contract for table in silver.ALL), *(t for t in own.inputs if t.key[0] == "bronze")]


def _own_asset(own: own_tables.OwnTable) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=f"gold_{own.contract.key[1]}",
        specs=[spec_of(own.contract, deps_of(own))],
        check_specs=check_specs_of(own.contract),
    )
    def table(lakehouse: LakehouseResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
        with naming_damage(lakehouse.bench.lake, own.contract.name, (own.contract, *own.inputs)):
            return materialized(own_tables.make(lakehouse.bench, own), lakehouse.bench.lake)

    return table


GOLD = [_asset(recipe) for recipe in steps.GOLD]
MASKED = [_asset(recipe) for recipe in steps.MASKED]
OWN = [_own_asset(own) for own in own_tables.ALL]
CHECK_RESULTS = spec_of(house.CHECK_RESULTS)
ERASURES = spec_of(erasure.ERASURES)
"""Written by `mediflow erase`."""
