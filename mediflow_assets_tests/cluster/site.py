"""One hospital twice: in the cluster, and embedded in a folder; with the same key and the same deliveries."""

import datetime as dt
import hashlib
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from mediflow_assets.contracts import TABLES, bronze
from mediflow_assets.sources import Feeds
from mediflow_assets.steps.inbox import Inbox
from mediflow_assets.storage.delta import Lake
from mediflow_assets_tests.cluster.processes import Cluster
from mediflow_assets_tests.cluster.runs import Runs

RECORDS = ("gold/check_results", "gold/leak_scans")
"""Records of what was done, not of the data."""
COMPARED = [contract for contract in TABLES.values() if contract.name not in RECORDS]


@dataclass
class Site:
    """The cluster's hospital."""

    cluster: Cluster

    @property
    def home(self) -> Path:
        return self.cluster.places.folder / "volumes" / "home"

    @property
    def runs(self) -> Runs:
        return Runs(self.cluster.url("dagster-webserver", 3000))

    @property
    def environment(self) -> dict[str, str]:
        """That of `docker compose exec dagster-code …`."""
        return self.cluster.environment("dagster-code")

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

    def refresh(self, seconds: float = 420) -> tuple[str, float]:
        """Wait for the run that the inbox sensor starts; its id, and how long it took."""
        known, began = set(self.runs.all()), time.monotonic()
        return self.runs.await_next(known, seconds), time.monotonic() - began

    def put_in_bucket(self, name: str, content: bytes) -> None:
        """Drop a file into the inbox in the object store, as a hospital's export does."""
        import boto3

        store = self.store
        client = boto3.client(
            "s3", endpoint_url=store["AWS_ENDPOINT_URL"], region_name=store["AWS_REGION"],
            aws_access_key_id=store["AWS_ACCESS_KEY_ID"], aws_secret_access_key=store["AWS_SECRET_ACCESS_KEY"],
        )  # fmt: skip
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

    @classmethod
    def of(cls, site: Site, home: Path) -> "Twin":
        """With the pseudonym key of the cluster's one."""
        shutil.copytree(site.home / "secrets", home / "secrets")
        return cls(home)

    @property
    def lake(self) -> Lake:
        return Lake(str(self.home / "lake"))

    @property
    def inbox(self) -> Inbox:
        return Inbox(self.home / "inbox", Feeds())

    def run(self) -> None:
        """Bring every table up to date."""
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("MEDIFLOW_", "DAGSTER_", "AWS_", "MLFLOW_"))}
        said = subprocess.run(
            [sys.executable, "-m", "mediflow_assets.cli", "run"],
            env=kept | {"MEDIFLOW_HOME": str(self.home), "RUST_LOG": "error"}, capture_output=True, text=True,
        )  # fmt: skip
        assert said.returncode == 0, said.stderr[-2000:]


def row_hashes(lake: Lake) -> dict[str, tuple[int, str]]:
    """Table → its rows, and one hash of all of them in an order of their content."""
    found = {}
    for contract in COMPARED:
        rows = sorted(str(list(row.values())) for row in lake.read(contract).to_pylist())
        found[contract.name] = (len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest())
    return found


def differing(one: dict[str, tuple[int, str]], other: dict[str, tuple[int, str]]) -> dict[str, str]:
    """Tables that are not equal, with their rows on either side."""
    return {name: f"{one[name][0]} and {other[name][0]} rows" for name in one if one[name] != other[name]}
