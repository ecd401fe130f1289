"""The alerts' side of the service: keeps their query running on the newest baselines, and their table up to date."""

import contextlib
import datetime as dt
import json
import shutil
from collections import deque
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from mediflow_assets.contracts import gold
from mediflow_assets.contracts.events import MICRO_BATCH, REAL_TIME, SOURCE, STREAM_ALERTS
from mediflow_assets.errors import MediFlowError, OffsetsLost, StreamFailed
from mediflow_assets.ingest.tombstones import Tombstones
from mediflow_assets.pipeline import landed_offsets
from mediflow_assets.pipeline.change import hold_key
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.sources.feeds import FILE_NAME, Feeds
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.storage.schemas import arrow_schema
from mediflow_assets.streaming import figures
from mediflow_assets.streaming.alert_query import (
    AlertRules,
    Place,
    committed_batch,
    committed_offsets,
    is_about_real_time,
    start_alerts,
)
from mediflow_assets.streaming.alerts_table import take_in
from mediflow_assets.streaming.identity import bounds_of, know
from mediflow_assets.streaming.landing_query import starting_offsets
from mediflow_assets.streaming.producing import make_topic
from mediflow_assets.streaming.ranges import bounded, to_land
from mediflow_assets.streaming.service_context import ServiceContext
from mediflow_assets.transforms.feeds import FeedReader

_TAKE_IN_SECONDS = 5.0
_LOOK_SECONDS = 10.0
_STALL_SECONDS = 4.0
_MOST_AT_ONCE = 20_000
"""Alerts taken in at a time: whoever asks for the table waits for no more."""
_KEPT_DELAYS = 1_000
_SCHEMA = arrow_schema(STREAM_ALERTS)
_MONEY = ("value", "expected_low", "expected_high")


class Alarms:
    """The query of alerts of one service, under the key of the pseudonyms that the service has now."""

    def __init__(self, service: ServiceContext, key: PseudonymKey) -> None:
        self.service = service
        self.key = key
        self.mode = REAL_TIME
        self.version: int | None = None
        self.query: Any = None
        self._batch = -1
        self._newest: int | None = None
        self._delays: deque[int] = deque(maxlen=_KEPT_DELAYS)
        self.chores = ((_LOOK_SECONDS, self._look), (0.0, self._renew), (_TAKE_IN_SECONDS, self._take_in))

    @property
    def checkpoint(self) -> Path:
        """Where the query was, batch by batch."""
        return self.service.scratch / f"alerts-{self.mode}"

    def close(self) -> None:
        """Stop the query; alerts that are on their way are taken in, else by the next start."""
        self._stop()
        with contextlib.suppress(MediFlowError), storage_errors("stream alerts"):
            self._take_in()

    def _stop(self) -> None:
        if self.query is not None:
            with contextlib.suppress(Exception):
                self.query.stop()
            self.query = None

    def _look(self) -> None:
        """See that the query runs, and which baselines there are."""
        newest = self.service.lake.version(gold.COST_BASELINES)
        if newest != self._newest:
            self._newest, self._batch = newest, committed_batch(self.checkpoint)
        if self.query is not None and not self.query.isActive:
            error = self.query.exception()
            self._stop()
            if error is not None and not self._falls_back(error):
                self.service.failed(StreamFailed("The query ended. It is started again."), "alerts: ")
                self._pass_lost()
        if self.query is None:
            self._start(newest)

    def _renew(self) -> None:
        """Take in new baselines: start the query again, just after its checkpoint has told how far it is.

        At any other moment the events since then would be validated again: where baselines change more often than a
        batch ends, ever more of them.
        """
        if self.query is None or self._newest in (None, self.version):
            return
        if self.mode == REAL_TIME and committed_batch(self.checkpoint) == self._batch:
            return
        self._stop()
        self._start(self._newest)

    def _falls_back(self, error: BaseException) -> bool:
        """Whether Spark cannot run this in real time: then micro-batches take its place."""
        if self.mode != REAL_TIME or not is_about_real_time(error):
            return False
        self.mode = MICRO_BATCH
        self.service.say("alerts: real-time mode cannot run here; micro-batches take its place.")
        return True

    def _pass_lost(self) -> None:
        """Where the broker no longer has what comes next, say so, and go on with what it has."""
        topic, broker = self.service.topic.name, self.service.topic.broker
        validated = {partition: end - 1 for partition, end in committed_offsets(self.checkpoint, topic).items()}
        try:
            to_land(topic, bounds_of(self.service.lake, broker, topic), validated)
        except OffsetsLost as lost:
            self.service.failed(lost, "alerts, which go on with what there is: ")
            shutil.rmtree(self.checkpoint, ignore_errors=True)

    def _start(self, version: int) -> None:
        service = self.service
        if not service.topic.broker.bounds(service.alerts_topic):
            make_topic(service.topic.broker, service.alerts_topic, 2)
        hold_key(service.lake, STREAM_ALERTS, self.key.key_id)
        baselines, tombstones = service.lake.read(gold.COST_BASELINES), Tombstones.load(service.home)
        feeds = Feeds.load(service.home / FILE_NAME, service.timezone)
        marks = tombstones.marks_of(feeds.namespace_of(SOURCE))
        pads = PseudonymKey(tombstones.secret).hmac_pads
        reader = FeedReader((), feeds.namespaces, feeds.zone_of(SOURCE.system))
        rules = AlertRules(baselines, version, self.key.hmac_pads, marks, pads, reader)
        place = Place(
            service.topic.name, service.alerts_topic, self.checkpoint, self.mode, service.alerts_batch_seconds
        )
        held = service.topic.broker.bounds(service.topic.name)
        # a query that has a checkpoint goes on from there, whatever is given here
        offsets = starting_offsets(
            service.topic.name, held, landed_offsets.landed_through(service.lake, service.topic.name)
        )
        try:
            self.query = start_alerts(service.session, service.kafka, place, rules, offsets)
        except Exception as error:
            if self._falls_back(error):
                return self._start(version)
            raise
        self.version = version
        service.metrics.alerting(self.mode, version)
        service.say(f"Alerts: {self.mode}, {_named(version)}.")

    def _take_in(self) -> None:
        service = self.service
        topic, broker = service.alerts_topic, service.topic.broker
        known = landed_offsets.landed_through(service.lake, topic, STREAM_ALERTS)
        try:
            held = bounds_of(service.lake, broker, topic, STREAM_ALERTS)
            ranges = bounded(to_land(topic, held, known), _MOST_AT_ONCE)
        except OffsetsLost as lost:
            # the events are landed all the same
            return service.failed(lost, "alerts, which are not taken in: ")
        if not ranges:
            return
        know(service.lake, broker, topic, STREAM_ALERTS)
        messages = [each for wanted in ranges for some in broker.read(wanted, _STALL_SECONDS) for each in some]
        rows = [row for each in messages if (row := _row(each.value, each.timestamp))]
        batch = pa.Table.from_pylist(rows, schema=_SCHEMA).to_batches()
        new = take_in(service.lake, batch, topic, {each.partition: each.end - 1 for each in ranges})
        self._delays.extend(int((row["alerted_at"] - row["received_at"]).total_seconds() * 1000) for row in rows)
        told = figures.percentiles(list(self._delays))
        service.metrics.alerted(new, told)
        figures.note_figures(service.home, alerts=told | {"mode": self.mode, "version": self.version})


def _named(version: int) -> str:
    return f"baselines of version {version}" if version >= 0 else "no baselines yet: costs are not compared"


def _row(value: bytes | None, alerted_ms: int) -> dict[str, Any] | None:
    """An alert of the topic as a row of the table."""
    if value is None:
        return None
    told = json.loads(value, parse_float=Decimal)
    times = {name: dt.datetime.fromisoformat(told[name]) for name in ("occurred_at", "received_at") if told.get(name)}
    money = {name: Decimal(told[name]).quantize(Decimal("0.01")) for name in _MONEY if told.get(name) is not None}
    alerted = {"alerted_at": dt.datetime.fromtimestamp(alerted_ms / 1000, dt.UTC)}
    return {name: told.get(name) for name in _SCHEMA.names} | times | money | alerted
