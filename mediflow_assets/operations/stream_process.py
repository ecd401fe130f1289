"""The streaming service as a process: settings in, signals, a session, and everything closed at the end."""

import contextlib
import os
import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mediflow_assets.errors import StreamFailed
from mediflow_assets.storage.delta import Lake
from mediflow_assets.streaming.metrics import Metrics
from mediflow_assets.streaming.security import java_options, read_properties
from mediflow_assets.streaming.service import Service
from mediflow_assets.streaming.spark import Kafka, start_session
from mediflow_assets.streaming.topic_landing import CONTINUOUS, Topic

if TYPE_CHECKING:
    from mediflow_assets.settings import Settings


def serve(settings: "Settings", lake: Lake, tell: Callable[[str], None]) -> None:
    """Run the service until a signal stops it. Raises StreamFailed, OffsetsLost, LakeBusy."""
    if settings.landing != CONTINUOUS:
        raise StreamFailed("The service lands only where MEDIFLOW_LANDING=continuous: the daemon has to know it too.")
    topic = Topic.of(settings)
    settings.pseudonym_key()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    partitions = len(_bounds(topic)) or 2
    scratch = settings.root / "stream"
    scratch.mkdir(parents=True, exist_ok=True)
    _clear_left_behind(scratch)
    metrics = Metrics(settings.metrics_port, settings.metrics_host)
    cores = partitions + settings.stream_cores
    session = start_session(settings.spark_jars, cores, settings.stream_memory, scratch / f"spark-{os.getpid()}")
    kafka = Kafka(settings.kafka, java_options(read_properties(settings.kafka_properties)))
    try:
        Service(
            settings.root,
            lake,
            topic,
            kafka,
            settings.alerts_topic,
            settings.alerts_batch_seconds,
            settings.secrets,
            session,
            metrics,
            tell,
            settings.timezone,
            stop,
        ).run()
    finally:
        metrics.close()
        with contextlib.suppress(Exception):
            session.stop()
        shutil.rmtree(scratch / f"spark-{os.getpid()}", ignore_errors=True)
    tell("Stopped.")


def _clear_left_behind(scratch: Path) -> None:
    """Remove what killed services left: blocks of Spark, which may hold rows, and checkpoints nobody goes on from."""
    for left in (*scratch.glob("spark-*"), *scratch.glob("landing-*")):
        process = left.name.split("-")[1]
        # in a container every service that was killed had the number that this one has
        if process == str(os.getpid()) or not (process.isdigit() and Path(f"/proc/{process}").exists()):
            shutil.rmtree(left, ignore_errors=True)


def _bounds(topic: Topic) -> dict[int, object]:
    with contextlib.suppress(Exception):
        return dict(topic.broker.bounds(topic.name))
    return {}
