"""What breaks around the gateway: it says so, goes on with what it has, and puts it on the audit log."""

import json
import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from mediflow_assets.contracts import masked
from mediflow_assets.contracts.served.treatment_cost import COST_MODEL
from mediflow_assets.errors import BundleInvalid, EngineFailed
from mediflow_assets.identity.audit import AuditLog
from mediflow_assets.identity.token_keys import load_keys
from mediflow_assets.scoring import load_bundle, models_uri
from mediflow_assets.scoring.bundle import FACTS
from mediflow_assets.settings import Settings
from serving import bodies, state, throttle
from serving.main import create_app
from serving.schemas import PATIENT
from serving.tests.test_process import eventually
from serving.throttle import Turns
from serving.tokens import issue

PROBLEM = "application/problem+json"


@pytest.fixture
def asked(own_home: Settings) -> dict[str, str]:
    """The header of a scorer."""
    return {"authorization": f"Bearer {issue(load_keys(own_home.secrets)[-1], 'scorer', ['scorer'])}"}


@pytest.fixture
def gateway(own_home: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A gateway that looks for what is new all the time."""
    monkeypatch.setattr(state, "LOOK_SECONDS", 0.05)
    with TestClient(create_app(own_home), raise_server_exceptions=False) as client:
        yield client


def app_of(client: TestClient) -> FastAPI:
    """The app itself, and with it its state."""
    found: FastAPI = client.app  # type: ignore[assignment]
    return found


def newest(home: Settings) -> dict[str, object]:
    return AuditLog(home.ops_url, home.audit_head).latest(1)[0]


def test_what_no_one_foresaw_is_a_problem_with_its_id_and_on_both_logs(
    gateway: TestClient,
    asked: dict[str, str],
    own_home: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError("PAT-1")

    monkeypatch.setattr(app_of(gateway).state.mediflow, "champion", broken)
    with caplog.at_level(logging.ERROR):
        reply = gateway.post("/predict", json=PATIENT, headers=asked | {"x-request-id": "broken-1"})
    assert (reply.status_code, reply.headers["content-type"], reply.headers["x-request-id"]) == (
        500,
        PROBLEM,
        "broken-1",
    )
    assert reply.headers["cache-control"] == "no-store" and "PAT-1" not in reply.text
    record = newest(own_home)
    assert (record["request_id"], record["outcome"], record["actor"]) == ("broken-1", "failed", "scorer")
    told = [r for r in caplog.records if r.name == "mediflow.gateway" and r.levelno == logging.ERROR]
    assert [(r.error, r.request_id) for r in told] == [("ZeroDivisionError", "broken-1")]  # type: ignore[attr-defined]


def damaged_version(models: Path, damage: Callable[[Path], object]) -> None:
    """Point to a version 2 that is whole at first, and is damaged then."""
    shutil.copytree(models / COST_MODEL / "1", models / COST_MODEL / "2")
    damage(models / COST_MODEL / "2")
    pointer = models / COST_MODEL / "champion.json"
    told = json.loads(pointer.read_text())
    pointer.write_text(json.dumps(told | {"version": "2"}))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a graph that was changed": lambda folder: (folder / "model.onnx").write_bytes(b"no graph"),
    "a file that is gone": lambda folder: (folder / "model.onnx").unlink(),
    "facts that are no object": lambda folder: (folder / FACTS).write_text("[]"),
    "a folder that is gone": lambda folder: shutil.rmtree(folder),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_bundle_that_does_not_load_leaves_the_last_good_one_serving(
    gateway: TestClient, asked: dict[str, str], own_home: Settings, damage: str
) -> None:
    damaged_version(Path(models_uri(own_home.lake_root)), DAMAGES[damage])
    assert eventually(lambda: gateway.get("/health/ready").json()["problems"] != [])
    ready = gateway.get("/health/ready")
    assert ready.status_code == 200 and COST_MODEL in ready.json()["problems"][0]
    assert ready.json()["models"][COST_MODEL] == "1"
    reply = gateway.post("/predict", json=PATIENT, headers=asked)
    assert reply.status_code == 200 and reply.json()["model_version"] == "1"


def test_a_pointer_that_cannot_be_read_changes_nothing(gateway: TestClient, own_home: Settings) -> None:
    (Path(models_uri(own_home.lake_root)) / COST_MODEL / "champion.json").write_text("{")
    assert eventually(lambda: gateway.get("/health/ready").json()["problems"] != [])
    assert gateway.get("/health/ready").json()["models"][COST_MODEL] == "1"


def test_a_bundle_that_answers_nothing_usable_does_not_load(own_home: Settings) -> None:
    place = Path(models_uri(own_home.lake_root)) / COST_MODEL / "1"
    facts = json.loads((place / FACTS).read_text())
    (place / FACTS).write_text(json.dumps(facts | {"response": facts["response"] | {"smearing": float("nan")}}))
    with pytest.raises(BundleInvalid, match="reference row"):
        load_bundle(str(place))


def test_nothing_ends_the_looking_for_what_is_new(
    gateway: TestClient, own_home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = app_of(gateway).state.mediflow.lake
    calls = []

    def broken() -> None:
        calls.append(1)
        raise RuntimeError

    monkeypatch.setattr(lake, "refresh", broken)
    assert eventually(lambda: len(calls) > 3)
    damaged_version(Path(models_uri(own_home.lake_root)), DAMAGES["a file that is gone"])
    assert eventually(lambda: gateway.get("/health/ready").json()["problems"] != [])


def test_a_damaged_table_is_503_and_on_the_audit_log(gateway: TestClient, own_home: Settings) -> None:
    log = Path(own_home.lake_root) / masked.MONTHLY_CENSUS.name / "_delta_log"
    for file in log.glob("*.json"):
        file.write_text("{broken")
    token = issue(load_keys(own_home.secrets)[-1], "analyst", ["analyst"])
    reply = gateway.get("/insights/census", headers={"authorization": f"Bearer {token}"})
    assert (reply.status_code, reply.headers["content-type"]) == (503, PROBLEM) and "retry-after" in reply.headers
    assert (newest(own_home)["action"], newest(own_home)["outcome"]) == ("GET /insights/census", "failed")


def test_without_an_audit_log_nothing_is_answered(
    gateway: TestClient, asked: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise EngineFailed("away")

    log = app_of(gateway).state.mediflow.audit
    monkeypatch.setattr(log, "append", away)
    reply = gateway.post("/predict", json=PATIENT, headers=asked)
    assert (reply.status_code, reply.headers["content-type"]) == (503, PROBLEM)
    assert "predicted_cost" not in reply.text and {"retry-after", "x-request-id", "cache-control"} <= set(reply.headers)
    monkeypatch.setattr(log, "latest", away)
    assert "database" in gateway.get("/health/ready").json()["detail"]


def test_a_user_has_so_many_requests_a_minute(own_home: Settings, asked: dict[str, str]) -> None:
    few = own_home.model_copy(update={"requests_per_minute": 3})
    with TestClient(create_app(few)) as client:
        replies = [client.get("/models", headers=asked) for _ in range(4)]
    assert [reply.status_code for reply in replies] == [200, 200, 200, 429]
    assert [reply.headers["ratelimit"].split(";")[1] for reply in replies] == ["r=2", "r=1", "r=0", "r=0"]
    assert replies[0].headers["ratelimit-policy"] == '"user";q=3;w=60'
    assert replies[3].headers["content-type"] == PROBLEM and replies[3].headers["retry-after"] == "60"
    assert (newest(own_home)["outcome"], newest(own_home)["actor"]) == ("refused", "scorer")


def test_requests_at_one_moment_are_bounded(
    gateway: TestClient, asked: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "MOST_AT_ONCE", 0)
    reply = gateway.post("/predict", json=PATIENT, headers=asked)
    assert (reply.status_code, reply.headers["content-type"], reply.headers["retry-after"]) == (503, PROBLEM, "1")


def test_bodies_at_one_moment_are_bounded(
    gateway: TestClient, asked: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "MOST_HELD_BYTES", 10)
    assert gateway.post("/predict", json=PATIENT, headers=asked).status_code == 503
    monkeypatch.undo()
    assert gateway.post("/predict", json=PATIENT, headers=asked).status_code == 200


def test_passwords_are_hashed_one_at_a_time_and_the_queue_ends(
    gateway: TestClient, own_home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = app_of(gateway).state.mediflow
    monkeypatch.setattr(found, "hashing", Turns(1, 1))
    at_once, most, go = 0, 0, threading.Event()

    def verify(*_: object) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        go.wait(60)
        at_once -= 1
        raise EngineFailed("away")

    monkeypatch.setattr(found.users, "verify", verify)
    with ThreadPoolExecutor(6) as threads:
        form = {"username": "operator", "password": "x" * 12}
        replies = [threads.submit(gateway.post, "/token", data=form) for _ in range(6)]
        assert eventually(lambda: sum(reply.done() for reply in replies) == 4)
        go.set()
        assert sorted(reply.result().status_code for reply in replies) == [503] * 6
    assert most == 1


def test_an_address_that_may_not_try_any_more_closes_no_accounts() -> None:
    tries = throttle.Throttle()
    for number in range(throttle.PER_ADDRESS.amount):
        assert tries.may_try(f"name{number}", "10.0.0.1")
    assert not any(tries.may_try("victim", "10.0.0.1") for _ in range(20))
    assert tries.may_try("victim", "10.0.0.2")
