"""Reading and counting a recognised delivery, each in the way of its format or its source."""

from collections.abc import Iterator
from pathlib import Path

from mediflow_assets.sources.delivery import Recognised, RecordBatchOfDelivery
from mediflow_assets.sources.opening import refuse_other_encoding
from mediflow_assets.sources.refusing import refusing
from mediflow_assets.sources.registry import sources
from mediflow_assets.sources.table_formats import FORMATS, read_table
from mediflow_assets.sources.text_form import UTF8


def read_batches(path: Path, what: Recognised) -> Iterator[RecordBatchOfDelivery]:
    """The records in batches of Bronze's columns, streamed; DeliveryRefused where the file breaks off."""
    has_broken = False
    with refusing():
        for batch in read_table(path, what) if what.form in FORMATS else sources()[what.source].read(path, what):
            has_broken = has_broken or any(each.reason == "bad_utf8" for each in batch.rejects)
            yield batch
        if has_broken and what.encoding == UTF8:
            refuse_other_encoding(path, what.compression, what.limits)


def count_records(path: Path, what: Recognised) -> int:
    """The number of records the file delivers, good or bad, by a second reader that shares no parsing with the first.

    Landing compares the two: a record that one of them loses shows as a difference.
    """
    count = FORMATS[what.form].count if what.form in FORMATS else sources()[what.source].count
    with refusing():
        return count(path, what)
