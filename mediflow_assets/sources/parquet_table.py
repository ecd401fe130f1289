"""Parquet: typed columns as texts. Its footer tells how many records there are."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mediflow_assets.sources.delivery import Limits, Recognised
from mediflow_assets.sources.refusing import refusing
from mediflow_assets.sources.source import Candidate
from mediflow_assets.sources.table_format import (
    SAMPLE,
    TableBatch,
    TableFormat,
    TableTop,
    named,
)
from mediflow_assets.sources.table_texts import texts_of
from mediflow_assets.sources.unpacking import Unpacking

_DAMAGED = "the Parquet file is damaged, cut short or encrypted. Deliver it again."
_MARK = b"PAR1"
_AT_ONCE = 4096


def _is_one(file: Candidate) -> bool:
    return file.head.startswith(_MARK)


def _tops(file: Candidate) -> Iterator[TableTop]:
    with _opened(file.path, file.limits) as (table, unpacking):
        first = next(table.iter_batches(SAMPLE), None)
        columns = [cells.fill_null("").to_pylist() for cells in _texts(first, unpacking)] if first else []
        yield TableTop(named(table.schema_arrow.names), list(zip(*columns, strict=True)))


def _read(path: Path, what: Recognised) -> Iterator[TableBatch]:
    first = 1
    with _opened(path, what.limits) as (table, unpacking):
        for batch in table.iter_batches(_AT_ONCE):
            yield TableBatch(what.header, _texts(batch, unpacking), range(first, first + batch.num_rows))
            first += batch.num_rows


def _texts(batch: pa.RecordBatch, unpacking: Unpacking) -> list[pa.Array]:
    """Its columns as texts. A text that many records share is counted as often before it is written out for each."""
    cells = []
    for column in batch.columns:
        if pa.types.is_dictionary(column.type):
            size = pc.sum(pc.take(pc.binary_length(column.dictionary), column.indices)).as_py() or 0
            unpacking.take(size)
            cells.append(texts_of(column))
        else:
            cells.append(texts_of(column))
            unpacking.take(cells[-1].nbytes)
    return cells


def _count(path: Path, _: Recognised) -> int:
    with refusing(_DAMAGED):
        return int(pq.read_metadata(path).num_rows)


@contextmanager
def _opened(path: Path, limits: Limits) -> Iterator[tuple[pq.ParquetFile, Unpacking]]:
    """A file, whose pages are unpacked whole, and what counts its texts."""
    with refusing(_DAMAGED):
        about = pq.read_metadata(path)
        Unpacking(path, limits).take(sum(about.row_group(n).total_byte_size for n in range(about.num_row_groups)))
        texts = [field.name for field in about.schema.to_arrow_schema() if _is_text(field.type)]
        with pq.ParquetFile(path, read_dictionary=texts) as table:
            yield table, Unpacking(path, limits)


def _is_text(kind: pa.DataType) -> bool:
    return any(is_of(kind) for is_of in (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary))


PARQUET = TableFormat("parquet", _is_one, _tops, _read, _count)
