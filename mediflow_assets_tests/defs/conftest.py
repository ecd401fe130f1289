"""A home whose jobs run in this process, on the one engine of the test run."""

import contextlib
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from mediflow_assets.contracts import gold, masked, silver
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.definitions import build_defs
from mediflow_assets.defs.launching import Outcome, install_dagster_home, run_job
from mediflow_assets.defs.resources import EngineResource, LakehouseResource
from mediflow_assets.ingest.inbox import Inbox
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.settings import Settings
from mediflow_assets.sources import Feeds
from mediflow_assets.storage.delta import Lake
from mediflow_assets_tests.older import story, unpack

SETTINGS = ("HOME", "LAKE", "SPARK_REMOTE", "DATABASE_URL", "LANDING", "ALERT_WEBHOOK")


class SharedEngine(EngineResource):
    """The engine of the test run, which outlives each run."""

    def close(self) -> None:
        """Leave the session to the other tests."""


@dataclass(frozen=True)
class Home:
    """A home folder, with its runs and what they left."""

    folder: Path

    @property
    def settings(self) -> Settings:
        return Settings(home=self.folder)

    @property
    def lake(self) -> Lake:
        return Lake(self.settings.lake_root)

    @property
    def inbox(self) -> Inbox:
        return Inbox(self.settings.inbox, Feeds())

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process that works in this home."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MEDIFLOW_", "DAGSTER_"))}
        return kept | {"MEDIFLOW_HOME": str(self.folder), "MEDIFLOW_PUBLISH": "run", "RUST_LOG": "error"}

    def drop(self, name: str, text: str) -> None:
        """Put a file into the inbox, as people do; a while ago, so that no run has to wait until it is at rest."""
        self.settings.inbox.mkdir(parents=True, exist_ok=True)
        file = self.settings.inbox / name
        file.write_text(text, encoding="utf-8")
        os.utime(file, (0, 0))

    def run(
        self,
        job: str = "refresh",
        config: dict[str, Any] | None = None,
        told: Any = None,
        select: str | None = None,
        plans: bool = False,
    ) -> Outcome:
        """Run a job to its end, or some of its tables; `plans` leaves out what it cannot change."""
        install_dagster_home(self.settings)
        lakehouse = LakehouseResource(home=str(self.folder), engine=SharedEngine())
        plans_for = self.settings if plans else None
        defs = build_defs(self.settings, lakehouse=lakehouse)
        return run_job(defs, job, select, config, on_progress=told, plans_for=plans_for)

    @contextlib.contextmanager
    def instance(self) -> Iterator[dg.DagsterInstance]:
        """Dagster's storage of this home."""
        install_dagster_home(self.settings)
        with dg.DagsterInstance.get() as instance:
            yield instance

    def metadata(self, contract: TableContract) -> dict[str, Any]:
        """What the last materialisation of a table tells."""
        with self.instance() as instance:
            event = instance.get_latest_materialization_event(dg.AssetKey(list(contract.key)))
        assert event is not None and event.asset_materialization is not None, contract.name
        return {name: value.value for name, value in event.asset_materialization.metadata.items()}

    def materialised_by(self, run_id: str) -> set[str]:
        """The tables that a run materialised."""
        with self.instance() as instance:
            records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION).records
        keys = [record.asset_key for record in records]
        return {key.to_user_string() for key in keys if key is not None}

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Every Silver, Gold and masked table of the pipeline, row for row, in an order of its content."""
        found = {
            contract.name: self.lake.read(contract).to_pylist()
            for contract in (*silver.TABLES, *gold.TABLES, *masked.TABLES)
        }
        return {name: sorted(rows, key=lambda row: str(list(row.values()))) for name, rows in found.items()}

    def process(self, *arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
        """A Python process in this home."""
        return subprocess.run(
            [sys.executable, *arguments], env=self.environment, capture_output=True, text=True, timeout=120, **options
        )

    def copy(self) -> "Home":
        """The same home, as it stands, beside this one."""
        return Home(Path(shutil.copytree(self.folder, self.folder.with_name(f"home-{uuid.uuid4().hex[:8]}"))))

    def scan(self, *values: str) -> list[str]:
        """Files of Dagster's storage that hold one of the values, byte for byte."""
        wanted = [value.encode() for value in values]
        files = [path for path in self.settings.dagster_home.rglob("*") if path.is_file()]
        assert files
        return [str(path) for path in files if any(value in path.read_bytes() for value in wanted)]


@pytest.fixture(scope="session")
def new_home(quick_folder: Path, session: Any) -> Iterator[Callable[[], Home]]:
    """Makes homes with a key; nothing else of the environment counts."""
    with pytest.MonkeyPatch.context() as patched:
        for name in SETTINGS:
            patched.delenv(f"MEDIFLOW_{name}", raising=False)
        patched.setenv("DAGSTER_HOME", str(quick_folder))

        def _new() -> Home:
            home = Home(quick_folder / f"home-{uuid.uuid4().hex[:8]}")
            PseudonymKey.create(home.settings.secrets)
            return home

        yield _new


@pytest.fixture
def older_home(new_home: Callable[[], Home]) -> Home:
    """A home with a lake that an older version wrote, under its key."""
    home = new_home()
    (home.settings.secrets / "pseudonym.key").write_bytes(story.SECRET)
    unpack(1, home.folder)
    return home
