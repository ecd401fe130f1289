"""The services as processes: started in the order that compose starts them in, asked for their health, ended."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from mediflow_assets_tests.cluster import images
from mediflow_assets_tests.cluster.compose import ROOT, Service
from mediflow_assets_tests.cluster.places import CACHE, Places

_UP_SECONDS = 180
_POLL_SECONDS = 0.5
_END_SECONDS = 10


class NotHealthy(AssertionError):
    """A service ended, or was not healthy in time; the text tells the end of its log."""


@dataclass
class Cluster:
    """The services, where they lie, and those that run."""

    services: Mapping[str, Service]
    places: Places
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    healthy: set[str] = field(default_factory=set)
    pythons: dict[str, Path] = field(default_factory=dict)
    """Image → its Python, for those that were needed."""

    def up(self, seconds: float = _UP_SECONDS) -> float:
        """Start all and wait until every one is healthy; returns how long that took, in seconds."""
        for service in self.services.values():
            # made before the clock runs: compose has its images by then too
            if service.image in images.ROLES:
                self._python(service.image)
        began = time.monotonic()
        while len(self.done | self.healthy) < len(self.services):
            self._start_what_may()
            self._look()
            if time.monotonic() - began > seconds:
                late = sorted(set(self.services) - self.done - self.healthy)
                raise NotHealthy(f"not healthy after {seconds:.0f} s: " + "; ".join(map(self._told, late)))
            time.sleep(_POLL_SECONDS)
        return time.monotonic() - began

    def wait(self, name: str, seconds: float = _UP_SECONDS) -> None:
        """Until a service that was started again is healthy."""
        self.healthy.discard(name)
        deadline = time.monotonic() + seconds
        while name not in self.healthy:
            self._look([name])
            if time.monotonic() > deadline:
                raise NotHealthy(self._told(name))
            time.sleep(_POLL_SECONDS)

    def start(self, name: str) -> None:
        """Start a service."""
        service = self.services[name]
        self.places.make(service)
        self.places.configured(service)
        options: dict[str, Any] = {}
        command = self.places.command(service, service.command)
        if str(service.said["image"]).startswith("postgres:"):
            command, options = _postgres(self.places, service, command)
        with self.log(name).open("ab") as log:
            self.running[name] = subprocess.Popen(
                command,
                env=self.environment(name),
                cwd=self._app(name),
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
                **options,
            )

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to a service and all its children; after a deadly one it is waited for."""
        process = self.running[name]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        if how in (signal.SIGKILL, signal.SIGTERM, signal.SIGQUIT):
            process.wait(60)
            self.healthy.discard(name)

    def end(self) -> None:
        """End all, the last started first; none is left."""
        for name in reversed(list(self.running)):
            process = self.running[name]
            for how in (signal.SIGCONT, signal.SIGTERM):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, how)
        deadline = time.monotonic() + _END_SECONDS
        for process in self.running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
        for process in self.running.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(_END_SECONDS)
        self.running.clear()

    def environment(self, name: str) -> dict[str, str]:
        """What a service's processes are started with."""
        kept = {key: os.environ[key] for key in ("LANG", "JAVA_HOME", "USER") if key in os.environ}
        service = self.services[name]
        role = service.image
        python = [str(self._python(role) / "bin")] if role in images.ROLES else []
        places = [*python, *_system_path(), str(CACHE / "bin"), *debian_postgres()]
        own = {"PATH": os.pathsep.join(places), "RUST_LOG": "error", "TMPDIR": str(self.places.scratch(service))}
        return kept | own | self.places.environment(service)

    def url(self, name: str, port: int, scheme: str = "http") -> str:
        """Where a service answers."""
        return f"{scheme}://{self.places.addresses[name]}:{port}"

    def memory(self) -> dict[str, int]:
        """Service → bytes of memory of its processes (what they share is divided among them)."""
        found = {}
        for name, process in self.running.items():
            found[name] = 0
            for each in [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]:
                # a child may end meanwhile
                with contextlib.suppress(psutil.NoSuchProcess):
                    found[name] += each.memory_full_info().pss
        return found

    def log(self, name: str) -> Path:
        """What a service said."""
        folder = self.places.folder / "logs"
        folder.mkdir(exist_ok=True)
        return folder / f"{name}.log"

    def _python(self, role: str) -> Path:
        if role not in self.pythons:
            self.pythons[role] = images.environment(role)
        return self.pythons[role]

    def _app(self, name: str) -> Path:
        """The folder that the image starts in, with what its Dockerfile puts there."""
        role = self.services[name].image
        folder = self.places.folder / "app" / role
        if not folder.exists():
            folder.mkdir(parents=True)
            for words in images.put_into_app(role) if role in images.ROLES else ():
                (folder / Path(words).name).symlink_to(ROOT / words)
        return folder

    def _start_what_may(self) -> None:
        for name, service in self.services.items():
            if name in self.running or name in self.done:
                continue
            # what is not among the services of a test, the test has made itself
            if all(need in self.done or need in self.healthy for need in service.needs if need in self.services):
                self.start(name)

    def _look(self, names: list[str] | None = None) -> None:
        asked = []
        for name in names or list(self.running):
            process = self.running[name]
            code = process.poll()
            if self.services[name].is_once and code == 0:
                self.done.add(name)
                del self.running[name]
            elif code is not None:
                raise NotHealthy(self._told(name))
            elif name not in self.healthy and self.services[name].health:
                asked.append(name)
        with ThreadPoolExecutor(4) as pool:
            self.healthy |= {
                name for name, is_well in zip(asked, pool.map(self._is_healthy, asked), strict=True) if is_well
            }

    def _is_healthy(self, name: str) -> bool:
        service = self.services[name]
        command = self.places.command(service, service.health or [])
        try:
            return (
                subprocess.run(
                    command, env=self.environment(name), cwd=self._app(name), capture_output=True, timeout=30
                ).returncode
                == 0
            )
        except subprocess.TimeoutExpired:
            return False

    def _told(self, name: str) -> str:
        log = self.log(name)
        said = log.read_text(errors="replace").splitlines()[-15:] if log.exists() else ["it was not started"]
        return f"{name}: " + "\n".join(said)


def _postgres(places: Places, service: Service, command: list[str]) -> tuple[list[str], dict[str, object]]:
    """What the image's entrypoint does: a database folder on the first start, and the server not as root."""
    data = places.folder / "volumes" / "postgres" / "data"
    address = places.addresses[service.name]
    options: dict[str, object] = {}
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        options = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    if not data.exists():
        data.mkdir(mode=0o700)
        secret = places.text(service, service.environment["POSTGRES_PASSWORD_FILE"])
        words = data.parent / "first-password"
        shutil.copy(secret, words)
        if options:
            os.chown(data, user.pw_uid, user.pw_gid)
            os.chown(words, user.pw_uid, user.pw_gid)
        arguments = service.environment["POSTGRES_INITDB_ARGS"].split()
        binary = shutil.which("initdb", path=os.pathsep.join([os.environ["PATH"], *debian_postgres()]))
        assert binary, "PostgreSQL is not installed"
        subprocess.run(
            [binary, "-D", str(data), "-U", "postgres", f"--pwfile={words}", "-E", "UTF8", *arguments],
            check=True,
            capture_output=True,
            cwd="/",
            **options,  # type: ignore[call-overload]
        )
        words.unlink()
    binary = shutil.which(command[0], path=os.pathsep.join([os.environ["PATH"], *debian_postgres()]))
    assert binary, "PostgreSQL is not installed"
    return [binary, *command[1:], "-D", str(data), "-h", address, "-k", str(data)], options


def _system_path() -> list[str]:
    """The path without the project's own environment: a service has only what its image has."""
    own = str(Path(sys.executable).parent)
    return [place for place in os.environ["PATH"].split(os.pathsep) if place != own]


def debian_postgres() -> list[str]:
    """Where Debian puts the server's programs, the newest first."""
    return sorted((str(path) for path in Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
