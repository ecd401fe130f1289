"""Reading and counting a recognised delivery, each in its source's way."""

from collections.abc import Iterator
from pathlib import Path

from mediflow_assets.sources.delivery import Recognised, RecordBatchOfDelivery
from mediflow_assets.sources.registry import sources


def read_batches(path: Path, what: Recognised) -> Iterator[RecordBatchOfDelivery]:
    """The records in batches of Bronze's columns, streamed; DeliveryRefused where the file breaks off."""
    return sources()[what.source].read(path, what)


def count_records(path: Path, what: Recognised) -> int:
    """The number of records the file delivers, good or bad, by a second reader that shares no parsing with the first.

    Landing compares the two: a record that one of them loses shows as a difference.
    """
    return sources()[what.source].count(path, what)
