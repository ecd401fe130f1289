"""HL7 messages that were not looked through for alerts yet: those of the topic by offset, those of files, and so of
MLLP, by delivery."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import bronze
from mediflow_assets.contracts.events import STREAM_ALERTS, delivery_of, hl7_of, partition_of
from mediflow_assets.contracts.hl7 import HL7_EVENTS, HL7_MESSAGES, SOURCE, STAYS
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline import landed_offsets
from mediflow_assets.pipeline.offset_ranges import OffsetRanges, in_offset_ranges
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.delta import Lake

_NOTE, CHECKED = "hl7_deliveries", "checked_rows"
_OVERLAP = dt.timedelta(hours=1)
"""Deliveries land in the order in which they came, but for those that come in while a run is on its way."""


@dataclass(frozen=True)
class Unjudged:
    """Messages of a table to look through, and what to note once their alerts are known."""

    table: TableContract
    which: Column
    commit: Callable[[Lake, pa.Table], None]

    def read(self, context: RunContext) -> DataFrame:
        """Those about visits."""
        kinds = [f"ADT^{event}" for event in STAYS]
        return context.tables.read(self.table).where(self.which & F.col("message_type").isin(kinds))


def unjudged(lake: Lake, topic: str) -> Iterator[Unjudged]:
    """What there is to look through."""
    topic = hl7_of(topic)
    if offset_ranges := ranges_unjudged(lake, topic, HL7_EVENTS):
        through = {partition_of(delivery)[1]: last for delivery, (_, last) in offset_ranges.items()}

        def commit(lake: Lake, rows: pa.Table) -> None:
            landed_offsets.append(lake, STREAM_ALERTS, rows, topic, through)

        yield Unjudged(HL7_EVENTS, in_offset_ranges(offset_ranges), commit)
    if deliveries := _deliveries(lake):
        yield Unjudged(HL7_MESSAGES, F.col("_delivery_id").isin(sorted(deliveries)), _noting(deliveries))


def ranges_unjudged(lake: Lake, topic: str, stream: TableContract) -> OffsetRanges:
    """Of each partition what is landed in a table, and not looked through."""
    landed = landed_offsets.landed_through(lake, topic, stream)
    validated = landed_offsets.landed_through(lake, topic, STREAM_ALERTS)
    return OffsetRanges(
        {
            delivery_of(topic, partition): (validated.get(partition, -1), last)
            for partition, last in landed.items()
            if last > validated.get(partition, -1)
        }
    )


def begin(lake: Lake) -> None:
    """Note, in a table of alerts that an older release made, that files of messages were looked through: whatever ever
    landed would alert else, years late. Of the last hour they are looked through."""
    if lake.property_of(STREAM_ALERTS, _NOTE) is None:
        is_older = lake.property_of(STREAM_ALERTS, CHECKED) is not None
        before = dt.datetime.now(dt.UTC) - _OVERLAP
        past = {id_: at for id_, at in _files(lake).items() if is_older and at < before}
        lake.set_properties(STREAM_ALERTS, **{_NOTE: _newest(past)})


def _files(lake: Lake) -> dict[str, dt.datetime]:
    rows = lake.read(bronze.DELIVERIES, ["delivery_id", "received_at"], pc.field("source").isin([SOURCE.name]))
    return {row["delivery_id"]: row["received_at"] for row in rows.to_pylist()}


def _deliveries(lake: Lake) -> dict[str, dt.datetime]:
    """Deliveries of files of messages, with when they came."""
    noted = lake.property_of(STREAM_ALERTS, _NOTE) or {}
    since = min(map(dt.datetime.fromisoformat, noted.values()), default=dt.datetime.min.replace(tzinfo=dt.UTC))
    return {id_: at for id_, at in _files(lake).items() if at >= since and id_ not in noted}


def _noting(deliveries: dict[str, dt.datetime]) -> Callable[[Lake, pa.Table], None]:
    def commit(lake: Lake, rows: pa.Table) -> None:
        if len(rows):
            lake.append(STREAM_ALERTS, rows)
        noted = lake.property_of(STREAM_ALERTS, _NOTE) or {}
        known = {id_: dt.datetime.fromisoformat(at) for id_, at in noted.items()}
        lake.set_properties(STREAM_ALERTS, **{_NOTE: _newest(known | deliveries)})

    return commit


def _newest(deliveries: dict[str, dt.datetime]) -> dict[str, str]:
    """Those to note: of all older ones it is known that they were looked through."""
    since = max(deliveries.values(), default=dt.datetime.max.replace(tzinfo=dt.UTC)) - _OVERLAP
    return {id_: at.isoformat() for id_, at in deliveries.items() if at >= since}
