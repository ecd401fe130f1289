"""Ways in which disks, copies and people damage a table."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from mediflow_assets.contracts.table import TableContract
from mediflow_assets.storage.delta import Lake


def _file(lake: Lake, contract: TableContract) -> Path:
    """The largest file of the table's newest version: of a column with one value an engine reads nothing but its
    statistics."""
    files = (Path(uri.removeprefix("file://")) for uri in DeltaTable(lake.uri(contract)).file_uris())
    return max(files, key=lambda file: file.stat().st_size)


def _cut_short(lake: Lake, contract: TableContract) -> None:
    file = _file(lake, contract)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _empty(lake: Lake, contract: TableContract) -> None:
    _file(lake, contract).write_bytes(b"")


def _remove(lake: Lake, contract: TableContract) -> None:
    _file(lake, contract).unlink()


def _replace(lake: Lake, contract: TableContract) -> None:
    pq.write_table(pa.table({"other": [1, 2, 3]}), _file(lake, contract))


def _flip(lake: Lake, contract: TableContract) -> None:
    """Other bytes in the midst, as many as before."""
    file = _file(lake, contract)
    data = bytearray(file.read_bytes())
    data[4:400] = bytes(byte ^ 0xFF for byte in data[4:400])
    file.write_bytes(data)


def _garble_log(lake: Lake, contract: TableContract) -> None:
    newest = max((Path(lake.uri(contract)) / "_delta_log").glob("*.json"))
    newest.write_bytes(b"\0garbage" * 40)


def _garble_checkpoint(lake: Lake, contract: TableContract) -> None:
    table = DeltaTable(lake.uri(contract))
    table.create_checkpoint()
    log = Path(lake.uri(contract)) / "_delta_log"
    next(iter(log.glob("*.checkpoint.parquet"))).write_bytes(b"garbage" * 40)
    for commit in log.glob("*.json"):
        commit.unlink()


def _lose_log(lake: Lake, contract: TableContract) -> None:
    for file in (Path(lake.uri(contract)) / "_delta_log").iterdir():
        file.unlink()


Break = Callable[[Lake, TableContract], None]
PLAIN: dict[str, Break] = {
    "a file cut short": _cut_short,
    "a file without content": _empty,
    "a file gone": _remove,
    "another file in its place": _replace,
    "garbage in the log": _garble_log,
    "garbage in the checkpoint": _garble_checkpoint,
    "the log gone": _lose_log,
}
"""What shows without reading the files."""
HIDDEN: dict[str, Break] = {"other bytes in a file": _flip}
"""What shows only to who reads them."""
