"""What each table holds and who may see each column: plain data, standard library only.

From here come the Spark schema and DDL, conform-before-write, the checks, column lineage, the masked tables and the
data dictionary. Not here: how a table is computed (`transforms`) or stored (`storage`).
"""

from mediflow_assets.contracts import bronze, erasure, gold, house, masked, silver
from mediflow_assets.contracts.table import TableContract

TABLES: dict[str, TableContract] = {
    table.name: table for zone in (bronze, silver, gold, house, masked, erasure) for table in zone.TABLES
}
"""Every table by its name, `zone/table`."""

__all__ = ["TABLES", "TableContract", "bronze", "erasure", "gold", "house", "masked", "silver"]
