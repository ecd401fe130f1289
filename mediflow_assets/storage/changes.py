"""What changed in a table since a version, by the files that its log names: none is looked into.

Maintenance lays rows into other files and changes none: what it did right after that version counts as no change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from mediflow_assets.contracts.table import TableContract
from mediflow_assets.storage.delta import Lake

RELAID = "mediflow.relaid"
"""What the commit is marked with that lays a table's rows into other files."""
_CHANGES_NO_ROW = frozenset(("OPTIMIZE", "SET TBLPROPERTIES", "ADD COLUMN", "VACUUM START", "VACUUM END"))


@dataclass(frozen=True)
class Files:
    """Files of a table by their paths, and how many rows each has."""

    came: Mapping[str, int]
    went: Mapping[str, int]
    stayed: Mapping[str, int]

    @property
    def rows_changed(self) -> int:
        """Rows of the files that came or went."""
        return sum(self.came.values()) + sum(self.went.values())


def files_since(lake: Lake, contract: TableContract, version: int) -> Files | None:
    """The files that came and went since a version; None where it cannot be read any more, or where a file that went
    was removed meanwhile."""
    now = lake.seen(contract)
    if now is None:
        return None
    try:
        since = _before_rows_changed(now, version)
        before = DeltaTable(lake.uri(contract), version=since, storage_options=dict(lake.storage_options) or None)
        was = _files(lake, contract, before)
    except (DeltaError, OSError):
        return None
    is_ = _files(lake, contract, now)
    went = {path: rows for path, rows in was.items() if path not in is_}
    if "://" not in lake.root and not all(map(_is_there, went)):
        return None
    came = {path: rows for path, rows in is_.items() if path not in was}
    return Files(came, went, {path: rows for path, rows in is_.items() if path in was})


def _before_rows_changed(table: DeltaTable, version: int) -> int:
    """The last version with the rows of this one."""
    later = {int(each["version"]): each for each in table.history(max(table.version() - version, 1))}
    while (commit := later.get(version + 1)) and (RELAID in commit or commit.get("operation") in _CHANGES_NO_ROW):
        version += 1
    return version


def _is_there(path: str) -> bool:
    return Path(path).exists()


def _files(lake: Lake, contract: TableContract, table: DeltaTable) -> dict[str, int]:
    actions = pa.table(table.get_add_actions(flatten=True)).select(["path", "num_records"]).to_pylist()
    return {f"{lake.uri(contract)}/{unquote(each['path'])}": each["num_records"] for each in actions}
