"""`mediflow up`: every service answers, and one signal ends every process it started."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from mediflow_assets.errors import PortTaken
from mediflow_assets.operations import local_services
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.settings import Settings

LONGEST_START, LONGEST_END = 240, 60
PORTS = ("--port", "--gateway-port", "--dashboard-port", "--mlflow-port")
NAMES = ("Dagster UI", "Gateway", "Dashboard", "MLflow")
QUERY = """{ workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError {
    ... on RepositoryLocation { repositories { jobs { name } } }
    ... on PythonError { message }
} } } } }"""


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


class Up:
    """A `mediflow up` in a home of its own."""

    def __init__(self, home: Path) -> None:
        PseudonymKey.create(Settings(home=home).secrets)
        self.home, self.said = home, home / "said"
        self.ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        self.port = self.ports["--port"]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MEDIFLOW_", "DAGSTER_"))}
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mediflow_assets.cli", "up"]
                + [word for option, port in self.ports.items() for word in (option, str(port))],
                env=kept | {"MEDIFLOW_HOME": str(home), "MEDIFLOW_PUBLISH": "run", "RUST_LOG": "error"},
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def ask(self, path: str, body: dict[str, str] | None = None) -> dict:
        """What the UI's server answers, as soon as it does."""
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data, {"Content-Type": "application/json"}
        )
        until = time.monotonic() + LONGEST_START
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return json.load(answer)
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
        pytest.fail(f"no answer; it said: {self.said.read_text()[-2000:]}")

    def refusal_of(self, path: str, body: dict[str, str], headers: dict[str, str]) -> int:
        """With which status the UI's server refuses a request."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", json.dumps(body).encode(), headers)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=30)
        return refused.value.code

    def until_said(self, text: str) -> str:
        """All that it printed, once it has printed this."""
        until = time.monotonic() + LONGEST_START
        while time.monotonic() < until and self.process.poll() is None:
            if text in self.said.read_text():
                break
            time.sleep(0.1)
        said = self.said.read_text()
        assert text in said, said[-2000:]
        return said

    def alive(self) -> list[psutil.Process]:
        """Every process of this home but the command itself, whoever its parent is by now."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.pid != self.process.pid and process.environ().get("MEDIFLOW_HOME") == str(self.home):
                    found.append(process)
        return found

    def left_at(self, until: float) -> list[psutil.Process]:
        """The processes that are still there by then; returns as soon as there is none."""
        while self.alive() and time.monotonic() < until:
            time.sleep(0.1)
        return self.alive()


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    started = Up(tmp_path / "home")
    yield started
    for process in (started.process, *started.alive()):
        with contextlib.suppress(psutil.Error):
            process.kill()
    started.process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT], ids=["terminated", "interrupted"])
def test_one_signal_ends_all(up: Up, sent: signal.Signals) -> None:
    assert "dagster_webserver_version" in up.ask("/server_info")
    (entry,) = up.ask("/graphql", {"query": QUERY})["data"]["workspaceOrError"]["locationEntries"]
    jobs = [job["name"] for code in entry["locationOrLoadError"].get("repositories", ()) for job in code["jobs"]]
    assert "refresh" in jobs, f"{entry}; it said: {up.said.read_text()[-3000:]}"
    for foreign in ({"Origin": "https://evil.example", "Content-Type": "text/plain"}, {"Host": "evil.example"}):
        assert up.refusal_of("/graphql", {"query": QUERY}, foreign) == 403
    said = up.until_said("All answer.")
    for name, port in zip(NAMES, up.ports.values(), strict=True):
        assert f"{name}: http://127.0.0.1:{port}" in said
    assert len(up.alive()) >= 5
    begun = time.monotonic()
    up.process.send_signal(sent)
    assert up.process.wait(LONGEST_END) == 0
    assert up.left_at(begun + LONGEST_END) == []
    printed = up.said.read_text() + "".join(log.read_text() for log in (up.home / "logs").iterdir())
    assert "Traceback" not in printed and "DagsterInvalidConfigError" not in printed, printed[-3000:]


@pytest.mark.slow
def test_a_service_that_ends_by_itself_ends_all_and_is_named(up: Up) -> None:
    up.until_said("Gateway: ")
    (gateway,) = [process for process in up.alive() if "serving" in process.cmdline()]
    gateway.kill()
    begun = time.monotonic()
    assert up.process.wait(LONGEST_END) == 1
    said = up.said.read_text()
    assert "The Gateway has ended by itself" in said and "GET /health/live" in said.splitlines()[-1]
    assert up.left_at(begun + LONGEST_END) == []


def test_a_taken_port_is_named_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = Settings(home=tmp_path)
        mine = local_services.services(settings, *free_ports(3), port)
        with pytest.raises(PortTaken, match=f"Port {port} is taken, so the MLflow .* --mlflow-port"):
            local_services.refuse_taken_ports(mine)


def test_where_a_registry_server_is_set_no_other_one_is_started(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, MLFLOW_TRACKING_URI="http://127.0.0.1:5000")
    assert "MLflow" not in {service.name for service in local_services.services(settings, 1, 2, 3, 4)}
