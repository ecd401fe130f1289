"""Records per delivery, counted in the tables; in Bronze that is the side that no parser and no rule has touched."""

from collections import Counter
from collections.abc import Collection
from functools import reduce
from operator import and_
from typing import Any

import pyarrow.compute as pc

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
    counts: Counter[str] = Counter()
    table = lake.seen(source)
    if table is None:
        return counts
    conditions: list[Any] = []
    if target is not None and (kinds := kinds_of(source, target)):
        conditions.append(pc.field(kinds[0]).isin(kinds[1]))
    if offset_ranges:
        conditions.append(offset_ranges.as_arrow())
    if deliveries is not None:
        # a delivery lies in few files, and the others tell by their statistics that they have none of it
        conditions.append(pc.field("_delivery_id").isin(sorted(deliveries)))
    wanted = reduce(and_, conditions) if conditions else None
    for batch in lake.dataset(source, table).to_batches(columns=["_delivery_id"], filter=wanted):
        for entry in pc.value_counts(batch.column(0)).to_pylist():
            counts[entry["values"]] += entry["counts"]
    return counts
