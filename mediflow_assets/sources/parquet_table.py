"""Parquet: typed columns as texts. Its footer tells how many records there are."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq

from mediflow_assets.sources.delivery import Recognised
from mediflow_assets.sources.refusing import refusing
from mediflow_assets.sources.source import Candidate
from mediflow_assets.sources.table_format import (
    RECORDS_AT_ONCE,
    SAMPLE,
    TableBatch,
    TableFormat,
    TableTop,
    Unpacking,
    named,
)
from mediflow_assets.sources.table_texts import texts_of

_DAMAGED = "the Parquet file is damaged, cut short or encrypted. Deliver it again."
_MARK = b"PAR1"


def _is_one(file: Candidate) -> bool:
    return file.head.startswith(_MARK)


def _tops(file: Candidate) -> Iterator[TableTop]:
    with _opened(file.path) as table:
        first = next(table.iter_batches(SAMPLE), None)
        columns = [texts_of(column).fill_null("").to_pylist() for column in first.columns] if first else []
        yield TableTop(named(table.schema_arrow.names), list(zip(*columns, strict=True)))


def _read(path: Path, what: Recognised) -> Iterator[TableBatch]:
    unpacking, first = Unpacking(path, what.limits), 1
    with _opened(path) as table:
        for batch in table.iter_batches(RECORDS_AT_ONCE):
            cells = [texts_of(column) for column in batch.columns]
            unpacking.take(sum(column.nbytes for column in cells))
            yield TableBatch(what.header, cells, range(first, first + batch.num_rows))
            first += batch.num_rows


def _count(path: Path, _: Recognised) -> int:
    with refusing(_DAMAGED):
        return int(pq.read_metadata(path).num_rows)


@contextmanager
def _opened(path: Path) -> Iterator[pq.ParquetFile]:
    with refusing(_DAMAGED), pq.ParquetFile(path) as table:
        yield table


PARQUET = TableFormat("parquet", _is_one, _tops, _read, _count)
