"""Sources: one file for each, all of them in `registry`. Nothing outside asks which source a delivery is.

`recognise` says which source a file is, by header or content. `read_batches` streams its records as Arrow
batches of Bronze's columns, and what could not be split as rejects. `count_records` counts the records by
other means, so that a lost one shows. `Feeds` is what `sources.toml` says of the hospitals' exports;
`suggest` drafts a section of it. Nothing here validates values, and nothing here writes.
"""

from mediflow_assets.sources.delivery import Limits, Recognised, RecordBatchOfDelivery, Reject
from mediflow_assets.sources.feed import Feed
from mediflow_assets.sources.feeds import Feeds
from mediflow_assets.sources.reading import count_records, read_batches
from mediflow_assets.sources.recognise import recognise
from mediflow_assets.sources.suggest import suggest

__all__ = [
    "Feed",
    "Feeds",
    "Limits",
    "Recognised",
    "RecordBatchOfDelivery",
    "Reject",
    "count_records",
    "read_batches",
    "recognise",
    "suggest",
]
