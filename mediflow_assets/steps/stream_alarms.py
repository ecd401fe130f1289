"""The alerts' side of the service: keeps their query running on the newest baselines, and their table up to date."""

import contextlib
import datetime as dt
import json
import shutil
import time
from collections import deque
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from mediflow_assets.contracts import gold
from mediflow_assets.contracts.events import MICRO_BATCH, REAL_TIME, STREAM_ALERTS
from mediflow_assets.errors import MediFlowError
from mediflow_assets.steps.stream_alerts import take_in
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.storage.schemas import arrow_schema
from mediflow_assets.streaming import figures, progress
from mediflow_assets.streaming.alert_query import AlertRules, is_about_real_time, start_alerts
from mediflow_assets.streaming.landing_query import starting_offsets
from mediflow_assets.streaming.producing import make_topic
from mediflow_assets.streaming.ranges import to_land

if TYPE_CHECKING:
    from mediflow_assets.steps.stream_service import Service

_TAKE_IN_SECONDS = 5.0
_BASELINES_SECONDS = 10.0
_KEPT_DELAYS = 1_000
_SCHEMA = arrow_schema(STREAM_ALERTS)
_MONEY = ("value", "expected_low", "expected_high")


class Alarms:
    """The query of alerts of one service."""

    def __init__(self, service: "Service") -> None:
        self.service = service
        self.mode = REAL_TIME
        self.version: int | None = None
        self.query: Any = None
        self._delays: deque[int] = deque(maxlen=_KEPT_DELAYS)
        self._taken = self._looked = 0.0

    def look_after(self) -> None:
        """Called often: start or restart the query, take in its alerts. What fails is tried again later."""
        now = time.monotonic()
        if now - self._looked >= _BASELINES_SECONDS or self.query is None:
            self._looked = now
            try:
                self._keep_running()
            except MediFlowError as error:
                self.service.metrics.failed()
                self.service.tell(f"alerts: {error}")
        if now - self._taken >= _TAKE_IN_SECONDS:
            self._taken = now
            with contextlib.suppress(MediFlowError), storage_errors("stream alerts"):
                self._take_in()

    def close(self) -> None:
        """Stop the query; alerts that are on their way are taken in by the next start."""
        self._stop()
        with contextlib.suppress(Exception):
            self._take_in()

    def _stop(self) -> None:
        if self.query is not None:
            with contextlib.suppress(Exception):
                self.query.stop()
            self.query = None

    def _keep_running(self) -> None:
        service = self.service
        version = service.lake.version(gold.COST_BASELINES)
        if self.query is not None and not self.query.isActive:
            error = self.query.exception()
            if self.mode == REAL_TIME and error is not None and is_about_real_time(error):
                self.mode = MICRO_BATCH
                service.tell("alerts: real-time mode cannot run here; micro-batches take its place.")
            self._stop()
        if self.query is not None and version == self.version:
            return
        # the checkpoint tells where the old query was: what it had not judged for good is judged again
        self._stop()
        self._start(version)

    def _start(self, version: int) -> None:
        service = self.service
        make_topic(service.topic.broker, service.alerts_topic, 2)
        service.hold_key()
        rules = AlertRules(service.lake.read(gold.COST_BASELINES), version, service.key.pads)
        checkpoint = service.scratch / f"alerts-{self.mode}"
        held = service.topic.broker.bounds(service.topic.name)
        if not checkpoint.exists():
            landed = progress.landed_through(service.lake, service.topic.name)
            offsets = starting_offsets(service.topic.name, held, landed)
        else:
            offsets = "latest"
        try:
            with storage_errors("alerts query", passing=Exception):
                self.query = start_alerts(
                    service.session, service.kafka, service.topic.name, service.alerts_topic, rules, checkpoint,
                    self.mode, offsets,
                )  # fmt: skip
        except Exception as error:
            if self.mode == REAL_TIME and is_about_real_time(error):
                self.mode = MICRO_BATCH
                shutil.rmtree(checkpoint, ignore_errors=True)
                return self._start(version)
            with storage_errors("alerts query"):
                raise
        self.version = version
        service.metrics.alerting(self.mode, version)
        service.tell(f"Alerts: {self.mode}, baselines of version {version}.")

    def _take_in(self) -> None:
        service = self.service
        topic, broker = service.alerts_topic, service.topic.broker
        known = progress.landed_through(service.lake, topic, STREAM_ALERTS)
        ranges = to_land(topic, broker.bounds(topic), known)
        if not ranges:
            return
        rows: list[dict[str, Any]] = []
        for wanted in ranges:
            for messages in broker.read(wanted):
                rows += [row for each in messages if (row := _row(each.value, each.timestamp))]
        batch = pa.Table.from_pylist(rows, schema=_SCHEMA).to_batches()
        new = take_in(service.lake, batch, topic, {each.partition: each.end - 1 for each in ranges})
        self._delays.extend(int((row["alerted_at"] - row["received_at"]).total_seconds() * 1000) for row in rows)
        told = figures.percentiles(list(self._delays))
        service.metrics.alerted(new, told)
        figures.note_figures(service.lake, alerts=told | {"mode": self.mode, "version": self.version})


def _row(value: bytes | None, alerted_ms: int) -> dict[str, Any] | None:
    """An alert of the topic as a row of the table."""
    if value is None:
        return None
    told = json.loads(value, parse_float=Decimal)
    times = {name: dt.datetime.fromisoformat(told[name]) for name in ("occurred_at", "received_at") if told.get(name)}
    money = {name: Decimal(told[name]).quantize(Decimal("0.01")) for name in _MONEY if told.get(name) is not None}
    alerted = {"alerted_at": dt.datetime.fromtimestamp(alerted_ms / 1000, dt.UTC)}
    return {name: told.get(name) for name in _SCHEMA.names} | times | money | alerted
