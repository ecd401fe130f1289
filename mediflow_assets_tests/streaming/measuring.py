"""Measures the streaming on this machine: `python -m mediflow_assets_tests.streaming.measuring FOLDER`.

Seconds of the clock, and of the processor: beside other work on the machine only the latter mean something.
"""

import datetime as dt
import json
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from mediflow_assets.contracts.events import STREAM_ALERTS
from mediflow_assets.defs.stream_sensor import requested
from mediflow_assets.steps.stream_landing import Topic, land_topic
from mediflow_assets.synthetic.events import Sent, messages
from mediflow_assets_tests.streaming.conftest import event
from mediflow_assets_tests.streaming.hospital import StreamHome, metrics, until
from mediflow_assets_tests.streaming.kafka_process import KafkaProcess

EVENTS = 200_000
RATE, SECONDS = 200, 60
NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def batch(home: StreamHome) -> dict[str, Any]:
    """Landing all of the topic by ranges, and a tick of the sensor before and after."""
    begun, used = time.monotonic(), processor_seconds()
    requested(home.settings)
    tick = time.monotonic() - begun
    begun, used = time.monotonic(), processor_seconds()
    told = land_topic(home.lake, home.folder, Topic(home.kafka.broker, home.topic, "batch", EVENTS), None, "measuring")
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
    first = until(lambda: _rows(home), 120, service)
    begun, used = time.monotonic(), _used(service.pid)
    until(lambda: not home.waiting(), 300, service)
    clock, processor = time.monotonic() - begun, _used(service.pid) - used
    landed = _rows(home) - first
    told = {
        "continuous_events_per_second": round(landed / clock),
        "continuous_events_per_processor_second": round(landed / processor),
    }
    service.send_signal(signal.SIGTERM)
    service.wait(60)
    return told


def alerting(home: StreamHome) -> dict[str, Any]:
    """From the broker's time of an event to that of its alert, after twenty seconds of warming up."""
    home.make_topic(2)
    service = home.start("stream", "serve")
    until(lambda: "Alerts: real-time" in (home.folder / "serve.out").read_text(), 240, service)
    hot = event(blood_pressure="220/80")

    def hot_events(name: str, count: int) -> list[Sent]:
        each = [hot.replace(b'"EV1"', f'"{name}-{n}"'.encode()) for n in range(count)]
        return [Sent(str(n % 50).encode(), value, f"{name}-{n}") for n, value in enumerate(each)]

    home.send(hot_events("warm", RATE * 20), RATE)
    until(lambda: home.lake.rows(STREAM_ALERTS) >= RATE * 20, 120, service)
    home.send(hot_events("hot", RATE * SECONDS), RATE)
    since = time.time()
    until(lambda: home.lake.rows(STREAM_ALERTS) >= RATE * (SECONDS + 20), 120, service)
    shown = metrics(home.metrics_port)
    rows = sorted(home.rows(STREAM_ALERTS.name), key=lambda row: row["received_at"])[-RATE * SECONDS :]
    delays = [(row["alerted_at"] - row["received_at"]).total_seconds() * 1000 for row in rows]
    half, most = np.percentile(delays, [50, 99])
    service.send_signal(signal.SIGTERM)
    service.wait(60)
    return {
        "alert_p50_ms": round(float(half)),
        "alert_p99_ms": round(float(most)),
        "alert_mode": rows[-1]["mode"],
        "event_to_bronze_p50_ms": shown.get('mediflow_stream_event_to_bronze_ms{quantile="0.5"}'),
        "event_to_bronze_p99_ms": shown.get('mediflow_stream_event_to_bronze_ms{quantile="0.99"}'),
        "alerts_taken_in_after_seconds": round(time.time() - since),
    }


def _rows(home: StreamHome) -> int:
    from mediflow_assets.contracts.events import ENCOUNTER_EVENTS

    return home.lake.rows(ENCOUNTER_EVENTS)


def _used(pid: int) -> float:
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(t.user + t.system for t in (process.cpu_times() for process in processes))


def main(folder: Path) -> None:
    kafka = KafkaProcess(folder / "kafka").start()
    by_range, service = StreamHome(folder / "batch", kafka), StreamHome(folder / "live", kafka, "continuous")
    alone = StreamHome(folder / "alerts", kafka, "continuous", "hot-events")
    try:
        by_range.make_topic(2)
        done = by_range.send(messages(EVENTS, 3, NOW))
        told = {"load_before": psutil.getloadavg()[0], "produced_per_second": round(EVENTS / done.seconds)}
        told |= alerting(alone) | batch(by_range) | continuous(service)
        print(json.dumps(told | {"load_after": psutil.getloadavg()[0]}, indent=1))
    finally:
        service.end()
        alone.end()
        kafka.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
