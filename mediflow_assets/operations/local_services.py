"""The processes of `mediflow up`: what each is started by, when it answers, and how all of them end together."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from mediflow_assets.cluster.healthy import is_healthy
from mediflow_assets.errors import PortTaken
from mediflow_assets.settings import Settings

LONGEST_END_SECONDS = 15
LAST_LINES = 10
_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Service:
    """One process: its command, where it listens (None: nowhere), and the path that answers once it is up."""

    name: str
    command: list[str]
    port: int | None = None
    option: str = ""
    health: str = "/"
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where people find it."""
        return f"http://127.0.0.1:{self.port}"

    def log_in(self, logs: Path) -> Path:
        """The file of what it prints."""
        return logs / f"{self.name.lower().replace(' ', '-')}.log"


WORKSPACE = Path(str(files("mediflow_assets"))).parent / "workspace.yaml"
"""Where Dagster finds the code, in a checkout."""


def services(settings: Settings, port: int, gateway: int, dashboard: int, mlflow: int) -> list[Service]:
    """What `mediflow up` starts for a home; MLflow's UI only where no server of its own is set."""
    binaries = Path(sys.executable).parent
    code = ["-w", str(WORKSPACE)] if WORKSPACE.exists() else ["-m", "mediflow_assets.definitions"]
    shared = {"MEDIFLOW_HOME": str(settings.root), "MEDIFLOW_GATEWAY_URL": f"http://127.0.0.1:{gateway}"}
    webserver = [sys.executable, "-m", "mediflow_assets.defs.webserver", "-h", "127.0.0.1", "-p", str(port), *code]
    found = [
        Service("Dagster UI", webserver, port, "--port", "/server_info", shared),
        Service("Dagster daemon", [str(binaries / "dagster-daemon"), "run", *code], environment=shared),
        _module("Gateway", "serving", gateway, "--gateway-port", "/health/live", shared),
        _module("Dashboard", "dashboard", dashboard, "--dashboard-port", "/_stcore/health", shared),
    ]
    if settings.artifacts_uri:
        found.append(_mlflow(settings, mlflow, shared))
    return found


def _module(name: str, module: str, port: int, option: str, health: str, environment: dict[str, str]) -> Service:
    command = [sys.executable, "-m", module, "--port", str(port)]
    return Service(name, command, port, option, health, environment)


def _mlflow(settings: Settings, port: int, environment: dict[str, str]) -> Service:
    uri = settings.tracking_uri
    if uri.startswith("sqlite:///"):
        Path(uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", uri, "--default-artifact-root", str(settings.artifacts_uri)]
    # its job workers would take 600 MB
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    return Service("MLflow", command, port, "--mlflow-port", "/health", environment | quiet)


def refuse_taken_ports(services: list[Service]) -> None:
    """Say which port is taken before anything is started. Raises PortTaken."""
    for service in services:
        if service.port is None:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", service.port))
            except OSError:
                raise PortTaken(
                    f"Port {service.port} is taken, so the {service.name} cannot listen there. "
                    f"End what listens, or choose another one with {service.option}."
                ) from None


def run_until_signalled(
    services: list[Service], logs: Path, tell: Callable[[str], None], warn: Callable[[str], None]
) -> int:
    """Start them, say where each answers, and end all when a signal comes (0) or one of them ends by itself (1).

    What each prints goes to a file of its own in `logs`, begun again at each start.
    """
    logs.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for service in services:
            children[service.name] = _start(service, service.log_in(logs))
        tell(f"Starting; each is named here once it answers. What they print: {logs}. Ctrl-C ends all.")
        ended = _watch(services, children, tell)
        warn(f"The {ended.name} has ended by itself, so all others end now. {ended.log_in(logs)} ends with:")
        for text in ended.log_in(logs).read_text(errors="replace").splitlines()[-LAST_LINES:]:
            warn(text)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        _end(list(children.values()))


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def _start(service: Service, log: Path) -> "subprocess.Popen[bytes]":
    with log.open("wb") as printed:
        return subprocess.Popen(
            service.command,
            env=os.environ | service.environment,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # dagster sets SIGTERM to SIGINT's handler, which a shell's & leaves ignored: restore it in the children
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )


def _watch(services: list[Service], children: dict[str, Any], tell: Callable[[str], None]) -> Service:
    """Tell of each service when it answers, until one of them ends: that one."""
    waited_for = [service for service in services if service.port is not None]
    while True:
        for service in list(waited_for):
            if is_healthy(service.url + service.health):
                tell(f"{service.name}: {service.url}")
                waited_for.remove(service)
                if not waited_for:
                    tell("All answer.")
        for service in services:
            if children[service.name].poll() is not None:
                return service
        time.sleep(_LOOK_SECONDS)


def _end(children: list["subprocess.Popen[bytes]"]) -> None:
    for child in children:
        child.terminate()
    until = time.monotonic() + LONGEST_END_SECONDS
    for child in children:
        try:
            child.wait(timeout=max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
