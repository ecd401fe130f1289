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
_OF_FHIR = b'"resourceType"'
FORMATS: Mapping[str, TableFormat] = {each.name: each for each in (*TYPED, *JSON)}


def typed_format(file: Candidate) -> TableFormat | None:
    """Of which format a file is, by its first bytes; None of text."""
    return None if file.compression else next((each for each in TYPED if each.is_one(file)), None)


def json_format(file: Candidate) -> TableFormat | None:
    """How a file of flat JSON is laid out; None of what is no JSON, or names the types of resources."""
    if file.head.lstrip()[:1] not in (b"{", b"[") or _OF_FHIR in file.head:
        return None
    return next(each for each in JSON if each.is_one(file))


def read_table(path: Path, what: Recognised) -> Iterator[RecordBatchOfDelivery]:
    """All records of a typed table, in order, numbered from 1."""
    for batch in FORMATS[what.form].read(path, what):
        more = (None,) * (len(batch.header) - len(what.header))
        seen = replace(what, header=batch.header, columns=(*what.columns, *more)) if more else what
        columns = bronze_columns(seen, batch.cells, len(batch.numbers))
        numbers = pa.array(np.asarray(batch.numbers, np.int64))
        accepted = pa.RecordBatch.from_arrays([*columns.values(), numbers], names=[*columns, "_record_number"])
        yield RecordBatchOfDelivery(accepted, batch.rejects, batch.total_rows)
