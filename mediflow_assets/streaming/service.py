"""`mediflow stream serve`: lands the topic without end, has its events validated in real time, and tells how it
fares."""

import contextlib
import os
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import pyarrow as pa

from mediflow_assets.errors import BrokerUnreachable, MediFlowError, OffsetsLost
from mediflow_assets.ingest.event_lease import is_asked_for, lock_of
from mediflow_assets.ingest.tombstones import Tombstones
from mediflow_assets.pipeline import landed_offsets
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.sources.feeds import FILE_NAME, Feeds
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.storage.lease import lake_lease
from mediflow_assets.streaming import figures
from mediflow_assets.streaming.alert_service import Alarms
from mediflow_assets.streaming.event_landing import land
from mediflow_assets.streaming.identity import bounds_of, know
from mediflow_assets.streaming.landing_query import Landing, starting_offsets
from mediflow_assets.streaming.ranges import to_land
from mediflow_assets.streaming.service_context import ServiceContext
from mediflow_assets.streaming.status_table import quarantined_share
from mediflow_assets.streaming.topic_landing import lag_of

HOLDER = "stream serve"
_TICK_SECONDS = 0.25
_LAG_SECONDS = 5.0
_NOTE_SECONDS = 30.0
_LEASE_SECONDS = 1.0
"""Longer than a look at the lease takes, and soon over where another service has it."""
_PATIENCE_SECONDS = (1.0, 2.0, 5.0, 10.0)
_KEPT_DELAYS = 20_000


@dataclass
class Chore:
    """What is to be done now and then beside the landing."""

    every_seconds: float
    do: Callable[[], None]
    due: float = 0.0


@dataclass
class Service(ServiceContext):
    """One service of one home. `stop` is set by a signal."""

    stop: threading.Event = field(default_factory=threading.Event)
    failures: int = 0
    _delays: "deque[int]" = field(default_factory=lambda: deque(maxlen=_KEPT_DELAYS))
    _rows: int = 0
    _since: float = field(default_factory=time.monotonic)

    def run(self) -> None:
        """Serve until stopped. Raises OffsetsLost, LakeBusy."""
        while not self.stop.is_set():
            with lake_lease(lock_of(self.home), HOLDER, _LEASE_SECONDS):
                self._serve()
            if self.stop.is_set():
                return
            self.say("The table was asked for: landing pauses.")
            while is_asked_for(self.home) and not self.stop.is_set():
                self.stop.wait(_TICK_SECONDS)

    def _is_to_end(self) -> bool:
        return self.stop.is_set() or is_asked_for(self.home)

    def _serve(self) -> None:
        """Land until stopped, or until somebody asks for the table. What fails and may pass is tried again."""
        # whoever asked for the table may have changed the key
        alarms = Alarms(self, PseudonymKey.load(self.secrets))
        try:
            while not self._is_to_end():
                try:
                    self._land(alarms)
                except OffsetsLost:
                    raise
                except MediFlowError as error:
                    self.failed(error)
                    patience = _PATIENCE_SECONDS[min(self.failures, len(_PATIENCE_SECONDS) - 1)]
                    self.failures += 1
                    until = time.monotonic() + patience
                    while time.monotonic() < until and not self._is_to_end():
                        self.stop.wait(_TICK_SECONDS)
        finally:
            alarms.close()

    def _land(self, alarms: Alarms) -> None:
        """Run the landing query, and look after everything beside it, until it ends."""
        held = bounds_of(self.lake, self.topic.broker, self.topic.name)
        if not held:
            raise BrokerUnreachable(f"There is no topic {self.topic.name} yet. The service looks again by itself.")
        landed = landed_offsets.landed_through(self.lake, self.topic.name)
        # names the range where something is gone
        to_land(self.topic.name, held, landed)
        know(self.lake, self.topic.broker, self.topic.name)
        checkpoint = self.scratch / f"landing-{os.getpid()}-{time.time_ns()}"
        landing = Landing(self._commit)
        with storage_errors("stream landing"):
            landing.start(
                self.session, self.kafka, self.topic.name, starting_offsets(self.topic.name, held, landed), checkpoint
            )
        self.say("Landing.")
        chores = [
            *(Chore(*each) for each in alarms.chores),
            Chore(_LAG_SECONDS, self._tell_lag),
            Chore(_NOTE_SECONDS, self._note),
        ]
        try:
            while landing.is_running and not self._is_to_end():
                self._do_one(chores)
                self.stop.wait(_TICK_SECONDS)
        finally:
            with contextlib.suppress(Exception):
                landing.close()
            shutil.rmtree(checkpoint, ignore_errors=True)
        if landing.error or (landing.query.exception() is not None and not self._is_to_end()):
            self._explain(landing.error)

    def _do_one(self, chores: list[Chore]) -> None:
        """Do the chore that is most overdue. One at a time: each may wait for a broker that is down, and the table is
        to be given up soon where it is asked for."""
        now = time.monotonic()
        chore = min(chores, key=lambda each: each.due)
        if chore.due > now:
            return
        try:
            with storage_errors("stream serve"):
                chore.do()
        except OffsetsLost:
            raise
        except MediFlowError as error:
            self.failed(error)
        chore.due = time.monotonic() + chore.every_seconds

    def _explain(self, error: Exception | None) -> None:
        """Raise what the end of the query means."""
        if isinstance(error, MediFlowError):
            raise error
        # the query ends where offsets were lost; which ones, the broker and the table tell
        held = bounds_of(self.lake, self.topic.broker, self.topic.name)
        to_land(self.topic.name, held, landed_offsets.landed_through(self.lake, self.topic.name))
        raise BrokerUnreachable("The landing query ended. It is started again.")

    def _commit(self, batches: list[pa.RecordBatch], through: dict[int, int]) -> None:
        """One batch into the table, by the code that lands ranges."""
        with storage_errors("stream landing"):
            begun = time.monotonic()
            feeds = Feeds.load(self.home / FILE_NAME)
            landed = land(self.lake, self.topic.name, batches, through, Tombstones.load(self.home), feeds=feeds)
        self.failures = 0
        self._rows += landed.rows
        self._delays.extend(landed.delays_ms)
        self.metrics.landed(landed.rows, time.monotonic() - begun, figures.percentiles(landed.delays_ms), through)

    def _tell_lag(self) -> None:
        lag = lag_of(self.lake, self.topic)
        self.metrics.lag(lag)
        figures.note_figures(self.home, lag=lag)

    def _note(self) -> None:
        """What was landed in the last half minute, where something was."""
        seconds, rows, delays = time.monotonic() - self._since, self._rows, list(self._delays)
        self._since, self._rows = time.monotonic(), 0
        self.metrics.quarantined(quarantined_share(self.lake))
        if rows:
            self._delays.clear()
            figures.note_figures(self.home, landing=figures.landing_figures(rows, seconds, delays))
