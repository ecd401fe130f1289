"""Every asset that a run can make; and what each of them reads and writes beside itself."""

from collections.abc import Iterable

import dagster as dg

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.origin import LOGS
from mediflow_assets.defs.assets import assurance, bronze, gold, omop, streaming
from mediflow_assets.defs.assets import models as learned
from mediflow_assets.defs.assets import silver as silver_assets
from mediflow_assets.defs.operational import OPERATIONAL

TABLES: list[dg.AssetsDefinition] = [
    bronze.landing,
    *streaming.ALL,
    *silver_assets.SILVER,
    *gold.GOLD,
    *gold.OWN,
    learned.risk_scores,
    *gold.MASKED,
    *omop.OMOP,
    assurance.leak_scans,
]
WRITTEN_BESIDE: list[dg.AssetSpec] = [*silver_assets.SHARED, gold.CHECK_RESULTS, gold.ERASURES, learned.MODEL_METRICS]
"""Tables without a step of their own."""
_BY_EVERY_STEP = LOGS | {silver.QUARANTINE.name, silver.PROCESSED.name}


def used_by(made: Iterable[str]) -> frozenset[str]:
    """The tables that the steps read or write which make these assets, by name; the models' keys among them."""
    wanted, used = set(made), set(made)
    if not wanted:
        return frozenset()
    for asset in (*TABLES, *learned.trained()):
        mine = {spec.key.to_user_string() for spec in asset.specs}
        if mine & wanted:
            # a step that lands or validates writes all of its tables, whichever were chosen
            used |= mine | {dep.asset_key.to_user_string() for spec in asset.specs for dep in spec.deps}
    used.update(table.name for own in OPERATIONAL if own.contract.name in wanted for table in own.inputs)
    return frozenset(used | _BY_EVERY_STEP)
