"""A home with users of every role and both models promoted; the app over it, and clients with tokens."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from mediflow_assets.contracts.inputs import MODELS
from mediflow_assets.governance.users import ROLES, Users
from mediflow_assets.scoring import models_uri
from mediflow_assets.settings import Settings
from mediflow_assets_tests.rehearsal import rehearse
from serving.main import create_app

PASSWORD = "correct horse battery"


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Set up as `mediflow init` and a training leave it; to be read, and users added to."""
    settings = Settings(home=tmp_path_factory.mktemp("gateway"))
    settings.secrets.mkdir(mode=0o700, parents=True)
    users = Users(settings.ops_url)
    for role in ROLES:
        users.create(role.replace("_", "-"), PASSWORD, [role])
    for name in MODELS:
        rehearse(Path(settings.root), models_uri(settings.lake_root), name)
    return settings


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
def token(client: TestClient) -> Callable[[str], str]:
    """Role → an access token of the user of that role."""
    kept: dict[str, str] = {}

    def _token(role: str) -> str:
        if role not in kept:
            form = {"username": role.replace("_", "-"), "password": PASSWORD}
            kept[role] = client.post("/token", data=form).json()["access_token"]
        return kept[role]

    return _token


@pytest.fixture(scope="session")
def bearer(token: Callable[[str], str]) -> Callable[[str], dict[str, str]]:
    """Role → the header that carries its token."""
    return lambda role: {"authorization": f"Bearer {token(role)}"}
