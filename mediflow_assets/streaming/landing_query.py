"""The landing's query: Structured Streaming reads the topic; this process, which holds the lease, commits each batch.

Not Spark itself: a JVM outlives a killed service by a moment, and could still commit what the next one has landed.
"""

import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from mediflow_assets.errors import StreamFailed
from mediflow_assets.streaming.ranges import Bounds
from mediflow_assets.streaming.rows import rows_of_table
from mediflow_assets.streaming.spark import Kafka, read_topic

MOST_PER_BATCH = 100_000
TRIGGER = "1 second"
Land = Callable[[list[pa.RecordBatch], dict[int, int]], None]


class Landing:
    """A running query, its last error, and the gate that no batch passes once it is closed."""

    def __init__(self, land: Land) -> None:
        self._land = land
        self._gate = threading.Lock()
        self._is_open = True
        self.error: Exception | None = None
        self.query: Any = None

    def start(self, session: Any, kafka: Kafka, topic: str, offsets: str, checkpoint: Path) -> "Landing":
        """Read from these offsets on."""
        stream = read_topic(session, kafka, topic, offsets, MOST_PER_BATCH, has_headers=True)
        writer = stream.writeStream.foreachBatch(self._on_batch).option("checkpointLocation", str(checkpoint))
        self.query = writer.queryName("landing").trigger(processingTime=TRIGGER).start()
        return self

    def close(self) -> None:
        """Let the batch in hand be committed, and none after it."""
        with self._gate:
            self._is_open = False
        if self.query is not None:
            self.query.stop()

    @property
    def is_running(self) -> bool:
        """Whether the query goes on."""
        return self.error is None and self.query is not None and bool(self.query.isActive)

    def _on_batch(self, frame: Any, _: int) -> None:
        rows = frame.select("topic", "partition", "offset", "timestamp", "key", "value", "headers").toArrow()
        with self._gate:
            if not self._is_open:
                raise StreamFailed("The landing is closed.")
            try:
                self._land(*rows_of_table(rows))
            except Exception as error:
                self.error = error
                raise StreamFailed("The batch was not landed.") from None


def starting_offsets(topic: str, held: Mapping[int, Bounds], landed: Mapping[int, int]) -> str:
    """Where each partition goes on, as Spark is told it: behind what the table has, else at the partition's begin."""
    places = {
        str(partition): landed[partition] + 1 if landed.get(partition, -1) >= 0 else bounds.first
        for partition, bounds in sorted(held.items())
    }
    return json.dumps({topic: places})
