"""Records per delivery, counted in the tables; in Bronze that is the side that no parser or validate has touched."""

from collections import Counter
from typing import Any

import pyarrow.compute as pc

from mediflow_assets.contracts import bronze
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline.offset_ranges import OffsetRanges
from mediflow_assets.storage.delta import Lake


def records_by_delivery(
    lake: Lake, source: TableContract, target: TableContract | None = None, offset_ranges: OffsetRanges | None = None
) -> Counter[str]:
    """Rows of a table per delivery; of FHIR resources those of the type that `target` is made from, of events
    those within `spans`."""
    counts: Counter[str] = Counter()
    table = lake.open(source)
    if table is None:
        return counts
    wanted: Any = None
    if target is not None and source is bronze.FHIR_RESOURCES:
        # not by ==, which fails on files in which delta-rs wrote string views
        wanted = pc.field("resource_type").isin([bronze.FHIR_TYPES[target.name]])
    if offset_ranges is not None:
        wanted = offset_ranges.as_arrow()
    for batch in lake.dataset(source, table).to_batches(columns=["_delivery_id"], filter=wanted):
        for entry in pc.value_counts(batch.column(0)).to_pylist():
            counts[entry["values"]] += entry["counts"]
    return counts
