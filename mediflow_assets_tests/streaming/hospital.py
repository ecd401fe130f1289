"""A home beside a real broker: the command, the runs and the service as processes, and what the tables hold."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg

from mediflow_assets.contracts import TABLES, silver
from mediflow_assets.contracts.events import ENCOUNTER_EVENTS
from mediflow_assets.errors import LakeBusy
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.settings import Settings
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.lease import lake_lease
from mediflow_assets.streaming.producing import Produced, make_topic, produce, read_ledger
from mediflow_assets.streaming.topic_landing import Topic, waiting
from mediflow_assets_tests.streaming.kafka_process import KafkaProcess, free_port

Row = dict[str, Any]
SECRET = bytes(range(32))


@dataclass
class StreamHome:
    """A home whose topic is on the broker."""

    folder: Path
    kafka: KafkaProcess
    landing: str = "batch"
    topic: str = "encounter-events"
    started: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    metrics_port: int = field(default_factory=free_port)
    more: dict[str, str] = field(default_factory=dict)
    """Settings beside these."""

    def __post_init__(self) -> None:
        secrets = self.folder / "secrets"
        if not secrets.exists():
            PseudonymKey.create(secrets)
            key = next(iter(secrets.glob("pseudonym*.key")))
            key.chmod(0o600)
            key.write_bytes(SECRET)

    @property
    def settings(self) -> Settings:
        return Settings(home=self.folder, kafka=self.kafka.servers, topic=self.topic, landing=self.landing)

    @property
    def lake(self) -> Lake:
        return Lake(self.settings.lake_root)

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.jsonl"

    def make_topic(self, partitions: int = 2, **config: str) -> None:
        make_topic(self.kafka.broker, self.topic, partitions, {k.replace("_", "."): v for k, v in config.items()})

    def send(self, messages: Any, rate: float = 0) -> Produced:
        self.folder.mkdir(parents=True, exist_ok=True)
        return produce(self.kafka.broker, self.topic, messages, self.ledger, rate)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MEDIFLOW_", "DAGSTER_"))}
        return kept | {
            "MEDIFLOW_HOME": str(self.folder),
            "MEDIFLOW_KAFKA": self.kafka.servers,
            "MEDIFLOW_TOPIC": self.topic,
            "MEDIFLOW_ALERTS_TOPIC": f"{self.topic}-alerts",
            "MEDIFLOW_LANDING": self.landing,
            "MEDIFLOW_METRICS_PORT": str(self.metrics_port),
            "MEDIFLOW_PUBLISH": "run",
            "RUST_LOG": "error",
            "DAGSTER_HOME": str(self.folder / "dagster"),
            **self.more,
        }

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        """The command as a process of its own."""
        log = (self.folder / f"{words[-1]}.out").open("ab")
        process = subprocess.Popen(
            [sys.executable, "-m", "mediflow_assets.cli", *words],
            env=self.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def call(self, *words: str) -> int:
        return self.start(*words).wait(240)

    def end(self) -> None:
        """End whatever was started here."""
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(30)

    def waiting(self) -> int:
        """Messages that the broker has and the table has not."""
        topic = Topic(self.kafka.broker, self.topic, "batch", 10**9)
        return sum(map(len, waiting(self.lake, topic)))

    def rows(self, name: str, *columns: str) -> list[Row]:
        return self.lake.read(TABLES[name], list(columns) or None).to_pylist()

    def metadata(self, name: str) -> dict[str, Any]:
        """What Dagster was told when the asset was materialised last."""
        with dg.DagsterInstance.from_config(str(self.folder / "dagster")) as instance:
            event = instance.get_latest_materialization_event(dg.AssetKey(name.split("/")))
        assert event is not None and event.asset_materialization is not None
        return {key: value.value for key, value in event.asset_materialization.metadata.items()}

    def silver(self) -> dict[str, list[Row]]:
        """Silver row for row, in an order of its content."""
        leave_out = {"_ingested_at"}
        found = {
            contract.name: [
                {k: v for k, v in row.items() if k not in leave_out} for row in self.lake.read(contract).to_pylist()
            ]
            for contract in (silver.PATIENTS, silver.ENCOUNTERS, silver.QUARANTINE)
        }
        return {name: sorted(rows, key=lambda row: str(list(row.values()))) for name, rows in found.items()}

    def bronze(self) -> list[Row]:
        rows = self.rows(ENCOUNTER_EVENTS.name)
        return sorted(rows, key=lambda row: (row["partition"], row["_record_number"]))

    def assert_every_message_once(self) -> None:
        """Of what the broker took, by the ledger of the producer: none is missing, none stands twice."""
        sent = Counter((line["partition"], line["offset"]) for line in read_ledger(self.ledger))
        landed = Counter((row["partition"], row["_record_number"]) for row in self.bronze())
        assert sum((sent - landed).values()) == 0, "messages were lost"
        assert max(landed.values()) == 1, "messages stand twice"

    def assert_poison_is_held(self) -> None:
        """Every poison message is in quarantine with its place and a reason, and none is in Silver."""
        poison = {
            (f"kafka/{self.topic}/{line['partition']}", line["offset"])
            for line in read_ledger(self.ledger)
            if line["kind"].startswith("bad")
        }
        held = {
            (row["_delivery_id"], row["_record_number"]): row["reasons"]
            for row in self.rows("silver/quarantine")
            if row["target_table"] == silver.ENCOUNTERS.name and row["status"] == "open"
        }
        assert poison and poison <= held.keys() and all(held[place] for place in poison)
        for name, id_ in (("silver/encounters", "encounter_id"), ("silver/patients", "patient_id")):
            assert not [row for row in self.rows(name, id_) if "POISON" in row[id_]], name

    def is_idle(self) -> bool:
        """Whether no run holds the lake, nor is about to."""
        try:
            with lake_lease(self.folder / "lake.lock", "a look", keep_name=True):
                return not self.waiting()
        except LakeBusy:
            return False

    def scan(self, *values: str) -> list[str]:
        """Files below the home, the lake's tables of people and the ledger aside, that hold one of the values."""
        wanted = [value.encode() for value in values]
        folders = [self.folder / "dagster", self.folder / "logs"]
        files = [path for folder in folders if folder.exists() for path in folder.rglob("*") if path.is_file()]
        files += self.folder.glob("*.out")
        return [str(path) for path in files if any(value in path.read_bytes() for value in wanted)]


def until(what: Callable[[], Any], seconds: float = 90, process: "subprocess.Popen[bytes] | None" = None) -> Any:
    """Wait for a condition; fails where the process it depends on ends."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        assert process is None or process.poll() is None, f"the process ended with {process and process.returncode}"
        time.sleep(0.1)
    raise AssertionError("waited in vain")


def metrics(port: int) -> dict[str, float]:
    """The service's metrics; none while it does not answer."""
    import urllib.request

    try:
        text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=2).read().decode()
    except OSError:
        return {}
    lines = [line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}
