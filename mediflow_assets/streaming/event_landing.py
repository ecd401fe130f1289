"""Landing events: messages of exact ranges go to Bronze, straight to Delta, what the table already has refused.

Used by both landings. What is read together, a range or up to 256 MiB of it, is one commit of each table with its
progress; what was refused is counted just before.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts import erasure
from mediflow_assets.contracts.events import ENCOUNTER_EVENTS, SOURCE, delivery_of
from mediflow_assets.ingest.erased_counts import row
from mediflow_assets.ingest.event_lease import lock_of
from mediflow_assets.ingest.refusing import is_named, refuse
from mediflow_assets.ingest.tombstones import Tombstones
from mediflow_assets.pipeline import landed_offsets
from mediflow_assets.sources.feeds import FILE_NAME, NO_FEEDS, Feeds
from mediflow_assets.sources.registry import source_of
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.lease import lake_lease
from mediflow_assets.storage.schemas import arrow_schema
from mediflow_assets.streaming.broker import Broker
from mediflow_assets.streaming.hl7_landing import Hl7Landing
from mediflow_assets.streaming.identity import bounds_of, know
from mediflow_assets.streaming.ranges import Range, beyond
from mediflow_assets.streaming.rows import IS_HL7, SCHEMA, rows_of

Latencies = list[int]
_TOGETHER_BYTES = 256 << 20


@dataclass
class LandedEvents:
    """What a landing did: rows written, messages it had already, messages of erased patients, and how long it took."""

    rows: int = 0
    known: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """By delivery."""
    seconds: float = 0
    delays_ms: Latencies = field(default_factory=list)
    """From the broker's time to the commit."""
    through: dict[int, int] = field(default_factory=dict)


def land_ranges(lake: Lake, home: Path, broker: Broker, ranges: Iterable[Range], holder: str) -> LandedEvents:
    """Land exactly these ranges, what the table has of them refused. Raises LakeBusy while another landing holds it,
    OffsetsLost, SettingsInvalid."""
    wanted = sorted(ranges)
    with lake_lease(lock_of(home), holder):
        landed, feeds = LandedEvents(), Feeds.load(home / FILE_NAME)
        for topic in dict.fromkeys(each.topic for each in wanted):
            mine = [each for each in wanted if each.topic == topic]
            known = landed_offsets.landed_through(lake, topic)
            missing = beyond(bounds_of(lake, broker, topic), known, mine)
            know(lake, broker, topic)
            landed.known += sum(map(len, mine)) - sum(map(len, missing))
            batches = _read(broker, missing)
            land(lake, topic, batches, {r.partition: r.end - 1 for r in mine}, Tombstones.load(home), landed, feeds)
        return landed


def land(
    lake: Lake,
    topic: str,
    batches: Iterable[pa.RecordBatch],
    through: dict[int, int],
    tombstones: Tombstones,
    landed: LandedEvents | None = None,
    feeds: Feeds = NO_FEEDS,
) -> LandedEvents:
    """Append the rows that are beyond what each partition has, up to `through`; of HL7 messages those of their table
    first. What comes together is one commit of each. The caller holds the lease of the table."""
    done, begun = landed or LandedEvents(), dt.datetime.now(dt.UTC)
    landed_offsets.know_topic(lake, topic)
    hl7 = Hl7Landing(lake, topic, tombstones, feeds)
    for some, reached in _together(batches, through):
        events = list(_apart(some, hl7))
        hl7.commit()
        _append(lake, topic, events, reached, (tombstones, feeds), done, begun)
    done.rows, done.known, done.refused = done.rows + hl7.rows, done.known + hl7.known, done.refused + hl7.refused
    ended = dt.datetime.now(dt.UTC)
    done.seconds += (ended - begun).total_seconds()
    done.delays_ms += _delays(hl7.times, ended)
    done.through |= through
    return done


def _append(
    lake: Lake,
    topic: str,
    batches: Iterable[pa.RecordBatch],
    through: dict[int, int],
    refused_by: tuple[Tombstones, Feeds],
    done: LandedEvents,
    begun: dt.datetime,
) -> None:
    """Append events up to `through` in one commit."""
    known = landed_offsets.landed_through(lake, topic)
    times: list[pa.Array] = []
    before = done.refused.copy()
    counted = landed_offsets.landed_through(lake, topic, erasure.ERASED)
    kept = _kept(batches, _by_delivery(topic, known), _by_delivery(topic, counted), refused_by, done, times)
    if refused_by[0]:
        # how many are refused has to be known before the rows are committed
        kept = iter(list(kept))
        _count_refused(lake, topic, done.refused - before, through, begun)
    if any(last > known.get(partition, -1) for partition, last in through.items()):
        landed_offsets.append(lake, ENCOUNTER_EVENTS, pa.RecordBatchReader.from_batches(SCHEMA, kept), topic, through)
    done.delays_ms += _delays(times, dt.datetime.now(dt.UTC))


def _delays(times: Iterable[pa.Array], ended: dt.datetime) -> Latencies:
    ended_us = int(ended.timestamp() * 1_000_000)
    return [ms for column in times for ms in ((ended_us - column.cast(pa.int64()).to_numpy()) // 1000).tolist()]


def _together(
    batches: Iterable[pa.RecordBatch], through: dict[int, int]
) -> Iterator[tuple[list[pa.RecordBatch], dict[int, int]]]:
    """Batches, so many at a time as memory holds well, and how far each partition is with them; the last ones reach as
    far as was asked for."""
    some: list[pa.RecordBatch] = []
    reached: dict[int, int] = {}
    size = 0
    for batch in batches:
        some.append(batch)
        size += batch.nbytes
        if batch.num_rows:
            # a batch is of one partition
            reached[batch.column("partition")[0].as_py()] = pc.max(batch.column("_record_number")).as_py()
        if size > _TOGETHER_BYTES:
            yield some, dict(reached)
            some, size = [], 0
    yield some, through


def _read(broker: Broker, ranges: list[Range]) -> Iterator[pa.RecordBatch]:
    for wanted in ranges:
        for messages in broker.read(wanted):
            yield rows_of(
                wanted.topic,
                wanted.partition,
                [(each.offset, max(each.timestamp, 0), each.key, each.value) for each in messages],
                [each.headers for each in messages],
            )


def _apart(batches: Iterable[pa.RecordBatch], hl7: Hl7Landing) -> Iterator[pa.RecordBatch]:
    """Events alone; what is HL7 is put aside."""
    for batch in batches:
        is_hl7 = batch.column(IS_HL7)
        if pc.any(is_hl7).as_py():
            hl7.add(batch.filter(is_hl7))
            batch = batch.filter(pc.invert(is_hl7))
        yield batch.select(SCHEMA.names)


def _kept(
    batches: Iterable[pa.RecordBatch],
    known: dict[str, int],
    counted: dict[str, int],
    refused_by: tuple[Tombstones, Feeds],
    done: LandedEvents,
    times: list[pa.Array],
) -> Iterator[pa.RecordBatch]:
    """Rows that the table has not, of patients who may be there."""
    for batch in batches:
        # a batch is of one partition
        last = known.get(batch.column("_delivery_id")[0].as_py(), -1) if batch.num_rows else -1
        new = batch.filter(pc.greater(batch.column("_record_number"), last))
        done.known += batch.num_rows - new.num_rows
        kept = _without_erased(new, *refused_by)
        if kept.num_rows < new.num_rows:
            gone = _places(new) - _places(kept)
            done.refused.update(id_ for id_, number in gone if number > counted.get(id_, -1))
        done.rows += kept.num_rows
        if kept.num_rows:
            times.append(kept.column("_ingested_at"))
            yield kept


def _places(batch: pa.RecordBatch) -> set[tuple[str, int]]:
    columns = (batch.column(name).to_pylist() for name in ("_delivery_id", "_record_number"))
    return set(zip(*columns, strict=True))


def _by_delivery(topic: str, through: dict[int, int]) -> dict[str, int]:
    return {delivery_of(topic, partition): last for partition, last in through.items()}


def _without_erased(batch: pa.RecordBatch, tombstones: Tombstones, feeds: Feeds) -> pa.RecordBatch:
    if not tombstones:
        return batch
    kept, _ = refuse(batch, source_of(ENCOUNTER_EVENTS), tombstones, feeds)
    # of a message that could not be read every word is looked at
    ids, values, keys = (kept.column(name).to_pylist() for name in ("patient_id", "value", "key"))
    is_kept = [
        id_ is not None or not (is_named(value or b"", tombstones) or is_named(key or b"", tombstones))
        for id_, value, key in zip(ids, values, keys, strict=True)
    ]
    return kept.filter(pa.array(is_kept, pa.bool_()))


def _count_refused(lake: Lake, topic: str, refused: Counter[str], through: dict[int, int], at: dt.datetime) -> None:
    """Count what is refused, once: a landing cut short after this finds those offsets counted already."""
    lake.ensure(erasure.ERASED)
    new = {delivery_of(topic, n): last for n, last in through.items() if refused[delivery_of(topic, n)]}
    if new:
        tables = (SOURCE.table.name, *SOURCE.by_target)
        rows = [row(f"to {last}", table, id_, refused[id_], at) for id_, last in new.items() for table in tables]
        landed_offsets.append(
            lake,
            erasure.ERASED,
            pa.Table.from_pylist(rows, schema=arrow_schema(erasure.ERASED)),
            topic,
            through,
        )
