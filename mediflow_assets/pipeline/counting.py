"""Records per delivery, counted in the tables; in Bronze that is the side that no parser and no rule has touched.

Files that hold rows of one delivery, as a landing writes them, are counted by what their commit tells.
"""

from collections import Counter
from collections.abc import Collection
from functools import reduce
from operator import and_
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from deltalake import DeltaTable

from mediflow_assets.contracts import bronze
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline.offset_ranges import OffsetRanges
from mediflow_assets.storage.delta import Lake


def kinds_of(source: TableContract, target: TableContract) -> tuple[str, list[str]] | None:
    """The column that tells kinds of records apart, and the kinds that a Silver table is made from."""
    contract = bronze.BY_TABLE[source.name]
    found = contract.by_target.get(target.name)
    return (contract.kind, list(found.kinds)) if contract.kind and found and found.kinds else None


def records_by_delivery(
    lake: Lake,
    source: TableContract,
    target: TableContract | None = None,
    offset_ranges: OffsetRanges | None = None,
    deliveries: Collection[str] | None = None,
) -> Counter[str]:
    """Rows of a table per delivery: those of the kinds that `target` is made from; those within
    `offset_ranges`, if any are given; of these `deliveries` alone, where not all are asked for."""
    table = lake.seen(source)
    if table is None:
        return Counter()
    conditions: list[Any] = []
    if target is not None and (kinds := kinds_of(source, target)):
        conditions.append(pc.field(kinds[0]).isin(kinds[1]))
    if offset_ranges:
        conditions.append(offset_ranges.as_arrow())
    if deliveries is not None:
        # a delivery lies in few files, and the others tell by their statistics that they have none of it
        conditions.append(pc.field("_delivery_id").isin(sorted(deliveries)))
    wanted = reduce(and_, conditions) if conditions else None
    counts = {} if conditions else _told_by_log(table)
    found = Counter[str]()
    for delivery, rows in counts.values():
        found[delivery] += rows
    for batch in _but(lake.dataset(source, table), counts).to_batches(columns=["_delivery_id"], filter=wanted):
        for entry in pc.value_counts(batch.column(0)).to_pylist():
            found[entry["values"]] += entry["counts"]
    return found


def _but(dataset: ds.FileSystemDataset, files: Collection[str]) -> ds.FileSystemDataset:
    rest = [each for each in dataset.get_fragments() if PurePosixPath(each.path).name not in files]
    return ds.FileSystemDataset(rest, dataset.schema, dataset.format, dataset.filesystem) if files else dataset


def _told_by_log(table: DeltaTable) -> dict[str, tuple[str, int]]:
    """Files of which the log tells that all rows are of one delivery, by name, with it and how many they are."""
    actions = pa.table(table.get_add_actions(flatten=True))
    told = ("path", "num_records", *(f"{of}._delivery_id" for of in ("min", "max", "null_count")))
    if not set(told) <= set(actions.column_names):
        return {}
    rows = zip(*(actions[name].to_pylist() for name in told), strict=True)
    # a text that the log cuts short is another one as the least than as the greatest
    return {
        PurePosixPath(unquote(path)).name: (least, count)
        for path, count, least, greatest, empty in rows
        if least is not None and least == greatest and empty == 0 and count is not None
    }
