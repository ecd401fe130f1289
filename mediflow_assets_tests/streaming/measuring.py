"""Measures the streaming on this machine: `python -m mediflow_assets_tests.streaming.measuring FOLDER [PART…]`.

Parts: alerts, batch, continuous; all of them where none is named. Seconds of the clock, and of the processor: beside
other work on the machine only the latter mean something.
"""

import datetime as dt
import json
import resource
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from mediflow_assets.contracts import gold
from mediflow_assets.contracts.events import ENCOUNTER_EVENTS
from mediflow_assets.defs.stream_sensor import requested
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.streaming.topic_landing import Topic, land_topic
from mediflow_assets.synthetic.events import messages
from mediflow_assets_tests.streaming.hospital import StreamHome, metrics, until
from mediflow_assets_tests.streaming.kafka_process import KafkaProcess

HISTORY, EVENTS, MANY_EVENTS = 20_000, 200_000, 500_000
RATE, WARM_SECONDS, SECONDS = 200, 60, 60
NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
Times = dict[str, float]


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def batch(home: StreamHome) -> dict[str, Any]:
    """Landing all of the topic by ranges, and a tick of the sensor before."""
    begun = time.monotonic()
    requested(home.settings)
    tick = time.monotonic() - begun
    begun, used = time.monotonic(), processor_seconds()
    told = land_topic(home.lake, home.folder, Topic(home.kafka.broker, home.topic, "batch", EVENTS), (), "measuring")
    clock, processor = time.monotonic() - begun, processor_seconds() - used
    rows = told["new_rows"]
    return {
        "sensor_tick_seconds": round(tick, 2),
        "batch_events_per_second": round(rows / clock),
        "batch_events_per_processor_second": round(rows / processor),
    }


def continuous(home: StreamHome) -> dict[str, Any]:
    """Catching up with all of the topic: from the first batch committed to the last."""
    service = home.start("stream", "serve")
    first = until(lambda: home.lake.rows(ENCOUNTER_EVENTS), 120, service)
    begun, used = time.monotonic(), _used(service.pid)
    until(lambda: not home.waiting(), 300, service)
    clock, processor = time.monotonic() - begun, _used(service.pid) - used
    landed = home.lake.rows(ENCOUNTER_EVENTS) - first
    told = {
        "continuous_events": landed,
        "continuous_events_per_second": round(landed / clock),
        "continuous_events_per_processor_second": round(landed / processor),
    }
    service.send_signal(signal.SIGTERM)
    service.wait(60)
    return told


def give_baselines(home: StreamHome) -> int:
    """A hospital of the past in the tables, whose costs the events are compared with; how many baselines it has."""
    deliveries = home.folder / "hospital"
    assert home.call("generate", "--rows", str(HISTORY), "--out", str(deliveries)) == 0
    assert home.call("ingest", str(deliveries / "deliveries")) == 0
    assert home.call("run") == 0
    return home.lake.rows(gold.COST_BASELINES)


def alerting(home: StreamHome) -> dict[str, Any]:
    """From an event to its alert, by the clocks of who sends and who reads it, and by the broker's."""
    home.make_topic(2)
    baselines = give_baselines(home)
    service = home.start("stream", "serve")
    until(lambda: "Alerts: real-time" in (home.folder / "serve.out").read_text(), 240, service)
    Meter(home).go("warm", WARM_SECONDS)
    told = Meter(home).go("hot", SECONDS)
    shown = metrics(home.metrics_port)
    service.send_signal(signal.SIGTERM)
    service.wait(60)
    return {
        "baselines": baselines,
        **told,
        "event_to_bronze_p50_ms": shown.get('mediflow_stream_event_to_bronze_ms{quantile="0.5"}'),
        "event_to_bronze_p99_ms": shown.get('mediflow_stream_event_to_bronze_ms{quantile="0.99"}'),
    }


class Meter:
    """Sends events of which each is too dear, at a rate, while somebody reads the alerts."""

    def __init__(self, home: StreamHome) -> None:
        self.home = home
        self.sent: Times = {}
        self.read: Times = {}
        self.by_broker: list[float] = []
        self.rules: set[str] = set()
        self.versions: set[int] = set()

    def go(self, name: str, seconds: int) -> dict[str, Any]:
        from kafka import KafkaConsumer, KafkaProducer, TopicPartition

        at, count = [TopicPartition(f"{self.home.topic}-alerts", n) for n in range(2)], RATE * seconds
        alerts = KafkaConsumer(bootstrap_servers=self.home.kafka.servers, group_id=None, fetch_max_wait_ms=100)
        alerts.assign(at)
        alerts.seek_to_end(*at)
        for each in at:
            alerts.position(each)
        reader = threading.Thread(target=self._read, args=(alerts, count), daemon=True)
        reader.start()
        producer = KafkaProducer(bootstrap_servers=self.home.kafka.servers, acks="all", linger_ms=0)
        coming, begun = messages(count, 7, NOW), time.monotonic()
        for number, each in enumerate(coming):
            told = json.loads(each.value or b"")
            told |= {
                "event_id": f"{name}-{number}",
                "encounter_id": f"{name}-{number}",
                "event_type": "update",
                "blood_pressure": "120/80",
                "cost": 9_000_000.5,
            }
            time.sleep(max(0.0, begun + number / RATE - time.monotonic()))
            self.sent[told["encounter_id"]] = time.time()
            producer.send(self.home.topic, json.dumps(told).encode(), key=each.key)
        producer.close()
        reader.join(60)
        return self._told()

    def _read(self, alerts: Any, count: int) -> None:
        while len(self.read) < count:
            for each in (message for some in alerts.poll(200).values() for message in some):
                told = json.loads(each.value)
                self.read.setdefault(told["encounter_key"], time.time())
                received = dt.datetime.fromisoformat(told["received_at"]).timestamp()
                self.by_broker.append(each.timestamp - received * 1000)
                self.rules.add(f"{told['rule']} {told['mode']}")
                self.versions.add(told["baseline_version"])

    def _told(self) -> dict[str, Any]:
        key = PseudonymKey.load(self.home.settings.secrets)
        delays = [
            (self.read[name] - at) * 1000
            for id_, at in self.sent.items()
            if (name := key.pseudonym("encounter", id_)) in self.read
        ]
        return {
            "events": len(self.sent),
            "alerted": len(delays),
            "rules": sorted(self.rules),
            "baseline_versions": sorted(self.versions),
            "sent_to_read_ms": _shares(delays),
            "broker_to_broker_ms": _shares(self.by_broker),
        }


def _shares(delays: list[float]) -> dict[str, float]:
    points = np.percentile(delays, [50, 99, 99.9, 100])
    return {name: round(float(value), 1) for name, value in zip(("p50", "p99", "p99.9", "max"), points, strict=True)}


def _used(pid: int) -> float:
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(t.user + t.system for t in (process.cpu_times() for process in processes))


def main(folder: Path, parts: list[str]) -> None:
    kafka = KafkaProcess(folder / "kafka").start()
    homes = [
        StreamHome(folder / "alerts", kafka, "continuous", "hot-events"),
        StreamHome(folder / "batch", kafka),
        StreamHome(folder / "live", kafka, "continuous", "many-events"),
    ]
    told: dict[str, Any] = {"load_before": psutil.getloadavg()[0]}
    try:
        for part, home, measure, count in zip(
            ("alerts", "batch", "continuous"),
            homes,
            (alerting, batch, continuous),
            (0, EVENTS, MANY_EVENTS),
            strict=True,
        ):
            if parts and part not in parts:
                continue
            if count:
                home.make_topic(2)
                done = home.send(messages(count, 3, NOW))
                told[f"{part}_produced_per_second"] = round(count / done.seconds)
            told |= measure(home)
        print(json.dumps(told | {"load_after": psutil.getloadavg()[0]}, indent=1))
    finally:
        for home in homes:
            home.end()
        kafka.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
