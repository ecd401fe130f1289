"""The OMOP tables as assets: made only where they are asked for."""

import dagster as dg

from mediflow_assets.defs.resources import LakehouseResource
from mediflow_assets.defs.specs import check_specs_of, materialized, spec_of
from mediflow_assets.pipeline.damage import naming_damage
from mediflow_assets.pipeline.omop.make import make
from mediflow_assets.pipeline.omop.tables import TABLES, OmopTable


def _asset(made: OmopTable) -> dg.AssetsDefinition:
    contract = made.contract

    @dg.multi_asset(
        name="_".join(contract.key),
        specs=[spec_of(contract, made.depends_on)],
        check_specs=check_specs_of(contract),
    )
    def table(lakehouse: LakehouseResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
        with naming_damage(lakehouse.context.lake, contract.name, (contract, *made.depends_on)):
            return materialized(make(lakehouse.context, made), lakehouse.context)

    return table


OMOP = [_asset(each) for each in TABLES]
