"""`mediflow stream serve`: lands the topic without end, has its events judged in real time, and tells how it fares."""

import contextlib
import os
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from mediflow_assets.contracts.events import STREAM_ALERTS
from mediflow_assets.errors import BrokerUnreachable, MediFlowError, OffsetsLost
from mediflow_assets.governance.keys import PseudonymKey
from mediflow_assets.governance.tombstones import Tombstones
from mediflow_assets.steps.change import hold_key
from mediflow_assets.steps.events import is_asked_for, land, lock_of
from mediflow_assets.steps.stream_alarms import Alarms
from mediflow_assets.steps.stream_landing import Topic
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.storage.lease import lake_lease
from mediflow_assets.streaming import figures, progress
from mediflow_assets.streaming.landing_query import Landing, starting_offsets
from mediflow_assets.streaming.metrics import Metrics
from mediflow_assets.streaming.ranges import to_land
from mediflow_assets.streaming.spark import Kafka

HOLDER = "stream serve"
_TICK_SECONDS = 0.25
_NOTE_SECONDS = 30
_PATIENCE_SECONDS = (1.0, 2.0, 5.0, 10.0)
_KEPT_DELAYS = 20_000
Tell = Callable[[str], None]


@dataclass
class Service:
    """One service of one home. `stop` is set by a signal."""

    home: Path
    lake: Lake
    topic: Topic
    kafka: Kafka
    alerts_topic: str
    key: PseudonymKey
    session: Any
    metrics: Metrics
    tell: Tell
    stop: threading.Event = field(default_factory=threading.Event)
    failures: int = 0
    _delays: "deque[int]" = field(default_factory=lambda: deque(maxlen=_KEPT_DELAYS))
    _rows: int = 0
    _since: float = field(default_factory=time.monotonic)

    @property
    def scratch(self) -> Path:
        """Checkpoints: what Spark needs to go on within one start; across starts the tables tell."""
        return self.home / "stream"

    def run(self) -> None:
        """Serve until stopped. Raises OffsetsLost, LakeBusy."""
        while not self.stop.is_set():
            with lake_lease(lock_of(self.home), HOLDER, wait_seconds=0):
                self._serve()
            if self.stop.is_set():
                return
            self.tell("The table was asked for: landing pauses.")
            while is_asked_for(self.home) and not self.stop.is_set():
                self.stop.wait(_TICK_SECONDS)

    def _serve(self) -> None:
        """Land until stopped, or until somebody asks for the table. What fails and may pass is tried again."""
        alarms = Alarms(self)
        try:
            while not self.stop.is_set() and not is_asked_for(self.home):
                try:
                    self._land(alarms)
                except OffsetsLost:
                    raise
                except MediFlowError as error:
                    self.metrics.failed()
                    self.tell(str(error))
                    patience = _PATIENCE_SECONDS[min(self.failures, len(_PATIENCE_SECONDS) - 1)]
                    self.failures += 1
                    self.stop.wait(patience)
        finally:
            alarms.close()

    def _land(self, alarms: Alarms) -> None:
        """Run the landing query, and look after everything beside it, until it ends."""
        held = self.topic.broker.bounds(self.topic.name)
        if not held:
            raise BrokerUnreachable(f"There is no topic {self.topic.name} yet. The service looks again by itself.")
        landed = progress.landed_through(self.lake, self.topic.name)
        # names the range where something is gone
        to_land(self.topic.name, held, landed)
        checkpoint = self.scratch / f"landing-{os.getpid()}-{time.time_ns()}"
        landing = Landing(self._commit)
        with storage_errors("stream landing"):
            landing.start(
                self.session, self.kafka, self.topic.name, starting_offsets(self.topic.name, held, landed), checkpoint
            )
        self.tell("Landing.")
        try:
            while landing.is_running and not self.stop.is_set() and not is_asked_for(self.home):
                alarms.look_after()
                self._note()
                self.stop.wait(_TICK_SECONDS)
        finally:
            with contextlib.suppress(Exception):
                landing.close()
            shutil.rmtree(checkpoint, ignore_errors=True)
        if landing.error or (landing.query.exception() is not None and not self.stop.is_set()):
            self._explain(landing.error)

    def _explain(self, error: Exception | None) -> None:
        """Raise what the end of the query means."""
        if isinstance(error, MediFlowError):
            raise error
        # the query ends where offsets were lost; which ones, the broker and the table tell
        held = self.topic.broker.bounds(self.topic.name)
        to_land(self.topic.name, held, progress.landed_through(self.lake, self.topic.name))
        raise BrokerUnreachable("The landing query ended. It is started again.")

    def _commit(self, batches: list[pa.RecordBatch], through: dict[int, int]) -> None:
        """One batch into the table, by the code that lands ranges."""
        with storage_errors("stream landing"):
            begun = time.monotonic()
            landed = land(self.lake, self.topic.name, batches, through, Tombstones.load(self.home))
        self.failures = 0
        self._rows += landed.rows
        self._delays.extend(landed.delays_ms)
        self.metrics.landed(landed.rows, time.monotonic() - begun, figures.percentiles(landed.delays_ms), through)

    def _note(self) -> None:
        """Now and then the figures go to the table."""
        seconds = time.monotonic() - self._since
        if seconds < _NOTE_SECONDS or not self._rows:
            return
        told = figures.landing_figures(self._rows, seconds, list(self._delays), self.topic.landing)
        self._rows, self._since = 0, time.monotonic()
        self._delays.clear()
        with contextlib.suppress(MediFlowError), storage_errors("stream figures"):
            figures.note_figures(self.lake, landing=told)
        with contextlib.suppress(MediFlowError):
            held = self.topic.broker.bounds(self.topic.name)
            landed = progress.landed_through(self.lake, self.topic.name)
            self.metrics.lag({p: max(b.end - 1 - landed.get(p, -1), 0) for p, b in held.items()})

    def hold_key(self) -> None:
        """Take note of the key of the alerts."""
        hold_key(self.lake, STREAM_ALERTS, self.key.key_id)
