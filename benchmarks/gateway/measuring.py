"""Each figure, measured: a gateway as users start it, wrk against it, then the same against the plain service."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from benchmarks.gateway.homes import PASSWORD, SCORER, keep_pipeline
from benchmarks.gateway.wrk import Load, load
from mediflow_assets.settings import Settings
from serving.schemas import PATIENT

RATE, CLIENTS, BATCH = 50, 8, 1_000
FULL = PATIENT | {"prior_admissions_12m": 2, "comorbidity_count": 3}


@dataclass(frozen=True)
class Figure:
    """One line of the table: what was asked, at most or at least, and what was found."""

    what: str
    unit: str
    gateway: float
    most: float | None = None
    least: float | None = None
    plain: float | None = None

    @property
    def asked(self) -> str:
        """The limit, in words."""
        limit = self.most if self.most is not None else self.least
        return "" if limit is None else f"{'≤' if self.most is not None else '≥'} {limit:g} {self.unit}".strip()

    @property
    def is_met(self) -> bool:
        """Whether the gateway keeps it."""
        return (self.most is None or self.gateway <= self.most) and (self.least is None or self.gateway >= self.least)

    def shown(self, value: float | None) -> str:
        """A value with its unit."""
        return "" if value is None else f"{value:,.1f} {self.unit}" if value < 100 else f"{value:,.0f} {self.unit}"


@dataclass(frozen=True)
class Loads:
    """One service under the same loads."""

    start_s: float
    paced: Load
    full: Load
    batch: Load
    rss_mb: float


def measure(home: Settings, folder: Path, seconds: int) -> list[Figure]:
    """All figures; errors of any load are figures too."""
    pipeline = folder / "pipeline.joblib"
    keep_pipeline(home, pipeline)
    gateway = [sys.executable, "-m", "serving", "--port"]
    with _running(gateway, home) as (url, process, start_s):
        token = _token(url)
        own = _loads(url, process, start_s, token, folder, seconds)
        explained = load(
            f"{url}/predict?explain=true", FULL, seconds=seconds, connections=5, rate=RATE, token=token, folder=folder
        )
        explained_full = load(
            f"{url}/predict?explain=true", FULL, seconds=seconds, connections=CLIENTS, token=token, folder=folder
        )
        own_rss = _rss_mb(process)
    with _running([sys.executable, "-m", "benchmarks.gateway.plain", str(pipeline)], home) as (url, process, start_s):
        plain = _loads(url, process, start_s, "", folder, seconds)
    with _running(gateway, home) as (url, process, _):
        attacked = _under_attack(url, process, folder, seconds)
    every = [own.paced, own.full, own.batch, explained, explained_full]
    return [
        Figure("start until ready", "s", own.start_s, most=5, plain=plain.start_s),
        Figure(f"/predict at {RATE}/s, p50", "ms", own.paced.p50_ms, most=8, plain=plain.paced.p50_ms),
        Figure(f"/predict at {RATE}/s, p99", "ms", own.paced.p99_ms, most=25, plain=plain.paced.p99_ms),
        Figure(f"the rate that wrk kept at {RATE}/s", "/s", own.paced.per_second, plain=plain.paced.per_second),
        Figure(f"/predict, {CLIENTS} clients", "/s", own.full.per_second, least=300, plain=plain.full.per_second),
        Figure(f"/predict?explain=true at {RATE}/s, p50", "ms", explained.p50_ms, most=12),
        Figure(f"/predict?explain=true, {CLIENTS} clients", "/s", explained_full.per_second, least=100),
        Figure(f"batch of {BATCH:,}, p50", "ms", own.batch.p50_ms, most=60, plain=plain.batch.p50_ms),
        Figure(f"batch of {BATCH:,}, p99", "ms", own.batch.p99_ms, plain=plain.batch.p99_ms),
        Figure("memory after all of this", "MB", own_rss, most=450, plain=plain.rss_mb),
        Figure("requests that failed", "", sum(each.errors for each in every), most=0),
        *attacked,
    ]


def _loads(url: str, process: psutil.Process, start_s: float, token: str, folder: Path, seconds: int) -> Loads:
    load(f"{url}/predict", FULL, seconds=2, connections=2, token=token, folder=folder)
    paced = load(f"{url}/predict", FULL, seconds=seconds, connections=5, rate=RATE, token=token, folder=folder)
    full = load(f"{url}/predict", FULL, seconds=seconds, connections=CLIENTS, token=token, folder=folder)
    patients = [FULL | {"age": 18 + number % 80} for number in range(BATCH)]
    batch = load(
        f"{url}/predict/batch", {"patients": patients}, seconds=seconds, connections=1, token=token, folder=folder
    )
    return Loads(start_s, paced, full, batch, _rss_mb(process))


def _under_attack(url: str, process: psutil.Process, folder: Path, seconds: int) -> list[Figure]:
    """The paced load again, while 500 slow connections stand and 20 oversized bodies a second arrive."""
    token = _token(url)
    load(f"{url}/predict", FULL, seconds=5, connections=CLIENTS, token=token, folder=folder)
    before, most = _rss_mb(process), 0.0
    where = httpx.URL(url)
    attacker = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.gateway.attack", where.host, str(where.port), token],
        stdout=subprocess.PIPE,
        text=True,
    )
    is_over = threading.Event()

    def watch() -> None:
        nonlocal most
        while not is_over.wait(0.1):
            most = max(most, _rss_mb(process))

    watching = threading.Thread(target=watch)
    watching.start()
    time.sleep(3)
    # long enough for slow connections to reach their deadline and come again
    legitimate = load(
        f"{url}/predict", FULL, seconds=seconds + 15, connections=5, rate=RATE, token=token, folder=folder
    )
    attacker.terminate()
    answers = json.loads(attacker.communicate()[0].strip().splitlines()[-1])
    is_over.set()
    watching.join()
    print("The attack was answered:", ", ".join(f"{name} {count:,}" for name, count in sorted(answers.items())))
    return [
        Figure(f"/predict at {RATE}/s under attack, p50", "ms", legitimate.p50_ms),
        Figure(f"/predict at {RATE}/s under attack, p99", "ms", legitimate.p99_ms, most=250),
        Figure("legitimate requests that failed under attack", "", legitimate.errors, most=0),
        Figure("growth of memory under attack", "MB", most - before, most=200),
    ]


@contextlib.contextmanager
def _running(command: Sequence[str], home: Settings) -> Iterator[tuple[str, psutil.Process, float]]:
    """A service on a free port, ready; how long that took."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # one user makes all requests here
    environment = os.environ | {"MEDIFLOW_HOME": str(home.root), "MEDIFLOW_REQUESTS_PER_MINUTE": "1000000"}
    began = time.perf_counter()
    process = subprocess.Popen(
        [*command, str(port)], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        while not _is_ready(url):
            if process.poll() is not None or time.perf_counter() - began > 60:
                sys.exit(f"{' '.join(command)} does not become ready.")
            time.sleep(0.02)
        yield url, psutil.Process(process.pid), time.perf_counter() - began
    finally:
        process.kill()
        process.wait()


def _is_ready(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{url}/health/ready").status_code == 200
    return False


def _token(url: str) -> str:
    form = {"username": SCORER, "password": PASSWORD}
    return str(httpx.post(f"{url}/token", data=form).raise_for_status().json()["access_token"])


def _rss_mb(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 1e6
