"""A home with users of every role and both models promoted; the app over it, and clients with tokens."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

import httpx
import pytest
from fastapi.testclient import TestClient

from mediflow_assets.contracts.served import MODELS
from mediflow_assets.identity.token_keys import load_keys
from mediflow_assets.identity.users import ROLES, Users
from mediflow_assets.scoring import models_uri
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.settings import Settings
from mediflow_assets_tests.rehearsal import rehearse
from serving.main import create_app
from serving.tests.tables import make_tables
from serving.tokens import issue

PASSWORD = "correct horse battery"
LONGEST_START_SECONDS = 180


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Set up as `mediflow init` and a training leave it; to be read, and users added to."""
    settings = Settings(home=tmp_path_factory.mktemp("gateway"))
    settings.secrets.mkdir(mode=0o700, parents=True)
    users = Users(settings.ops_url)
    for role in ROLES:
        users.create(role.replace("_", "-"), PASSWORD, [role])
    users.create("everything", PASSWORD, list(ROLES))
    PseudonymKey.create(settings.secrets)
    for name in MODELS:
        rehearse(models_uri(settings.lake_root), name)
    make_tables(settings)
    return settings


@pytest.fixture
def own_home(home: Settings, tmp_path: Path) -> Settings:
    """The same, to be damaged."""
    return Settings(home=shutil.copytree(home.root, tmp_path / "home"))


@contextlib.contextmanager
def gateway(
    home: Settings, settings: Mapping[str, str] = MappingProxyType({}), stderr: BinaryIO | None = None
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A process of its own on a free port, ready."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"MEDIFLOW_HOME": str(home.root)} | dict(settings)
    process = subprocess.Popen([sys.executable, "-m", "serving", "--port", str(port)], env=environment, stderr=stderr)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(url, process)
        yield url, process
    finally:
        process.kill()
        process.wait()


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    """Until it answers: on a machine at work that takes a while."""
    deadline = time.monotonic() + LONGEST_START_SECONDS
    while process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/health/ready").status_code == 200:
                return
        assert time.monotonic() < deadline, "the gateway does not get ready"
        time.sleep(0.05)


def header(url: str, user: str = "scorer") -> dict[str, str]:
    """The header that carries a new token of a user."""
    form = {"username": user, "password": PASSWORD}
    return {"authorization": f"Bearer {httpx.post(f'{url}/token', data=form).json()['access_token']}"}


@pytest.fixture(scope="session")
def url(home: Settings) -> Iterator[str]:
    """A gateway as a process, over that home."""
    with gateway(home) as (found, _):
        yield found


@pytest.fixture(scope="session")
def app(home: Settings) -> Any:
    """The gateway of that home."""
    return create_app(home)


@pytest.fixture(scope="session")
def client(app: Any) -> Iterator[TestClient]:
    """A client without a token."""
    with TestClient(app, raise_server_exceptions=False) as found:
        yield found


@pytest.fixture(scope="session")
def token(home: Settings) -> Callable[[str], str]:
    """Role → a new access token of the user of that role: tests may run longer than a token lives."""
    key = load_keys(home.secrets)[-1]
    return lambda role: issue(key, role.replace("_", "-"), [role])


@pytest.fixture(scope="session")
def bearer(token: Callable[[str], str]) -> Callable[[str], dict[str, str]]:
    """Role → the header that carries its token."""
    return lambda role: {"authorization": f"Bearer {token(role)}"}
