"""Delta tables without an engine, through delta-rs: create, append, read small ones, versions, properties."""

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs as pafs
from deltalake import CommitProperties, DeltaTable, Schema, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import TableNotFoundError

from mediflow_assets.contracts.table import TableContract
from mediflow_assets.errors import LakeTooNew
from mediflow_assets.storage.difference import NO_DIFFERENCE, Difference, difference
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.storage.schemas import arrow_schema, padded
from mediflow_assets.storage.text_views import without_views

FORMAT = 4
"""Raised when tables change so that older code would misread them, or would keep what newer rules refuse."""
FORMAT_NOTE = "format"
_FIRST_FORMAT = 1
WRITER = WriterProperties(max_row_group_size=131_072, compression="SNAPPY")
"""Row groups this small let the engine parse one file on several cores."""
TARGET_BYTES = 32 << 20
"""Size of a compacted file. A MERGE rewrites whole files, so larger ones make each small change dearer."""
MANY_FILES, SMALL_BYTES = 64, 1 << 20
_COMMIT = re.compile(r"[0-9]{20}\.json")
_Commit = tuple[str, int, int]
"""The newest commit of a log: its name, which file it is, and when that was written."""


@dataclass(frozen=True)
class Lake:
    """The tables below one root, a folder or an `s3://` URI."""

    root: str
    storage_options: Mapping[str, str] = field(default_factory=dict, repr=False)
    _seen: dict[str, tuple[_Commit, DeltaTable]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def uri(self, contract: TableContract) -> str:
        """Where a table lies."""
        return f"{self.root.rstrip('/')}/{contract.name}"

    def open(self, contract: TableContract) -> DeltaTable | None:
        """The table, or None where it does not exist. Raises LakeTooNew if a newer MediFlow wrote it."""
        try:
            with storage_errors(contract.name, passing=TableNotFoundError):
                table = DeltaTable(self.uri(contract), storage_options=dict(self.storage_options) or None)
        except TableNotFoundError:
            return None
        written = format_of(table)
        if written > FORMAT:
            raise LakeTooNew(
                f"{contract.name} was written by a newer MediFlow (format {written}, this one reads {FORMAT})."
            )
        return table

    def seen(self, contract: TableContract) -> DeltaTable | None:
        """The table as it stands, only to be looked at: opened again once its log has a newer commit.

        Opening costs milliseconds, and a step asks a hundred times. In an object store each question has its price
        too: there the table is opened each time.
        """
        newest = None if "://" in self.root else _newest_commit(Path(self.uri(contract)) / "_delta_log")
        known = self._seen.get(contract.name)
        if newest is not None and known is not None and known[0] == newest:
            return known[1]
        table = self.open(contract)
        if table is not None and newest is not None and table.version() == int(newest[0].removesuffix(".json")):
            self._seen[contract.name] = (newest, table)
        return table

    def ensure(self, contract: TableContract) -> None:
        """Create the table from its contract if need be."""
        if self.seen(contract) is None:
            self._create(contract)

    def _to_write(self, contract: TableContract) -> DeltaTable:
        return self.open(contract) or self._create(contract)

    def _create(self, contract: TableContract) -> DeltaTable:
        if "://" not in self.root:
            Path(self.uri(contract)).mkdir(parents=True, exist_ok=True)
        with storage_errors(contract.name):
            return DeltaTable.create(
                self.uri(contract),
                schema=arrow_schema(contract),
                mode="ignore",
                configuration={f"mediflow.{FORMAT_NOTE}": str(FORMAT)},
                storage_options=dict(self.storage_options) or None,
                raise_if_key_not_exists=False,
            )

    def difference(self, contract: TableContract) -> Difference:
        """How the stored columns differ from the contract's; not at all where the table does not exist."""
        table = self.seen(contract)
        return NO_DIFFERENCE if table is None else difference(table, contract)

    def widened(self, contract: TableContract) -> DeltaTable:
        """The table, created if need be, with every column of its contract: one that is new is empty in old rows."""
        table = self._to_write(contract)
        lacking = difference(table, contract).lacking
        if lacking:
            fields = [field for field in Schema.from_arrow(arrow_schema(contract)).fields if field.name in lacking]
            with storage_errors(contract.name):
                table.alter.add_columns(fields)
        return table

    def append(
        self,
        contract: TableContract,
        rows: pa.RecordBatchReader | pa.Table,
        transaction: str | None = None,
        marks: Iterable[Transaction] = (),
    ) -> None:
        """Append Arrow rows in one commit, which carries `transaction` as its application id, and `marks`."""
        table = self.widened(contract)
        with storage_errors(contract.name):
            write_deltalake(
                table,
                rows,
                mode="append",
                # a column that no contract names any more stays empty in new rows
                schema_mode="merge" if difference(table, contract).beyond else None,
                commit_properties=_carrying(transaction, *marks),
                writer_properties=WRITER,
            )
        self.join_small_files(contract)

    def append_rows(
        self, contract: TableContract, rows: Iterable[Mapping[str, Any]], transaction: str | None = None
    ) -> None:
        """Append a few rows given as mappings."""
        self.append(contract, pa.Table.from_pylist(list(rows), schema=arrow_schema(contract)), transaction)

    def overwrite_rows(
        self, contract: TableContract, rows: Iterable[Mapping[str, Any]], transaction: str | None = None
    ) -> None:
        """Replace all rows of a small table in one commit, which carries `transaction` as its application id."""
        self.overwrite(contract, pa.Table.from_pylist(list(rows), schema=arrow_schema(contract)), transaction)

    def overwrite(self, contract: TableContract, rows: pa.Table, transaction: str | None = None) -> None:
        """Replace all rows by Arrow rows of the contract's columns, new columns too, in one commit."""
        table = self._to_write(contract)
        with storage_errors(contract.name):
            write_deltalake(
                table,
                rows.select(contract.column_names).cast(arrow_schema(contract)),
                mode="overwrite",
                schema_mode="overwrite",
                commit_properties=_carrying(transaction),
            )

    def join_small_files(self, contract: TableContract) -> None:
        """Join them where they are many: each small run adds some, and each reader opens them all."""
        table = self.seen(contract)
        sizes = pa.table(table.get_add_actions(flatten=True))["size_bytes"] if table else []
        if len(sizes) >= MANY_FILES and pc.sum(pc.less(sizes, SMALL_BYTES)).as_py() >= MANY_FILES:
            with storage_errors(contract.name):
                self._to_write(contract).optimize.compact(target_size=TARGET_BYTES, writer_properties=WRITER)

    def holds(self, contract: TableContract, transaction: str) -> bool:
        """Whether a commit of the table carries this application id."""
        table = self.seen(contract)
        return table is not None and table.transaction_version(transaction) is not None

    def read(self, contract: TableContract, columns: list[str] | None = None, where: Any = None) -> pa.Table:
        """The rows of a small table, or those for which an Arrow expression holds; none where it does not exist."""
        table = self.seen(contract)
        if table is None:
            empty: pa.Table = arrow_schema(contract).empty_table()
            return empty.select(columns) if columns else empty
        wanted = arrow_schema(contract)
        names = columns or wanted.names
        with storage_errors(contract.name):
            rows = self.dataset(contract, table).to_table(columns=names, filter=where)
            return rows.cast(pa.schema([wanted.field(name) for name in names]))

    def dataset(self, contract: TableContract, table: DeltaTable) -> Any:
        """The table as an Arrow dataset, in which a column of the contract that is not stored yet is empty.

        Local files are read by Arrow itself: delta-rs's own Python filesystem aborted two processes of three at exit.
        """
        is_local = "://" not in self.root
        files = pafs.SubTreeFileSystem(self.uri(contract), pafs.LocalFileSystem()) if is_local else None
        return without_views(table.to_pyarrow_dataset(filesystem=files, schema=padded(table, contract)))

    def version(self, contract: TableContract) -> int:
        """The table's version, -1 where it does not exist."""
        table = self.seen(contract)
        return -1 if table is None else int(table.version())

    def rows(self, contract: TableContract) -> int:
        """How many rows the table has, from the statistics in its log."""
        table = self.seen(contract)
        return 0 if table is None else count_rows(table)

    def delete_delivery(self, contract: TableContract, delivery_id: str) -> None:
        """Remove what a delivery left in a table when its landing was cut short."""
        if self.holds(contract, delivery_id) and (table := self.open(contract)) is not None:
            with storage_errors(contract.name):
                table.delete(f"_delivery_id = '{delivery_id}'")

    def set_properties(self, contract: TableContract, **properties: Any) -> int:
        """Write properties (`mediflow.<name>`, as JSON) into the table, those that it has not; returns its version."""
        values = {f"mediflow.{name}": json.dumps(value, sort_keys=True) for name, value in properties.items()}
        table = self.seen(contract)
        if table is None or not values.items() <= table.metadata().configuration.items():
            table = self._to_write(contract)
            with storage_errors(contract.name):
                table.alter.set_table_properties(values, raise_if_not_exists=False)
        return int(table.version())

    def property_of(self, contract: TableContract, name: str) -> Any:
        """What `set_properties` wrote, or None."""
        table = self.seen(contract)
        text = None if table is None else table.metadata().configuration.get(f"mediflow.{name}")
        return None if text is None else json.loads(text)


def _newest_commit(log: Path) -> _Commit | None:
    try:
        with os.scandir(log) as entries:
            name = max(entry.name for entry in entries if _COMMIT.fullmatch(entry.name))
        stat = (log / name).stat()
    except (OSError, ValueError):
        return None  # there is none, or it cannot be read: to open the table tells
    return name, stat.st_ino, stat.st_mtime_ns


def format_of(table: DeltaTable) -> int:
    """The format of MediFlow in which a table was written."""
    return int(table.metadata().configuration.get(f"mediflow.{FORMAT_NOTE}", _FIRST_FORMAT))


def _carrying(transaction: str | None, *marks: Transaction) -> CommitProperties | None:
    carried = [*([Transaction(transaction, 1)] if transaction else []), *marks]
    return CommitProperties(app_transactions=carried) if carried else None


def count_rows(table: DeltaTable) -> int:
    """The rows of the table's current version, from the log's statistics."""
    with storage_errors("row count"):
        return int(pc.sum(pa.table(table.get_add_actions(flatten=True))["num_records"]).as_py() or 0)
