"""One hospital twice: in the cluster, and embedded in a folder; with the same key and the same deliveries."""

import datetime as dt
import hashlib
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts import TABLES, bronze, silver
from mediflow_assets.contracts.events import COST_RULE, STREAM_ALERTS
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.errors import MediFlowError
from mediflow_assets.ingest.inbox import Inbox
from mediflow_assets.pipeline.offset_ranges import unvalidated
from mediflow_assets.sources import Feeds
from mediflow_assets.storage.delta import Lake
from mediflow_assets.streaming.broker import Broker
from mediflow_assets.streaming.producing import produce
from mediflow_assets.streaming.topic_landing import Topic, waiting
from mediflow_assets.synthetic.events import Shares, messages
from mediflow_assets_tests.cluster.processes import Cluster
from mediflow_assets_tests.cluster.runs import ENDED, Runs

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
SHARES = Shares(bad=0.01, duplicate=0.05, late=0.06)

RECORDS = ("gold/check_results", "gold/leak_scans")
"""Records of what was done, not of the data."""
OF_THE_STREAM = (
    "silver/processed",
    "gold/stream_status",
    "gold/stream_alerts",
    "masked/stream_alerts",
    "gold/privacy_status",
)
"""What tells, or is counted from, when events came and by which way they were validated: `alerts_of` compares these."""


@dataclass
class Site:
    """The cluster's hospital."""

    cluster: Cluster
    container: str = "dagster-code"
    """Where commands are run."""

    @property
    def home(self) -> Path:
        return self.cluster.places.folder / "volumes" / "home"

    @property
    def runs(self) -> Runs:
        return Runs(self.cluster.url("dagster-webserver", 3000))

    @property
    def environment(self) -> dict[str, str]:
        """That of `docker compose exec CONTAINER …`."""
        return self.cluster.environment(self.container)

    @property
    def store(self) -> dict[str, str]:
        """What delta-rs is told of the object store."""
        access, secret = (self.cluster.places.folder / "volumes/secrets/objects/root").read_text().split()
        kept = {name: self.environment[name] for name in ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ALLOW_HTTP")}
        return kept | {"AWS_ACCESS_KEY_ID": access, "AWS_SECRET_ACCESS_KEY": secret}

    @property
    def lake(self) -> Lake:
        return Lake(self.environment["MEDIFLOW_LAKE"], self.store)

    def mediflow(self, *words: str, told: str | None = None) -> "subprocess.CompletedProcess[str]":
        """A command in the pipeline's container."""
        command = [sys.executable, "-m", "mediflow_assets.cli", *words]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=540, input=told)

    @property
    def topic(self) -> Topic:
        """The topic of events."""
        return Topic(Broker(self.environment["MEDIFLOW_KAFKA"]), "encounter-events", "batch", 10**9)

    def send(self, count: int, seed: int, rate: float = 0) -> None:
        """Send events, the same for the same seed, poison and duplicates among them."""
        sent = produce(self.topic.broker, self.topic.name, messages(count, seed, NOW, SHARES), rate=rate)
        assert not sent.failed

    def is_settled(self, known: set[str]) -> bool:
        """Whether nothing waits, nothing runs, and the last of the runs that are not known ended well."""
        try:
            runs = [status for run, status in self.runs.all().items() if run not in known]
            is_landed = not waiting(self.lake, self.topic) and not unvalidated(self.lake, silver.ENCOUNTERS)
        except (OSError, AssertionError, MediFlowError):
            # a service that has to be asked is down
            return False
        is_quiet = runs[-1:] == ["SUCCESS"] and set(runs) <= ENDED
        return is_landed and is_quiet and not list((self.home / "inbox/ready").glob("*.json"))

    def settle(self, known: set[str], seconds: float = 1200) -> float:
        """Wait until it is settled; how long that took."""
        began = time.monotonic()
        while not self.is_settled(known):
            assert time.monotonic() - began < seconds, f"it did not settle: {self.told(known)}"
            time.sleep(1)
        return time.monotonic() - began

    def told(self, known: set[str]) -> list[str]:
        """How the runs that are not known ended, and why."""
        runs = {run: status for run, status in self.runs.all().items() if run not in known}
        return [f"{status} {self.runs.why(run)}".strip() for run, status in runs.items()]

    def put_in_bucket(self, name: str, content: bytes) -> None:
        """Drop a file into the inbox in the object store, as a hospital's export does."""
        import boto3

        store = self.store
        client = boto3.client(
            "s3",
            endpoint_url=store["AWS_ENDPOINT_URL"],
            region_name=store["AWS_REGION"],
            aws_access_key_id=store["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=store["AWS_SECRET_ACCESS_KEY"],
        )
        client.put_object(Bucket="mediflow-inbox", Key=f"drop/{name}", Body=content)

    def received_at(self, delivery_id: str) -> dt.datetime:
        """When a delivery came."""
        rows = self.lake.read(bronze.DELIVERIES, ["delivery_id", "received_at"]).to_pylist()
        (found,) = [row["received_at"] for row in rows if row["delivery_id"] == delivery_id]
        return found  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Twin:
    """The same hospital on the embedded engine, its lake in a folder."""

    home: Path
    kafka: str = ""
    """The broker, where its events are landed too: here by the runs, in ranges."""

    @classmethod
    def of(cls, site: Site, home: Path) -> "Twin":
        """With the pseudonym key of the cluster's one, and its events."""
        shutil.copytree(site.home / "secrets", home / "secrets")
        return cls(home, site.environment["MEDIFLOW_KAFKA"])

    @property
    def lake(self) -> Lake:
        return Lake(str(self.home / "lake"))

    @property
    def inbox(self) -> Inbox:
        return Inbox(self.home / "inbox", Feeds())

    def run(self, *words: str) -> None:
        """Bring every table up to date, or run what the words say."""
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("MEDIFLOW_", "DAGSTER_", "AWS_", "MLFLOW_"))}
        events = {"MEDIFLOW_LANDING": "batch", "MEDIFLOW_KAFKA": self.kafka} if self.kafka else {}
        said = subprocess.run(
            [sys.executable, "-m", "mediflow_assets.cli", "run", *words],
            env=kept | events | {"MEDIFLOW_HOME": str(self.home), "MEDIFLOW_PUBLISH": "run", "RUST_LOG": "error"},
            capture_output=True,
            text=True,
        )
        assert said.returncode == 0, said.stderr[-2000:]


@dataclass(frozen=True)
class Rows:
    """A table's rows, equal to others whatever order they come in."""

    table: pa.Table = field(compare=False, repr=False)
    count: int
    digest: str

    @classmethod
    def of(cls, table: pa.Table) -> "Rows":
        rows = sorted(str(list(row.values())) for row in table.to_pylist())
        return cls(table, len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest())

    def __len__(self) -> int:
        return self.count

    def written(self) -> list[dict[str, str]]:
        """The rows as text, column by column: a number that is none equals itself so."""
        return [{name: repr(value) for name, value in row.items()} for row in self.table.to_pylist()]


def rows_of(lake: Lake, has_events: bool = False, *only: TableContract) -> dict[str, Rows]:
    """Table → its rows; every table but `RECORDS`, and, where events came by two ways, but `OF_THE_STREAM`; or but a
    few. Nor is then shown what waited and has entered since: which events did depends on where the runs cut the topic.
    """
    left_out = (*RECORDS, *OF_THE_STREAM) if has_events else RECORDS
    found = {}
    for contract in only or (each for each in TABLES.values() if each.name not in left_out):
        table = lake.read(contract)
        if has_events and "status" in table.column_names:
            table = table.filter(pc.field("status") != "replayed")
        found[contract.name] = Rows.of(table)
    return found


def alerts_of(lake: Lake) -> set[str]:
    """The alerts that depend on their event alone; those on costs depend on the baselines there were."""
    rows = lake.read(STREAM_ALERTS, ["alert_id", "rule"]).to_pylist()
    return {row["alert_id"] for row in rows if row["rule"] != COST_RULE}


def differing(one: dict[str, Rows], other: dict[str, Rows]) -> dict[str, tuple[str, dict[str, object]]]:
    """Tables that are not equal: their rows on either side, and column → both values in the first rows that differ."""
    return {
        name: (f"{len(one[name])} and {len(other[name])} rows", first_difference(one[name], other[name]))
        for name in one
        if one[name] != other[name]
    }


def first_difference(one: Rows, other: Rows) -> dict[str, object]:
    """Column → its values in the first rows that only one side has, in an order of their content."""
    these, those = ({str(row): row for row in rows.written()} for rows in (one, other))
    mine = next((these[key] for key in sorted(these.keys() - those.keys())), {})
    theirs = next((those[key] for key in sorted(those.keys() - these.keys())), {})
    return {name: (mine.get(name), theirs.get(name)) for name in mine | theirs if mine.get(name) != theirs.get(name)}
