"""The alerts' own query: topic → rules → topic, in real time where Spark can, else in micro-batches."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import functions as F

from mediflow_assets.contracts.events import REAL_TIME
from mediflow_assets.streaming.ranges import delivery_of
from mediflow_assets.streaming.spark import REAL_TIME_BATCH, Kafka, read_topic, small_frame
from mediflow_assets.transforms import alerts

MICRO_BATCH_TRIGGER = "200 milliseconds"


@dataclass(frozen=True)
class AlertRules:
    """What events are compared with: the baselines of a version, and the key of the pseudonyms."""

    baselines: pa.Table
    version: int
    pads: tuple[bytes, bytes]

    def pads_table(self) -> pa.Table:
        """The pads as one row."""
        inner, outer = self.pads
        return pa.table({"_inner_pad": pa.array([inner], pa.binary()), "_outer_pad": pa.array([outer], pa.binary())})


def start_alerts(
    session: Any, kafka: Kafka, topic: str, out: str, rules: AlertRules, checkpoint: Path, mode: str, offsets: str
) -> Any:
    """Start the query; it goes on where the checkpoint says, else at `offsets`."""
    messages = read_topic(session, kafka, topic, offsets).select(
        "value",
        F.concat(F.lit(delivery_of(topic, 0)[:-1]), F.col("partition").cast("string")).alias("_delivery_id"),
        F.col("offset").alias("_record_number"),
        F.col("timestamp").alias("_ingested_at"),
    )
    pads = small_frame(session, rules.pads_table())
    shaped = alerts.judged(alerts.as_records_in_sql(messages))
    found = alerts.alerts_of(shaped, small_frame(session, rules.baselines), pads)
    told = found.withColumns({"baseline_version": F.lit(rules.version).cast("bigint"), "mode": F.lit(mode)})
    rows = told.select(F.col("encounter_key").alias("key"), F.to_json(F.struct("*")).alias("value"))
    writer = kafka.on(rows.writeStream).option("topic", out).option("checkpointLocation", str(checkpoint))
    writer = writer.option("kafka.linger.ms", "0").outputMode("update").queryName("alerts")
    trigger = {"realTime": REAL_TIME_BATCH} if mode == REAL_TIME else {"processingTime": MICRO_BATCH_TRIGGER}
    return writer.trigger(**trigger).start()


def is_about_real_time(error: BaseException) -> bool:
    """Whether Spark says that it cannot run this in real time."""
    text = str(error)
    return "REAL_TIME" in text or "RealTime" in text or "realTime" in text
