"""`mediflow doctor` asks every service that is set, and says which setting names the one that does not answer."""

import socket
from collections.abc import Callable, Iterator

import pytest
from typer.testing import Result

from mediflow_assets.defs import daemons
from mediflow_assets.operations import topic

Run = Callable[..., Result]


@pytest.fixture
def port() -> Iterator[int]:
    """Something that takes connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed(port: int) -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        found: int = server.getsockname()[1]
    return found


def test_services_that_are_not_set_are_not_asked(mediflow: Run) -> None:
    mediflow("init")
    said = mediflow("doctor")
    assert said.exit_code == 0
    assert "broker" not in said.stdout and "registry" not in said.stdout and "0 files wait" in said.stdout


def test_a_broker_that_answers_is_well(mediflow: Run, monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    mediflow("init")
    monkeypatch.setenv("MEDIFLOW_KAFKA", f"127.0.0.1:{port}")
    assert mediflow("doctor").exit_code == 0


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("MEDIFLOW_KAFKA", "127.0.0.1:{port}"),
        ("MLFLOW_TRACKING_URI", "http://127.0.0.1:{port}"),
        ("MEDIFLOW_SPARK_REMOTE", "sc://127.0.0.1:{port}"),
        ("MEDIFLOW_DATABASE_URL", "postgresql+psycopg2://nobody@127.0.0.1:{port}/none"),
        ("MEDIFLOW_GATEWAY_URL", "http://127.0.0.1:{port}"),
        ("MEDIFLOW_ALERT_WEBHOOK", "http://127.0.0.1:{port}/alerts"),
    ],
)
def test_a_service_that_is_down_is_named_by_its_setting(
    mediflow: Run, monkeypatch: pytest.MonkeyPatch, closed: int, setting: str, value: str
) -> None:
    mediflow("init")
    monkeypatch.setenv(setting, value.format(port=closed))
    said = mediflow("doctor")
    assert said.exit_code == 1
    assert setting in "".join(said.stdout.split())


def test_a_stream_that_nobody_lands_is_told(mediflow: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    mediflow("init")
    monkeypatch.setenv("MEDIFLOW_LANDING", "continuous")
    monkeypatch.setattr(topic, "_ends", lambda *_: ({}, None))
    monkeypatch.setattr(topic, "_lost", lambda *_: None)
    said = mediflow("doctor")
    assert said.exit_code == 1 and "stream" in said.stdout and "MEDIFLOW_LANDING" in "".join(said.stdout.split())


def test_daemons_that_are_silent_are_named(mediflow: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    mediflow("init")
    monkeypatch.setenv("DAGSTER_DATABASE_URL", "postgresql://named-by-dagster-yaml")
    monkeypatch.setattr(daemons, "silent_daemons", lambda: ["SENSOR"])
    said = mediflow("doctor")
    assert said.exit_code == 1 and "SENSOR" in said.stdout
    monkeypatch.setattr(daemons, "silent_daemons", lambda: [])
    assert mediflow("doctor").exit_code == 0
