"""Contract → Arrow schema: what a table is created with, and what landed batches are made to fit."""

from collections.abc import Mapping

import pyarrow as pa
from deltalake import DeltaTable

from mediflow_assets.contracts.table import TableContract, Type

ARROW = {
    Type.STRING: pa.string(),
    Type.BINARY: pa.binary(),
    Type.INTEGER: pa.int32(),
    Type.LONG: pa.int64(),
    Type.MONEY: pa.decimal128(12, 2),
    Type.TOTAL: pa.decimal128(18, 2),
    Type.RATIO: pa.decimal128(12, 4),
    Type.MEASURE: pa.decimal128(28, 12),
    Type.DATE: pa.date32(),
    Type.TIMESTAMP: pa.timestamp("us", tz="UTC"),
    Type.BOOLEAN: pa.bool_(),
    Type.STRINGS: pa.list_(pa.string()),
}


def arrow_schema(contract: TableContract) -> pa.Schema:
    """The table's columns in their order, with their types.

    All are nullable to Delta: the embedded engine validates NOT NULL before a filter has taken the nulls out, and fails
    a good write. That required columns are filled is a check of every table instead (`pipeline.checks`).
    """
    return pa.schema([pa.field(c.name, ARROW[c.type]) for c in contract.columns])


def batch_of(columns: Mapping[str, pa.Array], schema: pa.Schema, rows: int) -> pa.RecordBatch:
    """A batch of the schema; a column that is not given is empty."""
    arrays = [columns[f.name] if f.name in columns else pa.nulls(rows, f.type) for f in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def stored_schema(table: DeltaTable) -> pa.Schema:
    """A table's columns as they are stored."""
    return pa.schema(table.schema().to_arrow())


def padded(table: DeltaTable, contract: TableContract) -> pa.Schema:
    """A table's columns as they are stored, then those of its contract that it lacks."""
    stored = stored_schema(table)
    lacking = [field for field in arrow_schema(contract) if field.name not in stored.names]
    return pa.schema([*stored, *lacking])
