"""What each table holds and who may see each column: plain data, standard library only.

From here come the Spark schema and DDL, conform-before-write, the checks, column lineage, the masked tables and the
data dictionary. Not here: how a table is computed (`transforms`) or stored (`storage`).
"""

from mediflow_assets.contracts import assurance, bronze, erasure, events, gold, masked, models, operational, silver
from mediflow_assets.contracts.policy import require
from mediflow_assets.contracts.table import TableContract

ZONES = ("bronze", "silver", "gold", "masked")

TABLES: dict[str, TableContract] = {
    table.name: table
    for table in sorted(
        (
            table
            for zone in (bronze, silver, gold, models, operational, masked, erasure, assurance, events)
            for table in zone.TABLES
        ),
        # stable: within a zone they keep the order of their modules
        key=lambda table: ZONES.index(table.key[0]),
    )
}
"""Every table by its name, `zone/table`."""
require(TABLES.values())

__all__ = [
    "TABLES",
    "TableContract",
    "assurance",
    "bronze",
    "erasure",
    "events",
    "gold",
    "masked",
    "models",
    "operational",
    "silver",
]
