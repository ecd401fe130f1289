"""Reading a recognised delivery, whatever its form."""

from collections.abc import Iterator
from pathlib import Path

from mediflow_assets.sources.csv_batches import read_csv
from mediflow_assets.sources.delivery import Recognised, RecordBatchOfDelivery
from mediflow_assets.sources.fhir import read_fhir


def read_batches(path: Path, what: Recognised) -> Iterator[RecordBatchOfDelivery]:
    """The records in batches of Bronze's columns, streamed; DeliveryRefused where the file breaks off."""
    return read_csv(path, what) if what.form == "csv" else read_fhir(path, what)
