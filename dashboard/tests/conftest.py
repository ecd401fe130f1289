"""Pages, opened as some role on some lake, with or without a gateway behind them."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import gateway
from dashboard.gateway import GatewayProblem, SignedIn
from dashboard.tests.lakes import fill

DOWN = "http://127.0.0.1:9"
REPLIES: dict[str, Any] = {
    "/models": {"models": [{"name": "treatment-cost", "version": "1"}, {"name": "readmission-risk", "version": None}]},
    "/models/treatment-cost": {
        "version": "1",
        "card": "# The card",
        "inputs": [
            {"name": "department", "allowed": ["SURGERY"]},
            {"name": "admitting_diagnosis_code", "allowed": ["I10"]},
            {"name": "encounter_class", "allowed": ["inpatient"]},
        ],
    },
    "/models/readmission-risk": {"version": "1", "card": "# The card", "inputs": []},
    "/governance/status": {
        "key": {"key_id": "k1", "age_days": 12},
        "erasures": [],
        "audit": {"is_intact": True, "records": 3, "says": ""},
    },
    "/governance/audit?limit=50": {"records": [{"sequence": 1, "actor": "someone", "action": "GET /models"}]},
    "/audit/events": {"request_id": "r"},
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, and no gateway behind it."""
    monkeypatch.setenv("MEDIFLOW_HOME", str(tmp_path))
    monkeypatch.delenv("MEDIFLOW_LAKE", raising=False)
    monkeypatch.setenv("MEDIFLOW_GATEWAY_URL", DOWN)
    return tmp_path


@pytest.fixture
def filled(home: Path) -> Path:
    """A home with every table."""
    fill(home)
    return home


@pytest.fixture
def replies(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A gateway that answers with these; a test may change them, or have one raise."""
    known = dict(REPLIES)

    def _ask(_: SignedIn, method: str, path: str, payload: Any = None) -> Any:
        reply = known.get(path, GatewayProblem("The gateway does not know this yet, or has nothing under it."))
        if isinstance(reply, Exception):
            raise reply
        return reply

    monkeypatch.setattr(gateway, "ask", _ask)
    return known


def _shown(name: str) -> None:
    from dashboard import session, sidebar
    from dashboard.views import PAGES

    user = session.current()
    if user is not None:
        sidebar.show(user)
    PAGES[name][1]()


@pytest.fixture
def open_page() -> Callable[..., AppTest]:
    """Opens a page with its sidebar as a role; every exception in it fails the test."""

    def _open(name: str, *roles: str, **query: str) -> AppTest:
        page = AppTest.from_function(_shown, args=(name,), default_timeout=60)
        page.session_state["signed_in"] = SignedIn("someone", frozenset(roles), time.time() + 600, "a.b.c")
        for key, value in query.items():
            page.query_params[key] = value
        page.run()
        assert not page.exception, [each.message for each in page.exception]
        return page

    return _open
