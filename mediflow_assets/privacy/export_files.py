"""Files that leave the house: one masked table, with a manifest that says what it is and what was done to it."""

import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from mediflow_assets.contracts.profiles import Format
from mediflow_assets.contracts.table import Privacy, TableContract

_AT_ONCE = 65_536
_FORMULA = r"^\s*[=+\-@\t\r]"
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection)."""
_KEY_DIGITS = 32


def unlinked(table: pa.Table, contract: TableContract) -> pa.Table:
    """The rows with random keys in place of the pseudonyms, the same for the same, in an order that tells nothing."""
    for name in pseudonyms_of(contract):
        encoded = table[name].combine_chunks().dictionary_encode()
        keys = pa.array([secrets.token_hex(_KEY_DIGITS // 2) for _ in range(len(encoded.dictionary))], pa.string())
        table = table.set_column(table.schema.get_field_index(name), name, keys.take(encoded.indices))
    # rows in the order of the table would tell which of two exports' rows are of one person
    generator = np.random.default_rng(secrets.randbits(128))
    return table.take(pa.array(generator.permutation(table.num_rows)))


def pseudonyms_of(contract: TableContract) -> list[str]:
    """The columns that hold pseudonyms."""
    return [column.name for column in contract.columns if column.privacy is Privacy.PSEUDONYM]


def write(table: pa.Table, path: Path, format_: Format) -> None:
    """Write the rows to a new file, readable by its owner only. In CSV no text can begin a formula."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        if format_ is Format.PARQUET:
            pq.write_table(table.replace_schema_metadata(None), file, row_group_size=131_072)
        else:
            with pacsv.CSVWriter(file, table.schema) as writer:
                for batch in table.to_batches(max_chunksize=_AT_ONCE):
                    writer.write_batch(_formula_safe(batch))


def _formula_safe(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = []
    for field, column in zip(batch.schema, batch.columns, strict=True):
        if pa.types.is_string(field.type):
            is_formula = pc.fill_null(pc.match_substring_regex(column, _FORMULA), False)
            column = pc.if_else(is_formula, pc.binary_join_element_wise("'", column, ""), column)
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def columns_told(contract: TableContract) -> Iterator[dict[str, Any]]:
    """The columns as the manifest tells them."""
    for column in contract.columns:
        yield {
            "name": column.name,
            "type": str(column.type),
            "unit": column.unit,
            "description": column.description,
            "class": str(column.privacy),
            "derived_from": list(column.derived_from),
        }


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(path: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest beside the data, readable by its owner only."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(manifest, file, indent=2, sort_keys=True, default=str)
        file.write("\n")
