"""A house whose topic is a list: messages land without a broker, by the code that lands those of one."""

import datetime as dt
import json
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mediflow_assets.ingest.tombstones import Tombstones
from mediflow_assets.streaming.event_landing import LandedEvents, land
from mediflow_assets.streaming.rows import rows_of
from mediflow_assets_tests.house import RECEIVED, House
from mediflow_assets_tests.streaming.hospital import StreamHome
from mediflow_assets_tests.streaming.kafka_process import KafkaProcess

TOPIC = "encounter-events"
EVENT = {
    "event_id": "EV1",
    "event_type": "admit",
    "occurred_at": "2024-01-10T09:00:00Z",
    "patient_id": "P1",
    "encounter_id": "E1",
    "encounter_class": "inpatient",
    "name": "Ada Example",
    "birth_date": "1960-05-01",
    "gender": "F",
    "department": "CARDIOLOGY",
    "diagnosis_code": "I21.4",
    "admission_date": "2024-01-10",
    "admission_type": "urgent",
    "blood_pressure": "120/80",
    "cost": 1000.5,
}


def event(**changed: Any) -> bytes:
    """A message: an admission, and what differs from it; a field set to `...` is left out."""
    return json.dumps({name: value for name, value in (EVENT | changed).items() if value is not ...}).encode()


@dataclass
class Stream:
    """A topic and the house it lands in."""

    house: House
    log: dict[int, list[bytes | None]] = field(default_factory=dict)
    landed: dict[int, int] = field(default_factory=dict)

    def send(self, *values: bytes | None, partition: int = 0) -> "Stream":
        self.log.setdefault(partition, []).extend(values)
        return self

    def land(self, tombstones: Tombstones | None = None) -> LandedEvents:
        """Land what was sent since the last time."""
        batches, through = [], {}
        for partition, values in self.log.items():
            start = self.landed.get(partition, 0)
            messages = [(n, _millis(RECEIVED), None, value) for n, value in enumerate(values)][start:]
            batches.append(rows_of(TOPIC, partition, messages))
            self.landed[partition] = len(values)
            through[partition] = len(values) - 1
        return land(self.house.lake, TOPIC, batches, through, tombstones or Tombstones())

    def refresh(self) -> "Stream":
        """Land and validate what was sent."""
        self.land()
        assert not any(made.has_failed for made in self.house.make_silver())
        return self


def _millis(at: dt.datetime) -> int:
    return int(at.timestamp() * 1000)


@pytest.fixture
def stream(house: House) -> Stream:
    return Stream(house)


@pytest.fixture(scope="session")
def kafka() -> Iterator[KafkaProcess]:
    """One broker for the tests that need no other."""
    folder = Path(tempfile.mkdtemp(prefix="mediflow-kafka-"))
    process = KafkaProcess(folder).start()
    yield process
    process.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def stream_home(kafka: KafkaProcess, tmp_path: Path) -> Iterator[Callable[..., StreamHome]]:
    """Makes homes beside the broker, each with a topic of its own unless one is named."""
    made: list[StreamHome] = []

    def _make(landing: str = "batch", topic: str | None = None, of: KafkaProcess | None = None) -> StreamHome:
        name = topic or f"events-{uuid.uuid4().hex[:8]}"
        made.append(StreamHome(tmp_path / f"home-{len(made)}", of or kafka, landing, name))
        return made[-1]

    yield _make
    for home in made:
        home.end()
