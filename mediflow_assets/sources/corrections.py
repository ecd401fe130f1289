"""Corrections: what people changed in delivered records. The other columns of the file are the fields to be mended."""

import json

import pyarrow as pa

from mediflow_assets.contracts import bronze
from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources.csv_header import header_line, header_names, refuse_repeated_names
from mediflow_assets.sources.delivery import Recognised
from mediflow_assets.sources.feed_section import DELIMITERS
from mediflow_assets.sources.people import Named, lists
from mediflow_assets.sources.source import Candidate, Source

KEYS = {"_delivery_id": "target_delivery_id", "_record_number": "target_record_number"}
_CONTRACT = bronze.SOURCES["corrections"]


def _recognise(file: Candidate) -> Recognised | None:
    """A CSV file that names a record by these two keys, and something to be mended."""
    try:
        line = header_line(file.head)
    except DeliveryRefused:
        # no CSV file at all
        return None
    for delimiter in DELIMITERS:
        header = header_names(line, delimiter) or ()
        if set(KEYS) < set(header):
            refuse_repeated_names(header)
            columns = tuple(KEYS.get(name) for name in header)
            return Recognised(
                _CONTRACT.name, "csv", None, file.compression, delimiter, columns, header, limits=file.limits
            )
    return None


def _people(records: pa.RecordBatch) -> Named:
    """Any value of a patch may be the id of a patient."""
    patches = records.column("corrections").to_pylist()
    found = [[text for text in json.loads(patch or "{}").values() if isinstance(text, str)] for patch in patches]
    nobody = lists([()] * len(found))
    return Named(lists(found), nobody, nobody)


CORRECTIONS = Source(
    _CONTRACT, recognise=_recognise, people=_people, accepts=(tuple(KEYS), ("the columns to be mended",))
)
