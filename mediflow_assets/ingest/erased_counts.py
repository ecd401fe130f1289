"""Counts of records that are gone: rows of `bronze/erased`, per delivery, Bronze table and Silver table."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import Any

from mediflow_assets.contracts import bronze, erasure
from mediflow_assets.ingest.inbox import Delivery
from mediflow_assets.storage.delta import Lake

Counts = Counter[tuple[str, str]]
"""Records by table and delivery."""


def counted(delivery: Delivery, refused: Mapping[str, int], rejects: int) -> list[dict[str, Any]]:
    """Rows for what a delivery held of erased patients; its `received_at` stands for the time."""
    source = bronze.SOURCES[delivery.source]
    counts: Counter[str] = Counter()
    for kind, records in refused.items():
        for table in (source.table.name, *source.targets_of(kind)):
            counts[table] += records
    counts[source.table.name] += rejects
    return [
        row("", table, delivery.delivery_id, records, delivery.received_at)
        for table, records in counts.items()
        if records
    ]


def row(erasure_id: str, table: str, delivery_id: str, records: int, at: dt.datetime) -> dict[str, Any]:
    """One row of `bronze/erased`."""
    return {
        "erasure_id": erasure_id,
        "table": table,
        "_delivery_id": delivery_id,
        "records": records,
        "counted_at": at,
    }


def erased_records(lake: Lake) -> Counts:
    """How many records are gone, by table and delivery."""
    counts: Counts = Counter()
    for found in lake.read(erasure.ERASED, ["table", "_delivery_id", "records"]).to_pylist():
        counts[found["table"], found["_delivery_id"]] += found["records"]
    return counts
