"""Giving a table that cannot be made again the columns and types of its contract: every row rewritten, in one
commit."""

from collections.abc import Iterator

import pyarrow as pa
from deltalake import write_deltalake

from mediflow_assets.contracts.table import TableContract
from mediflow_assets.errors import EngineFailed, UpgradeNeeded
from mediflow_assets.storage.delta import WRITER, Lake
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.storage.schemas import arrow_schema, padded


def recast(lake: Lake, contract: TableContract, keep_beyond: bool) -> None:
    """Rewrite the table by its contract; columns that no contract names go, or stay with `keep_beyond`.

    Raises UpgradeNeeded where a value would be lost by it; nothing is written then.
    """
    table = lake.open(contract)
    if table is None:
        return
    wanted = arrow_schema(contract)
    stored = padded(table, contract)
    beyond = [field for field in stored if keep_beyond and field.name not in wanted.names]
    schema = pa.schema([*wanted, *beyond])
    rows = lake.dataset(contract, table)
    unfit: set[str] = set()

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in rows.to_batches(columns=schema.names):
            yield pa.RecordBatch.from_arrays([_cast(batch, field, unfit) for field in schema], schema=schema)

    try:
        with storage_errors(f"{contract.name} rewriting"):
            write_deltalake(
                table,
                pa.RecordBatchReader.from_batches(schema, batches()),
                mode="overwrite",
                schema_mode="overwrite",
                writer_properties=WRITER,
            )
    except EngineFailed:
        # delta-rs tells of what a batch raised in its own words: whether it was a cast stands in `unfit`
        if not unfit:
            raise
        raise UpgradeNeeded(
            f"{contract.name}: values of {', '.join(sorted(unfit))} do not fit the type that the contract has now. "
            "Nothing was changed. Give the contract the old type, or the new one under another name."
        ) from None


def _cast(batch: pa.RecordBatch, field: pa.Field, unfit: set[str]) -> pa.Array:
    try:
        return batch.column(field.name).cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        unfit.add(field.name)
        raise
