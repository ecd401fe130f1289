"""What each table holds and who may see each column: plain data, standard library only.

From here come the Spark schema and DDL, conform-before-write, the checks, column lineage, the masked tables and the
data dictionary. Not here: how a table is computed (`transforms`) or stored (`storage`).
"""

from typing import TYPE_CHECKING, Any

from mediflow_assets.contracts.table import TableContract

if TYPE_CHECKING:
    from mediflow_assets.contracts.tables import TABLES
else:

    def __getattr__(name: str) -> Any:
        """`TABLES` when it is first asked for: a source's own contract is made of modules of this package."""
        if name != "TABLES":
            raise AttributeError(name)
        from mediflow_assets.contracts.tables import TABLES

        return TABLES


__all__ = ["TABLES", "TableContract"]
