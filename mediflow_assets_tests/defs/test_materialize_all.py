"""What the UI's "Materialize all" does: one launch over HTTP, on a home without data, and with."""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from mediflow_assets.contracts import assurance, gold, masked, models, silver
from mediflow_assets.defs.launching import install_dagster_home, make_storage
from mediflow_assets_tests.defs.conftest import Home
from mediflow_assets_tests.samples import ADMISSION, csv_text

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
LONGEST_SECONDS = 240
AT_ONCE = "run_coordinator: {module: dagster._core.run_coordinator, class: DefaultRunCoordinator}\n"
"""Without a queue, for which a daemon would have to run."""
ASSETS = "{ assetNodes { assetKey { path } isMaterializable repository { name location { name } } } }"
LAUNCH = """mutation($asked: ExecutionParams!) { launchPipelineExecution(executionParams: $asked) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
STATUS = """query($run: ID!) { runOrError(runId: $run) { ... on Run { status
  assetChecks { name assetKey { path } } assetMaterializations { assetKey { path } } } } }"""


@dataclass(frozen=True)
class Ui:
    """A running web server of a home."""

    port: int

    def ask(self, query: str, **variables: Any) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.load(answer)["data"]

    def materialize_all(self) -> tuple[str, set[str]]:
        """How the run ended, and what it made."""
        nodes = [node for node in self.ask(ASSETS)["assetNodes"] if node["isMaterializable"]]
        place = nodes[0]["repository"]
        selector = {
            "repositoryLocationName": place["location"]["name"],
            "repositoryName": place["name"],
            "pipelineName": "__ASSET_JOB",
            "assetSelection": [node["assetKey"] for node in nodes],
        }
        launched = self.ask(LAUNCH, asked={"selector": selector, "mode": "default", "runConfigData": {}})
        assert "run" in launched["launchPipelineExecution"], launched
        run_id = launched["launchPipelineExecution"]["run"]["runId"]
        until = time.monotonic() + LONGEST_SECONDS
        run: Any = {"status": "NOT_STARTED"}
        while run["status"] not in ("SUCCESS", "FAILURE", "CANCELED") and time.monotonic() < until:
            time.sleep(0.2)
            run = self.ask(STATUS, run=run_id)["runOrError"]
        return run["status"], {"/".join(made["assetKey"]["path"]) for made in run["assetMaterializations"]}


@pytest.fixture(scope="module")
def home(new_home: Callable[[], Home]) -> Home:
    return new_home()


@pytest.fixture(scope="module")
def ui(home: Home) -> Iterator[Ui]:
    place = install_dagster_home(home.settings)
    make_storage()
    (place / "dagster.yaml").write_text(AT_ONCE)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    binary = Path(sys.executable).parent / "dagster-webserver"
    command = [str(binary), "-h", "127.0.0.1", "-p", str(port), "-m", "mediflow_assets.definitions"]
    with (home.folder / "ui.log").open("wb") as said:
        process = subprocess.Popen(
            command, env=home.environment | {"DAGSTER_HOME": str(place)}, stdout=said, stderr=said
        )
    try:
        _until_it_answers(port, process, home.folder / "ui.log")
        yield Ui(port)
    finally:
        process.terminate()
        process.wait(60)


def _until_it_answers(port: int, process: "subprocess.Popen[bytes]", said: Path) -> None:
    until = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=30).close()
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail(said.read_text()[-2000:])


def test_an_empty_home_is_made_whole_at_once_and_again_and_then_takes_data(home: Home, ui: Ui) -> None:
    tables = {models.RISK_SCORES, models.DRIFT, masked.RISK_SCORES, assurance.PRIVACY_STATUS, assurance.LEAK_SCANS}
    wanted = {table.name for table in tables} | {"models/treatment_cost", "models/readmission_risk"}
    for _ in range(2):
        status, made = ui.materialize_all()
        assert (status, wanted - made) == ("SUCCESS", set())
    assert all(home.lake.version(table) >= 0 for table in (*tables, models.MODEL_METRICS))
    assert home.lake.rows(models.RISK_SCORES) == home.lake.rows(masked.RISK_SCORES) == 0
    home.drop("some.csv", csv_text(ADMISSION, ({}, {"encounter_id": "E2", "patient_id": "P2"})))
    assert home.run("__ASSET_JOB").is_success  # a third process of the UI would only cost time
    assert (home.lake.rows(silver.ENCOUNTERS), home.lake.rows(gold.ADMISSION_FEATURES)) == (2, 2)
    with home.instance() as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(["models", "treatment_cost"]))
    assert event is not None and event.asset_materialization is not None
    told = {name: value.value for name, value in event.asset_materialization.metadata.items()}
    assert told["trained"] is False and "at least 1000 are needed" in told["reason"]
