"""The gateway as a process: it loads no pipeline, takes up promotions under load, loses no record when it is killed."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType

import httpx
import pytest

from mediflow_assets.contracts.served.treatment_cost import COST_MODEL
from mediflow_assets.identity.audit import AuditLog
from mediflow_assets.scoring import models_uri, point_to
from mediflow_assets.settings import Settings
from mediflow_assets_tests.rehearsal import NOW, write
from serving.schemas import PATIENT
from serving.tests.conftest import gateway, header

PER_SECOND, WITHIN_SECONDS, TAKEN_UP_SECONDS = 50, 60, 10


UNKNOWN = {"pyspark", "py4j", "pysail", "dagster", "mlflow", "sklearn", "pandas"}
ROOMS = {"contracts", "errors", "identity", "modes", "object_key", "objects", "scoring", "secrets"}
ROOMS |= {"settings", "engine_settings"}


def test_the_process_loads_no_engine_no_storage_no_orchestrator_no_training(home: Settings) -> None:
    code = "import sys, serving.main as it; print(*sys.modules); it.create_app(); print(*sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"MEDIFLOW_HOME": str(home.root)},
        capture_output=True,
        text=True,
        check=True,
    )
    imported, running = ([name.split(".") for name in line.split()] for line in shown.stdout.splitlines())
    assert not UNKNOWN & {name[0] for name in imported}
    assert {name[1] for name in running if name[0] == "mediflow_assets" and name[1:]} <= ROOMS


def test_a_mistyped_home_is_refused_and_not_made(tmp_path: Path) -> None:
    environment = os.environ | {"MEDIFLOW_HOME": str(tmp_path / "typo")}
    ended = subprocess.run(
        [sys.executable, "-m", "serving", "--port", "0"], env=environment, capture_output=True, text=True
    )
    assert ended.returncode == 1 and "MEDIFLOW_HOME" in ended.stderr and "Traceback" not in ended.stderr
    assert not (tmp_path / "typo").exists()


class Load:
    """So many requests a second, each started at its time whether those before it were answered or not."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, headers=header(url), timeout=10)
        self.statuses: list[int] = []
        self.versions: list[str] = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()
        self._client.close()

    def _run(self) -> None:
        due = time.monotonic()
        with ThreadPoolExecutor(8) as threads:
            while not self._is_over.is_set():
                threads.submit(self._ask)
                due += 1 / PER_SECOND
                time.sleep(max(0.0, due - time.monotonic()))

    def _ask(self) -> None:
        try:
            reply = self._client.post("/predict", json=PATIENT)
            self.versions.append(reply.json().get("model_version", ""))
            self.statuses.append(reply.status_code)
        except httpx.HTTPError:
            self.statuses.append(0)


def eventually(holds: Callable[[], bool], seconds: float = WITHIN_SECONDS) -> bool:
    deadline = time.monotonic() + seconds
    while not (found := holds()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


@pytest.mark.slow
def test_promotion_and_rollback_under_load_fail_no_request(own_home: Settings) -> None:
    place = models_uri(own_home.lake_root)
    write(place, COST_MODEL, "2")
    with gateway(own_home) as (url, _), Load(url) as load:
        for version in ("2", "1"):
            assert eventually(lambda: len(load.versions) > 20)
            point_to(place, COST_MODEL, version, NOW)
            assert eventually(lambda version=version: load.versions[-1] == version, TAKEN_UP_SECONDS)  # type: ignore[misc]
            asked = len(load.statuses)
            assert eventually(lambda asked=asked: len(load.statuses) > asked + PER_SECOND)  # type: ignore[misc]
    changes = sum(one != other for one, other in zip(load.versions, load.versions[1:], strict=False))
    assert set(load.statuses) == {200} and set(load.versions) == {"1", "2"} and 2 <= changes <= 10


def answered_until_killed(
    home: Settings, user: str = "scorer", settings: Mapping[str, str] = MappingProxyType({})
) -> set[str]:
    """The ids of what was answered before a gateway under load was killed."""
    answered: set[str] = set()

    def ask(client: httpx.Client, worker: int) -> None:
        for number in range(100_000):
            try:
                reply = client.post("/predict", json=PATIENT, headers={"x-request-id": f"kill-{worker}-{number}"})
            except httpx.HTTPError:
                return
            assert reply.status_code == 200
            answered.add(reply.headers["x-request-id"])

    with (
        gateway(home, settings) as (url, process),
        ThreadPoolExecutor(6) as threads,
        httpx.Client(base_url=url, timeout=10) as client,
    ):
        client.headers.update(header(url, user))
        asking = [threads.submit(ask, client, worker) for worker in range(6)]
        assert eventually(lambda: len(answered) > 50)
        process.kill()
        for each in asking:
            each.result()
    return answered


@pytest.mark.slow
def test_no_acknowledged_record_is_lost_when_the_process_is_killed_under_load(own_home: Settings) -> None:
    answered = answered_until_killed(own_home)
    log = AuditLog(own_home.ops_url, own_home.audit_head)
    kept = {row["request_id"] for row in log.latest(1_000_000)}
    assert answered <= kept and log.verify().is_intact
    # a gateway that starts again goes on with the same chain
    with gateway(own_home) as (url, _):
        assert httpx.post(f"{url}/predict", json=PATIENT, headers=header(url)).status_code == 200
    assert log.verify().is_intact
