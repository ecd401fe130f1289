"""Silver assets: each validates what has arrived. Quarantine and processed are written by these steps."""

import dagster as dg

from mediflow_assets.contracts import bronze, links, silver
from mediflow_assets.contracts.clinical import ENCOUNTER_LOCATIONS
from mediflow_assets.defs.resources import LakehouseResource
from mediflow_assets.defs.specs import check_specs_of, materialized, spec_of
from mediflow_assets.pipeline import merged, rebuild
from mediflow_assets.pipeline import silver as steps
from mediflow_assets.pipeline.damage import REBUILD, naming_damage
from mediflow_assets.pipeline.pending import Wanted

SILVER_STEPS = tuple(table.contract.key[1] for table in steps.ALL)


class Replay(dg.Config):  # type: ignore[misc]
    """Which open records of the quarantine to validate again; a delivery is named by its first hex digits."""

    replay: bool = False
    reason: str | None = None
    delivery: str | None = None

    def wanted(self) -> Wanted | None:
        """The choice as a predicate over quarantine rows."""
        if not self.replay:
            return None
        return lambda row: (
            (self.reason is None or self.reason in row["reasons"])
            and (self.delivery is None or row["_delivery_id"].startswith(self.delivery))
        )


def _asset(table: steps.SilverTable) -> dg.AssetsDefinition:
    deps = [source.table for source in table.sources] + [bronze.CORRECTIONS, bronze.DELIVERIES]
    if table.of_patient:
        deps.append(silver.PATIENTS)
    if table is steps.CONDITIONS or table.contract is ENCOUNTER_LOCATIONS:
        # what tells of a stay of this run finds it there
        deps.append(silver.ENCOUNTERS)
    if table.have_owners:
        deps.append(links.MERGED_PATIENTS)
    uses = (*table.kept_in, *deps, silver.QUARANTINE, silver.PROCESSED)

    @dg.multi_asset(
        name=table.contract.key[1],
        specs=[spec_of(table.contract, deps)],
        check_specs=check_specs_of(table.contract),
    )
    def silver_table(
        context: dg.AssetExecutionContext, config: Replay, lakehouse: LakehouseResource
    ) -> dg.MaterializeResult:  # type: ignore[type-arg]
        with naming_damage(lakehouse.context.lake, table.contract.name, uses):
            if context.job_name == REBUILD:
                rebuild.ask(lakehouse.context.lake, table.contract)
            made = steps.make(lakehouse.context, table, config.wanted())
        if not made.is_unchanged:
            for shared in (*table.kept_in[1:], silver.QUARANTINE, silver.PROCESSED):
                rows = lakehouse.context.lake.rows(shared)
                context.log_event(dg.AssetMaterialization(list(shared.key), metadata={"dagster/row_count": rows}))
        return materialized(made, lakehouse.context)

    return silver_table


@dg.multi_asset(
    name="merged_patients",
    specs=[spec_of(links.MERGED_PATIENTS, merged.INPUTS)],
    check_specs=check_specs_of(links.MERGED_PATIENTS),
)
def merged_patients(lakehouse: LakehouseResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Who counts under whom."""
    with naming_damage(lakehouse.context.lake, links.MERGED_PATIENTS.name, (links.MERGED_PATIENTS, *merged.INPUTS)):
        return materialized(merged.make(lakehouse.context), lakehouse.context)


SILVER = [*(_asset(table) for table in steps.ALL), merged_patients]
SHARED = [
    spec_of(table, silver.VALIDATED) for table in (*silver.VERSIONS.values(), silver.QUARANTINE, silver.PROCESSED)
]
