"""How a stored table differs from its contract: an older MediFlow made it, or a newer one."""

from dataclasses import dataclass
from typing import Any

from deltalake import DeltaTable, Schema

from mediflow_assets.contracts.table import TableContract
from mediflow_assets.storage.months import PART
from mediflow_assets.storage.schemas import arrow_schema


@dataclass(frozen=True)
class Difference:
    """Columns by name: those the table lacks, those it has in another type, those that no contract names."""

    lacking: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.lacking or self.changed or self.beyond)

    def __str__(self) -> str:
        parts = {"is to get": self.lacking, "has in another type": self.changed, "has beyond it": self.beyond}
        return "; ".join(f"{what} {', '.join(names)}" for what, names in parts.items() if names)


NO_DIFFERENCE = Difference()


def difference(table: DeltaTable, contract: TableContract) -> Difference:
    """What would have to change in the table. The columns' order does not matter: all is read and written by name."""
    stored = {field.name: _kind(field.type) for field in table.schema().fields}
    wanted = {field.name: _kind(field.type) for field in Schema.from_arrow(arrow_schema(contract)).fields}
    return Difference(
        tuple(name for name in wanted if name not in stored),
        tuple(name for name in wanted if name in stored and stored[name] != wanted[name]),
        tuple(name for name in stored if name not in wanted and name != PART),
    )


def _kind(type_: Any) -> str:
    """The type without what engines write differently: whether an element may be null."""
    return f"array<{_kind(type_.element_type)}>" if hasattr(type_, "element_type") else str(type_.type)
