"""Every table, those of sources in other packages too. A contract that breaks the policy stops the import."""

from mediflow_assets.contracts import (
    assurance,
    bronze,
    erasure,
    events,
    gold,
    links,
    masked,
    models,
    omop,
    operational,
    silver,
)
from mediflow_assets.contracts.policy import require
from mediflow_assets.contracts.table import TableContract

ZONES = ("bronze", "silver", "gold", "masked", "omop")

TABLES: dict[str, TableContract] = {
    table.name: table
    for table in sorted(
        (
            table
            for zone in (bronze, silver, links, gold, models, operational, masked, erasure, assurance, events, omop)
            for table in zone.TABLES
        ),
        # stable: within a zone they keep the order of their modules
        key=lambda table: ZONES.index(table.key[0]),
    )
}
"""Every table by its name, `zone/table`."""
require(TABLES.values())
