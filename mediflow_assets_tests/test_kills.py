"""`mediflow run` under SIGKILL: started again, it ends with the tables of a run that nobody killed, row for row."""

import datetime as dt
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from mediflow_assets.contracts import TABLES
from mediflow_assets.ingest.inbox import Inbox
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.settings import Settings
from mediflow_assets.sources import Feeds
from mediflow_assets.storage.delta import Lake
from mediflow_assets.synthetic import generate

pytestmark = pytest.mark.slow
ROWS, SEED = 3_000, 5
RECEIVED = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
KILLS, MANY_KILLS = 3, 30
LATEST_STEP = 18
"""After it too little of a run is left to be killed in."""
RECORDS = ("gold/check_results", "gold/leak_scans")
"""Records of what was done, not of the data: a run that was killed did more."""
COMPARED = [contract for contract in TABLES.values() if contract.name not in RECORDS]


@dataclass(frozen=True)
class Moment:
    """When to kill: after so many steps, and so many commits of the lake after that."""

    steps: int
    commits: int


def moments(number: int, seed: int) -> list[Moment]:
    """Spread over the run: one in each stretch of it, at random within."""
    chosen = random.Random(seed)
    edges = [LATEST_STEP * n // number for n in range(number + 1)]
    return [Moment(chosen.randint(low, high), chosen.randint(0, 3)) for low, high in pairwise(edges)]


@dataclass(frozen=True)
class Hospital:
    """A home, and the command run in it as a process of its own."""

    folder: Path

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MEDIFLOW_", "DAGSTER_"))}
        return subprocess.Popen(
            [sys.executable, "-m", "mediflow_assets.cli", *words],
            env=kept | {"MEDIFLOW_HOME": str(self.folder), "MEDIFLOW_PUBLISH": "run", "RUST_LOG": "error"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def call(self, *words: str) -> int:
        """Run a command to its end; its exit code."""
        process = self.start(*words)
        process.communicate()
        return process.returncode

    def kill_at(self, moment: Moment) -> int:
        """Start a run and kill its process group at the moment; what it ended with."""
        process = self.start("run")
        assert process.stderr is not None
        seen = 0
        while seen < moment.steps and (line := process.stderr.readline()):
            seen += b"refresh: " in line
        wanted = self.commits() + moment.commits
        while process.poll() is None and self.commits() < wanted:
            time.sleep(0.002)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return process.returncode

    def commits(self) -> int:
        """How many commits the lake's tables have."""
        return sum(1 for _ in (self.folder / "lake").glob("*/*/_delta_log/*.json"))

    def tables(self) -> dict[str, list[str]]:
        """Every table row for row, in an order of its content."""
        lake = Lake(str(self.folder / "lake"))
        return {
            contract.name: sorted(str(list(row.values())) for row in lake.read(contract).to_pylist())
            for contract in COMPARED
        }

    def copy(self, name: str) -> "Hospital":
        return Hospital(Path(shutil.copytree(self.folder, self.folder.with_name(name))))


@pytest.fixture(scope="module")
def hospital(quick_folder: Path) -> Hospital:
    """A home whose deliveries have come, and are not landed."""
    folder = quick_folder / "kills"
    settings = Settings(home=folder / "home")
    PseudonymKey.create(settings.secrets)
    inbox = Inbox(settings.inbox, Feeds())
    for day, file in enumerate(generate(folder / "generated", ROWS, SEED).deliveries):
        inbox.receive(file, RECEIVED + dt.timedelta(days=day))
    return Hospital(settings.root)


@pytest.fixture(scope="module")
def clean(hospital: Hospital) -> dict[str, list[str]]:
    """The tables of a run that nobody killed."""
    home = hospital.copy("clean")
    assert home.call("run") == 0
    return home.tables()


def survive(hospital: Hospital, moment: Moment, name: str) -> dict[str, Any]:
    """Kill a run, run again to the end; the tables then."""
    home = hospital.copy(name)
    ends = (home.kill_at(moment), home.call("run"), home.call("status"))
    assert ends == (-signal.SIGKILL, 0, 0), f"{moment}: killed, run and status ended with {ends}"
    return home.tables()


def assert_equal(found: dict[str, list[str]], wanted: dict[str, list[str]], moment: Moment | float) -> None:
    differing = [name for name in wanted if found[name] != wanted[name]]
    assert differing == [], f"{moment}: {differing}"


def test_the_clean_run_fills_every_zone(clean: dict[str, list[str]]) -> None:
    filled = {name.split("/")[0] for name, rows in clean.items() if rows}
    assert filled == {"bronze", "silver", "gold", "masked"}
    assert len(clean["silver/encounters"]) > 0.9 * ROWS


def test_three_kills_change_nothing(hospital: Hospital, clean: dict[str, list[str]]) -> None:
    at = moments(KILLS, SEED)
    with ThreadPoolExecutor(2) as pool:
        ends = pool.map(lambda number: survive(hospital, at[number], f"killed-{number}"), range(KILLS))
        for moment, found in zip(at, ends, strict=True):
            assert_equal(found, clean, moment)


@pytest.mark.faults
@pytest.mark.parametrize("moment", moments(MANY_KILLS, SEED + 1), ids=lambda m: f"step {m.steps} commit {m.commits}")
def test_thirty_kills_change_nothing(hospital: Hospital, clean: dict[str, list[str]], moment: Moment) -> None:
    found = survive(hospital, moment, f"one-of-many-{moment.steps}-{moment.commits}-{time.monotonic_ns()}")
    assert_equal(found, clean, moment)
