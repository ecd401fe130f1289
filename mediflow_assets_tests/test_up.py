"""`mediflow up`: the UI answers, and one signal ends every process it started."""

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

from mediflow_assets.governance.keys import PseudonymKey
from mediflow_assets.settings import Settings

LONGEST_START, LONGEST_END = 90, 25
QUERY = """{ workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError {
    ... on RepositoryLocation { repositories { jobs { name } } }
    ... on PythonError { message }
} } } } }"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Up:
    """A `mediflow up` in a home of its own."""

    def __init__(self, home: Path) -> None:
        PseudonymKey.create(Settings(home=home).secrets)
        self.home, self.port, self.said = home, free_port(), home / "said"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MEDIFLOW_", "DAGSTER_"))}
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "mediflow_assets.cli",
                    "up",
                    "--port",
                    str(self.port),
                    "--gateway-port",
                    str(free_port()),
                ],
                env=kept | {"MEDIFLOW_HOME": str(home), "RUST_LOG": "error"},
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

    def alive(self) -> list[psutil.Process]:
        """Every process of this home but the command itself, whoever its parent is by now."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.pid != self.process.pid and process.environ().get("MEDIFLOW_HOME") == str(self.home):
                    found.append(process)
        return found


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    started = Up(tmp_path / "home")
    yield started
    for process in (started.process, *started.alive()):
        with contextlib.suppress(psutil.Error):
            process.kill()
    started.process.wait()


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT], ids=["terminated", "interrupted"])
def test_one_signal_ends_all(up: Up, sent: signal.Signals) -> None:
    assert "dagster_webserver_version" in up.ask("/server_info")
    (entry,) = up.ask("/graphql", {"query": QUERY})["data"]["workspaceOrError"]["locationEntries"]
    jobs = [job["name"] for code in entry["locationOrLoadError"].get("repositories", ()) for job in code["jobs"]]
    assert "refresh" in jobs, f"{entry}; it said: {up.said.read_text()[-3000:]}"
    assert len(up.alive()) >= 2
    begun = time.monotonic()
    up.process.send_signal(sent)
    assert up.process.wait(LONGEST_END) == 0
    while up.alive() and time.monotonic() - begun < LONGEST_END:
        time.sleep(0.1)
    assert up.alive() == []
    said = up.said.read_text()
    assert "Traceback" not in said and "DagsterInvalidConfigError" not in said, said[-3000:]
