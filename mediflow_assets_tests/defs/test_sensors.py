"""Sensors: what starts a refresh, and what the webhook is told."""

import datetime as dt
import json
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from mediflow_assets.contracts import gold
from mediflow_assets.defs import sensors
from mediflow_assets.settings import Settings

HOUR = dt.timedelta(hours=1)
VALUE = "Quetzalcoatlus"

Sensor = Callable[[str], Any]


class Webhook(HTTPServer):
    """A server on a free port that keeps what is posted."""

    def __init__(self) -> None:
        self.posted: list[dict[str, Any]] = []
        posted = self.posted

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Webhook() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def settings(tmp_path: Path, webhook: Webhook) -> Settings:
    return Settings(home=tmp_path / "home", alert_webhook=f"http://127.0.0.1:{webhook.server_port}/alerts")


@pytest.fixture
def sensor(settings: Settings) -> Sensor:
    """A sensor of the home, by name."""
    built = {sensor.name: sensor for sensor in sensors.build_sensors(settings)}
    return built.__getitem__


def drop(settings: Settings) -> None:
    settings.inbox.mkdir(parents=True, exist_ok=True)
    file = settings.inbox / f"{VALUE}.csv"
    file.write_text("x")
    os.utime(file, (0, 0))


def materialise(instance: dg.DagsterInstance, *names: str) -> None:
    for name in names:
        instance.report_runless_asset_event(dg.AssetMaterialization(name.split("/")))


def test_an_empty_inbox_starts_nothing(sensor: Sensor, instance: dg.DagsterInstance) -> None:
    found = sensor("inbox_sensor")(dg.build_sensor_context(instance))
    assert isinstance(found, dg.SkipReason)


def test_a_file_that_is_not_at_rest_starts_nothing_until_it_is(
    sensor: Sensor, instance: dg.DagsterInstance, settings: Settings
) -> None:
    drop(settings)
    [file] = settings.inbox.iterdir()
    os.utime(file)
    assert isinstance(sensor("inbox_sensor")(dg.build_sensor_context(instance)), dg.SkipReason)
    os.utime(file, (0, 0))
    with file.open("a"):
        assert isinstance(sensor("inbox_sensor")(dg.build_sensor_context(instance)), dg.SkipReason)
    assert isinstance(sensor("inbox_sensor")(dg.build_sensor_context(instance)), dg.RunRequest)


def test_a_dropped_file_starts_a_refresh(sensor: Sensor, instance: dg.DagsterInstance, settings: Settings) -> None:
    drop(settings)
    request = sensor("inbox_sensor")(dg.build_sensor_context(instance))
    # a run key would keep the refresh from ever being tried again after it failed
    assert isinstance(request, dg.RunRequest) and request.run_key is None
    assert VALUE not in str(request)


@pytest.mark.parametrize("status", ["NOT_STARTED", "STARTING", "STARTED"])
def test_a_refresh_on_its_way_is_waited_for(
    sensor: Sensor, instance: dg.DagsterInstance, settings: Settings, status: str
) -> None:
    drop(settings)
    instance.add_run(dg.DagsterRun(job_name="refresh", status=dg.DagsterRunStatus[status]))
    assert isinstance(sensor("inbox_sensor")(dg.build_sensor_context(instance)), dg.SkipReason)


@pytest.mark.parametrize(("job", "status"), [("refresh", "FAILURE"), ("refresh", "SUCCESS"), ("maintain", "STARTED")])
def test_another_run_is_not_waited_for(
    sensor: Sensor, instance: dg.DagsterInstance, settings: Settings, job: str, status: str
) -> None:
    drop(settings)
    instance.add_run(dg.DagsterRun(job_name=job, status=dg.DagsterRunStatus[status]))
    assert isinstance(sensor("inbox_sensor")(dg.build_sensor_context(instance)), dg.RunRequest)


def test_a_failure_is_posted_without_values(sensor: Sensor, instance: dg.DagsterInstance, webhook: Webhook) -> None:
    @dg.op
    def patients() -> None:
        raise ValueError(VALUE)

    @dg.job
    def refresh() -> None:
        patients()

    ended = refresh.execute_in_process(instance=instance, raise_on_error=False)
    failure = next(event for event in ended.all_events if event.is_run_failure)
    context = dg.build_run_status_sensor_context(
        "failure_webhook", failure, dagster_instance=instance, dagster_run=ended.dagster_run
    )
    sensor("failure_webhook")(context.for_run_failure())
    run = ended.dagster_run.run_id
    assert webhook.posted == [{"event": "failure", "job": "refresh", "run": run, "steps": ["patients"]}]


def test_a_table_is_stale_after_a_day(instance: dg.DagsterInstance) -> None:
    name = gold.DEPARTMENT_COSTS.name
    materialise(instance, name)
    now = dt.datetime.now(dt.UTC)
    assert sensors.stale_tables(instance, now + 23 * HOUR) == []
    assert sensors.stale_tables(instance, now + 25 * HOUR) == [name]


def test_stale_tables_are_posted_once_a_day(
    sensor: Sensor, instance: dg.DagsterInstance, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sensors, "stale_tables", lambda *_: ["gold/readmissions"])
    context = dg.build_sensor_context(instance)
    for _ in range(2):
        sensor("stale_webhook")(context)
    assert webhook.posted == [{"event": "stale", "tables": ["gold/readmissions"], "hours": 24}]


def test_nothing_is_posted_while_all_is_fresh(sensor: Sensor, instance: dg.DagsterInstance, webhook: Webhook) -> None:
    materialise(instance, gold.READMISSIONS.name)
    sensor("stale_webhook")(dg.build_sensor_context(instance))
    assert webhook.posted == []
