"""The alerts' own query: topic → rules → topic, in real time where Spark can, else in micro-batches."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import functions as F

from mediflow_assets.contracts.events import REAL_TIME, delivery_of
from mediflow_assets.streaming.spark import Kafka, read_topic, small_frame
from mediflow_assets.transforms import alerts
from mediflow_assets.transforms.feeds import FeedReader
from mediflow_assets.transforms.pseudonyms import HMAC_PADS, TOMBSTONE_HMAC_PADS

MICRO_BATCH_TRIGGER = "200 milliseconds"


HmacPads = tuple[bytes, bytes]


@dataclass(frozen=True)
class AlertRules:
    """What events are compared with, the baselines of a version; the pads of the pseudonyms' key; and the marks of
    erased patients, of whom nothing is told, with the pads of theirs."""

    baselines: pa.Table
    version: int
    hmac_pads: HmacPads = field(repr=False)
    erased: frozenset[str] = frozenset()
    tombstone_hmac_pads: HmacPads = field(default=(b"", b""), repr=False)
    reader: FeedReader = field(default_factory=FeedReader)
    """Whose the ids of events are, and in which zone their times without an offset."""

    def hmac_pads_table(self) -> pa.Table:
        """The pads of both keys as one row."""
        hmac_pads = zip((*HMAC_PADS, *TOMBSTONE_HMAC_PADS), (*self.hmac_pads, *self.tombstone_hmac_pads), strict=True)
        return pa.table({name: pa.array([pad], pa.binary()) for name, pad in hmac_pads})

    def erased_table(self) -> pa.Table:
        """The marks, one a row."""
        return pa.table({alerts.ERASED: pa.array(sorted(self.erased), pa.string())})


@dataclass(frozen=True)
class Place:
    """Between which topics the query runs, how, and where it notes how far it is.

    In real time that is once in `batch_seconds`. Between two batches events wait a moment; after a kill those of the
    last one are validated, and their alerts sent, again.
    """

    topic: str
    out: str
    checkpoint: Path
    mode: str
    batch_seconds: int


def start_alerts(session: Any, kafka: Kafka, place: Place, rules: AlertRules, offsets: str) -> Any:
    """Start the query; it goes on where the checkpoint says, else at `offsets`."""
    messages = read_topic(session, kafka, place.topic, offsets).select(
        "value",
        F.concat(F.lit(delivery_of(place.topic, 0)[:-1]), F.col("partition").cast("string")).alias("_delivery_id"),
        F.col("offset").alias("_record_number"),
        F.col("timestamp").alias("_ingested_at"),
    )
    hmac_pads = small_frame(session, rules.hmac_pads_table())
    erased = small_frame(session, rules.erased_table()) if rules.erased else None
    shaped = alerts.validated(alerts.as_records_in_sql(messages), rules.reader)
    departments = set(rules.baselines["department"].to_pylist())
    found = alerts.alerts_of(shaped, small_frame(session, rules.baselines), departments, hmac_pads, erased)
    told = found.withColumns({"baseline_version": F.lit(rules.version).cast("bigint"), "mode": F.lit(place.mode)})
    rows = told.select(F.col("encounter_key").alias("key"), F.to_json(F.struct("*")).alias("value"))
    writer = kafka.on(rows.writeStream).option("topic", place.out).option("checkpointLocation", str(place.checkpoint))
    writer = writer.option("kafka.linger.ms", "0").outputMode("update").queryName("alerts")
    if place.mode == REAL_TIME:
        return writer.trigger(realTime=f"{place.batch_seconds} seconds").start()
    return writer.trigger(processingTime=MICRO_BATCH_TRIGGER).start()


def is_about_real_time(error: BaseException) -> bool:
    """Whether Spark says that it cannot run this in real time: by the condition, not by what the plan is called."""
    return "[STREAMING_REAL_TIME_MODE" in str(error) or "realTimeMode.minBatchDuration" in str(error)


def committed_batch(checkpoint: Path) -> int:
    """The last batch that the query is through with, -1 for none."""
    return max((int(each.name) for each in checkpoint.glob("commits/*") if each.name.isdigit()), default=-1)


def committed_offsets(checkpoint: Path, topic: str) -> dict[int, int]:
    """Per partition where the query goes on after that batch; nothing where there was none."""
    try:
        lines = (checkpoint / "offsets" / str(committed_batch(checkpoint))).read_text().splitlines()
        return {int(partition): int(offset) for partition, offset in json.loads(lines[-1])[topic].items()}
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return {}
