"""Reading tables for an erasure: some rows at a time, and whom each names."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts import TABLES
from mediflow_assets.contracts.borne import value_of
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.privacy.erasure.mentions import mentioning
from mediflow_assets.sources import Feeds
from mediflow_assets.sources.people import Named
from mediflow_assets.sources.source import Source
from mediflow_assets.storage.delta import Lake


def table_of(name: str) -> TableContract:
    """The Bronze contract of a name."""
    return TABLES[name]


def batches(lake: Lake, contract: TableContract, columns: list[str], wanted: Any = None) -> Iterator[pa.RecordBatch]:
    """A table's rows, some at a time; none where it does not exist."""
    table = lake.open(contract)
    if table is not None:
        yield from lake.dataset(contract, table).to_batches(columns=columns, filter=wanted)


def distinct(lake: Lake, contract: TableContract, column: str, wanted: Any = None) -> set[str]:
    """The values of a column."""
    values: set[str] = set()
    for batch in batches(lake, contract, [column], wanted):
        values.update(value for value in pc.unique(batch.column(0)).to_pylist() if value)
    return values


def records_of(
    lake: Lake, source: Source, feeds: Feeds, ids: Iterable[str] | None = None, more: Sequence[str] = ()
) -> Iterator[tuple[str, pa.RecordBatch, Named]]:
    """A source's records, apart by whose their ids are, and whom each names; of records that name people in a text only
    those that may name one of some ids. `more` are columns besides those that tell it."""
    contract = source.contract
    wanted = None
    if ids is not None and contract.text and not contract.patient:
        # short ids as well: what the source then reads of each record decides
        wanted = mentioning(contract.text, map(value_of, ids), shortest=1)
    feed = [name for name in ("_feed",) if name in contract.table.by_name]
    columns = list(dict.fromkeys([*source.people_columns, *feed, *more]))
    for batch in batches(lake, contract.table, columns, wanted):
        for namespace, records in feeds.by_namespace(contract, batch):
            yield namespace, records, source.named(records)
