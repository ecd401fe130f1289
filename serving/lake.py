"""The lake's analyst tables, by delta-rs: a table is read again only when its version has changed."""

import threading
from dataclasses import dataclass
from typing import Any

from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from mediflow_assets.contracts import masked
from mediflow_assets.contracts.table import Audience, TableContract


@dataclass(frozen=True)
class Snapshot:
    """A table's rows as of one version."""

    version: int
    committed_ms: int
    rows: list[dict[str, Any]]


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
            try:
                table = DeltaTable(f"{self._root}/{contract.name}")
            except TableNotFoundError:
                return None
            kept = self._kept.get(contract.name)
            if kept is None or kept.version != table.version():
                rows = table.to_pyarrow_table(columns=list(contract.column_names)).to_pylist()
                kept = Snapshot(table.version(), int(table.history(1)[0]["timestamp"]), rows)
                self._kept[contract.name] = kept
            return kept

    def peer(self, department: str, diagnosis_code: str) -> dict[str, Any] | None:
        """The shown row of `masked/cost_peers`; None where it is suppressed or there is none."""
        known = self._peers[1].get((department, diagnosis_code))
        return None if known is None or known["is_suppressed"] or known["patients"] is None else known

    def refresh(self) -> None:
        """Look for a new version of the peers."""
        found = self.read(masked.COST_PEERS)
        if found is not None and found.version != self._peers[0]:
            self._peers = (found.version, {(r["department"], r["diagnosis_code"]): r for r in found.rows})
