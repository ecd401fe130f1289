"""The gateway as a process: it loads no pipeline, closes slow bodies, takes up promotions while it answers."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mediflow_assets.contracts.inputs import COST_MODEL
from mediflow_assets.governance.audit import AuditLog
from mediflow_assets.scoring import files, models_uri, point_to
from mediflow_assets.settings import Settings
from mediflow_assets_tests.rehearsal import NOW, trained, write
from serving.tests.conftest import PASSWORD
from serving.tests.test_roles import PATIENT


@contextlib.contextmanager
def gateway(home: Settings) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A gateway of its own on a free port, ready."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"MEDIFLOW_HOME": str(home.root)}
    process = subprocess.Popen([sys.executable, "-m", "serving", "--port", str(port)], env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{url}/health/ready").status_code == 200:
                    break
        yield url, process
    finally:
        process.kill()
        process.wait()


def header(url: str) -> dict[str, str]:
    form = {"username": "scorer", "password": PASSWORD}
    return {"authorization": f"Bearer {httpx.post(f'{url}/token', data=form).json()['access_token']}"}


@pytest.fixture(scope="module")
def url(home: Settings) -> Iterator[str]:
    with gateway(home) as (found, _):
        yield found


def test_the_process_loads_no_engine_no_orchestrator_no_training() -> None:
    heavy = "('pyspark', 'dagster', 'mlflow', 'sklearn', 'pandas')"
    code = f"import sys, serving.main; print([m for m in {heavy} if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_half_a_body_is_closed(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from fastapi.testclient import TestClient

    from serving import bodies
    from serving.main import create_app

    monkeypatch.setattr(bodies.Bodies.__init__, "__defaults__", (bodies.MOST_BYTES, 0.2))
    app = create_app(home)
    import asyncio

    sent: list[dict[str, object]] = []

    async def slow() -> dict[str, object]:
        await asyncio.sleep(30)
        return {}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/predict", "raw_path": b"/predict", "query_string": b"",
             "headers": [], "scheme": "http", "server": ("x", 1), "client": ("x", 1), "root_path": "",
             "http_version": "1.1"}  # fmt: skip
    with TestClient(app):
        began = time.monotonic()
        asyncio.run(app(scope, slow, send))
    assert sent[0]["status"] == 408 and time.monotonic() - began < 5


def test_a_promotion_is_served_within_ten_seconds_and_no_request_fails(
    url: str, home: Settings, tmp_path: Path
) -> None:
    place = models_uri(home.lake_root)
    write(place, trained(tmp_path, COST_MODEL), "2")
    asked = header(url)
    with httpx.Client(base_url=url, headers=asked) as client:
        point_to(place, COST_MODEL, "2", NOW)
        seen, deadline = [], time.monotonic() + 10
        while "2" not in seen and time.monotonic() < deadline:
            reply = client.post("/predict", json=PATIENT)
            assert reply.status_code == 200
            seen.append(reply.json()["model_version"])
        point_to(place, COST_MODEL, "1", NOW)
        while seen[-1] != "1" and time.monotonic() < deadline + 10:
            reply = client.post("/predict", json=PATIENT)
            assert reply.status_code == 200
            seen.append(reply.json()["model_version"])
    assert set(seen) == {"1", "2"} and seen[-1] == "1"
    assert files.folders(files.join(place, COST_MODEL)) == ("1", "2")


def test_no_acknowledged_record_is_lost_when_the_process_is_killed(home: Settings) -> None:
    with gateway(home) as (url, process):
        asked, answered = header(url), []
        with httpx.Client(base_url=url, headers=asked) as client:
            for number in range(30):
                reply = client.post("/predict", json=PATIENT, headers={"x-request-id": f"kill-{number}"})
                answered.append(reply.headers["x-request-id"])
        process.kill()
        process.wait()
    log = AuditLog(home.ops_url, home.audit_head)
    kept = {row["request_id"] for row in log.latest(200)}
    assert set(answered) <= kept and log.verify().is_intact


def test_the_documented_example_runs(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    example = text.split("```python\n")[1].split("```")[0]
    monkeypatch.setenv("MEDIFLOW_PASSWORD", PASSWORD)
    exec(example.replace("http://127.0.0.1:8000", url), {})
    shown = capsys.readouterr().out
    assert "USD" in shown and ("Low" in shown or "Moderate" in shown or "High" in shown)
