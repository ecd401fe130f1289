"""Rewriting a table without some rows, or with some columns changed: streamed, in one commit.

Not by delta-rs's own DELETE: it writes texts as string views, and filters over such files fail in Arrow; and its commit
names the rows that went.
"""

from collections.abc import Callable, Iterable
from functools import reduce
from operator import or_
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, Transaction, write_deltalake

from mediflow_assets.contracts.table import TableContract
from mediflow_assets.errors import EngineFailed
from mediflow_assets.storage.delta import WRITER, Lake
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.storage.schemas import stored_schema

Change = Callable[[pa.RecordBatch], pa.RecordBatch]
NONE: Any = pc.scalar(False)
"""The predicate that names no row."""


def delete_rows(lake: Lake, contract: TableContract, wanted: Any) -> int:
    """Delete the rows that a predicate names; returns how many. Deleting again deletes none."""
    table = lake.open(contract)
    if table is None:
        return 0
    named = pc.coalesce(wanted, NONE)
    with storage_errors(f"{contract.name} deletion"):
        rows = lake.dataset(contract, table)
        going = int(rows.count_rows(filter=named))
        if not going:
            return 0
        if rows.count_rows() - going != rows.count_rows(filter=~named):
            raise EngineFailed(f"{contract.name}: the rows to be kept cannot be told from those to be deleted.")
        kept = rows.scanner(columns=stored_schema(table).names, filter=~named).to_reader()
        write_deltalake(table, kept, mode="overwrite", writer_properties=WRITER)
    return going


def blank(lake: Lake, contract: TableContract, column: str, wanted: Any) -> int:
    """Empty a column of texts in the rows that a predicate names; returns how many."""
    table = lake.open(contract)
    stored = [] if table is None else stored_schema(table).names
    if table is None or column not in stored:
        return 0
    named = pc.coalesce(wanted, NONE) & pc.field(column).is_valid()
    with storage_errors(f"{contract.name} blanking"):
        rows = lake.dataset(contract, table)
        changing = int(rows.count_rows(filter=named))
        if changing:
            columns = {name: pc.field(name) for name in stored}
            columns[column] = pc.if_else(named, pa.scalar(None, pa.string()), pc.field(column))
            reader = rows.scanner(columns=columns).to_reader()
            write_deltalake(table, reader, mode="overwrite", writer_properties=WRITER)
    return changing


def rewrite(lake: Lake, contract: TableContract, change: Change, transaction: str) -> None:
    """Write every row again, changed batch by batch, in one commit that carries `transaction`; done once only.

    The batches have the columns as they are stored: an older table may lack some of its contract.
    """
    table = lake.open(contract)
    if table is None or lake.holds(contract, transaction):
        return
    with storage_errors(f"{contract.name} rewriting"):
        rows, schema = lake.dataset(contract, table), stored_schema(table)
        batches = (change(batch) for batch in rows.to_batches(columns=schema.names) if batch.num_rows)
        reader = pa.RecordBatchReader.from_batches(schema, batches)
        commit = CommitProperties(app_transactions=[Transaction(transaction, 1)])
        write_deltalake(table, reader, mode="overwrite", writer_properties=WRITER, commit_properties=commit)


def one_of(column: str, values: Iterable[str]) -> Any:
    """The predicate that a column has one of some texts."""
    return pc.field(column).isin(pa.array(sorted(values), pa.string()))


def either(predicates: Iterable[Any]) -> Any:
    """The predicate that one of several holds."""
    return reduce(or_, predicates, NONE)
