"""The formats of typed tables, and their records in Bronze's columns: named and composed as those of CSV."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from mediflow_assets.sources.avro_table import AVRO
from mediflow_assets.sources.composing import bronze_columns
from mediflow_assets.sources.delivery import Recognised, RecordBatchOfDelivery
from mediflow_assets.sources.json_table import JSON_ARRAY, JSON_LINES
from mediflow_assets.sources.parquet_table import PARQUET
from mediflow_assets.sources.source import Candidate
from mediflow_assets.sources.table_format import TableFormat
from mediflow_assets.sources.workbook import WORKBOOK

TYPED = (PARQUET, AVRO, WORKBOOK)
JSON = (JSON_LINES, JSON_ARRAY)
FORMATS: Mapping[str, TableFormat] = {each.name: each for each in (*TYPED, *JSON)}


def format_of(file: Candidate, formats: tuple[TableFormat, ...]) -> TableFormat | None:
    """Of which format a file is, by its first bytes."""
    return next((each for each in formats if each.is_one(file)), None)


def read_table(path: Path, what: Recognised) -> Iterator[RecordBatchOfDelivery]:
    """All records of a typed table, in order, numbered from 1."""
    for batch in FORMATS[what.form].read(path, what):
        more = (None,) * (len(batch.header) - len(what.header))
        seen = replace(what, header=batch.header, columns=(*what.columns, *more)) if more else what
        columns = bronze_columns(seen, batch.cells, len(batch.numbers))
        numbers = pa.array(np.asarray(batch.numbers, np.int64))
        accepted = pa.RecordBatch.from_arrays([*columns.values(), numbers], names=[*columns, "_record_number"])
        yield RecordBatchOfDelivery(accepted, batch.rejects, batch.total_rows)
