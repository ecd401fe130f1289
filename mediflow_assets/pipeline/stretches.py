"""The stretches of encounters follow the messages that have come, in whatever order, and the ends of encounters."""

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.clinical import ENCOUNTER_LOCATIONS
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline.pending import encounters_changed
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.stretches import changed, of_encounters


def are_behind(lake: Lake, contract: TableContract) -> bool:
    """Whether stretches may not end as the encounters do now."""
    return contract is ENCOUNTER_LOCATIONS and bool(lake.rows(contract)) and encounters_changed(lake, contract)


def follow(context: RunContext) -> None:
    """Write the rows of those encounters again that have new ones, or end otherwise now."""
    contract = ENCOUNTER_LOCATIONS
    if not context.lake.rows(contract):
        return
    stored = context.tables.read(contract)
    ends = changed(stored, context.tables.read(silver.ENCOUNTERS))
    stale = context.tables.stage(contract, of_encounters(stored, ends))
    with storage_errors(contract.name):
        has_any = bool(stale.limit(1).count())
    if has_any:
        context.tables.merge(contract, stale, contract.primary_key)
    context.tables.unstage(contract)
