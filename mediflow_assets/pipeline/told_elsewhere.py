"""What rows of Silver are told by records of other rows: each table follows that once its own records are in."""

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.clinical import ENCOUNTER_LOCATIONS, MEDICATIONS
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline import condition_links, listed_codes, named_medications, named_places, stretches
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.delta import Lake

_FOLLOWING = {
    silver.ENCOUNTERS.name: (named_places,),
    silver.CONDITIONS.name: (condition_links, listed_codes),
    MEDICATIONS.name: (named_medications,),
    ENCOUNTER_LOCATIONS.name: (stretches,),
}


def is_behind(lake: Lake, contract: TableContract) -> bool:
    """Whether rows may not say what others tell of them now."""
    return any(each.are_behind(lake, contract) for each in _FOLLOWING.get(contract.name, ()))


def follow(context: RunContext, contract: TableContract) -> None:
    """Have the rows say it."""
    for each in _FOLLOWING.get(contract.name, ()):
        each.follow(context)
