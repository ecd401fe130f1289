"""The lake's analyst tables, by delta-rs: a table is read again only when its version has changed."""

import datetime as dt
import threading
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from mediflow_assets.contracts import masked
from mediflow_assets.contracts.table import Audience, TableContract

UNREADABLE = (DeltaError, OSError, pa.ArrowException)
"""What is raised where a table is damaged, or its store away."""


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row with decimals as numbers of JSON."""
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in row.items()}


@dataclass(frozen=True)
class Snapshot:
    """A table's rows as of one version."""

    version: int
    committed_ms: int
    rows: list[dict[str, Any]]

    @property
    def as_of(self) -> str:
        """When the version was made, UTC."""
        return f"{dt.datetime.fromtimestamp(self.committed_ms / 1000, dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


class LakeReader:
    """Small tables of one lake, kept in memory. Reads no table that is not for analysts or the gateway."""

    def __init__(self, root: str) -> None:
        self._root = root.rstrip("/")
        self._kept: dict[str, Snapshot] = {}
        self._peers: tuple[int, dict[tuple[str, str], dict[str, Any]]] = (-1, {})
        self._lock = threading.Lock()

    def read(self, contract: TableContract) -> Snapshot | None:
        """The table as it stands; None where it does not exist. Raises ValueError for a table of the pipeline."""
        if contract.audience is Audience.PIPELINE:
            raise ValueError(f"{contract.name} is not for the gateway")
        with self._lock:
            table = self._open(contract)
            if table is None:
                return None
            kept = self._kept.get(contract.name)
            if kept is None or kept.version != table.version():
                kept = Snapshot(table.version(), _committed_ms(table), _rows(contract, table))
                self._kept[contract.name] = kept
            return kept

    def rows_of(self, contract: TableContract, column: str, value: str) -> Snapshot | None:
        """The rows with one value, read from the table itself: for tables too large to keep."""
        if contract.audience is not Audience.ANALYST:
            raise ValueError(f"{contract.name} is not for the gateway")
        table = self._open(contract)
        if table is None:
            return None
        return Snapshot(table.version(), _committed_ms(table), _rows(contract, table, (column, value)))

    def _open(self, contract: TableContract) -> DeltaTable | None:
        try:
            return DeltaTable(f"{self._root}/{contract.name}")
        except TableNotFoundError:
            return None

    def peer(self, department: str, diagnosis_code: str) -> dict[str, Any] | None:
        """The shown row of `masked/cost_peers`; None where it is suppressed or there is none."""
        known = self._peers[1].get((department, diagnosis_code))
        return None if known is None or known["is_suppressed"] or known["patients"] is None else known

    def is_readable(self) -> bool:
        """Whether the lake's tables can be opened at this moment."""
        try:
            return self._open(masked.COST_PEERS) is not None
        except UNREADABLE:
            return False

    def refresh(self) -> None:
        """Look for a new version of the peers."""
        found = self.read(masked.COST_PEERS)
        if found is not None and found.version != self._peers[0]:
            self._peers = (found.version, {(r["department"], r["diagnosis_code"]): r for r in found.rows})


def _rows(contract: TableContract, table: DeltaTable, wanted: tuple[str, str] | None = None) -> list[dict[str, Any]]:
    """The rows by the contract, all or those with one value; what a table of an older MediFlow lacks is empty."""
    dataset = table.to_pyarrow_dataset()
    stored = [name for name in contract.column_names if name in dataset.schema.names]
    if wanted and wanted[0] not in stored:
        return []
    found = dataset.to_table(stored, filter=pc.field(wanted[0]) == wanted[1] if wanted else None)
    empty = dict.fromkeys(contract.column_names)
    return [plain(empty | row) for row in found.to_pylist()]


def _committed_ms(table: DeltaTable) -> int:
    return int(table.history(1)[0]["timestamp"])
