"""Dividing a table that has outgrown its files into parts by month, and a part that has outgrown itself into more."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, write_deltalake

from mediflow_assets.contracts.table import TableContract
from mediflow_assets.storage import months
from mediflow_assets.storage.changes import RELAID
from mediflow_assets.storage.delta import FORMAT, WRITER, Lake, format_of
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.storage.months import PART
from mediflow_assets.storage.schemas import stored_schema

_MARK = CommitProperties(custom_metadata={RELAID: "by month"})


def divide(lake: Lake, contract: TableContract) -> bool:
    """Divide what has outgrown a part; whether anything had. The rows stay as they are. The caller holds the lake
    lease."""
    table = lake.seen(contract)
    # of an older format it is until a run has carried it forward: the older MediFlow may still write it
    if contract.period is None or table is None or format_of(table) < FORMAT:
        return False
    with storage_errors(f"{contract.name} dividing"):
        parts = months.parts_of(table)
        if not parts:
            return months.has_outgrown(lake.rows(contract)) and _divide(lake, contract, None)
        large = [part for part, rows in parts.items() if months.has_outgrown(rows)]
        return sum(_divide(lake, contract, part) for part in large) > 0


def _divide(lake: Lake, contract: TableContract, part: str | None) -> bool:
    """Rewrite a part, or the table that has none, in one commit, unless all of it is of one month."""
    table = lake.open(contract)
    assert table is not None and contract.period is not None
    rows = lake.dataset(contract, table)
    of_part = None if part is None else pc.field(PART) == part
    found = months.first_months(months.month_counts(rows.to_batches(columns=[contract.period], filter=of_part)))
    parts = [part, *found[1:]] if part else found
    if len(parts) < 2:
        return False
    batches = rows.to_batches(columns=[name for name in stored_schema(table).names if name != PART], filter=of_part)
    schema = pa.schema([*(field for field in stored_schema(table) if field.name != PART), pa.field(PART, pa.string())])
    reader = pa.RecordBatchReader.from_batches(schema, _parted(batches, schema, contract.period, parts))
    if part is None:
        _write_whole(table, reader)
    else:
        _write_part(table, reader, parts)
    return True


def _write_whole(table: DeltaTable, reader: pa.RecordBatchReader) -> None:
    write_deltalake(
        table,
        reader,
        mode="overwrite",
        schema_mode="overwrite",
        partition_by=[PART],
        commit_properties=_MARK,
        writer_properties=WRITER,
    )


def _write_part(table: DeltaTable, reader: pa.RecordBatchReader, parts: Sequence[str]) -> None:
    named = ", ".join(f"'{part}'" for part in parts)
    predicate = f"{PART} IN ({named})"
    write_deltalake(
        table, reader, mode="overwrite", predicate=predicate, commit_properties=_MARK, writer_properties=WRITER
    )


def _parted(
    batches: Iterator[pa.RecordBatch], schema: pa.Schema, period: str, parts: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        lying = months.part_of(batch.column(period), parts)
        columns = {**dict(zip(batch.schema.names, batch.columns, strict=True)), PART: lying}
        yield pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)
