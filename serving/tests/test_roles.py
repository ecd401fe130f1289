"""Every role at every endpoint: allowed or 403; without a token 401."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from mediflow_assets.identity.users import ROLES
from serving.schemas import PATIENT
from serving.tests.tables import KNOWN

ALL = set(ROLES)
TABLE: dict[tuple[str, str], tuple[set[str], Any]] = {
    ("POST", "/predict"): ({"scorer", "clinician", "admin"}, PATIENT),
    ("POST", "/predict/batch"): ({"scorer", "admin"}, {"patients": [PATIENT]}),
    ("POST", "/predict/readmission"): ({"scorer", "clinician", "admin"}, PATIENT),
    ("POST", "/predict/readmission/batch"): ({"scorer", "admin"}, {"patients": [PATIENT]}),
    ("GET", "/models"): (ALL, None),
    ("GET", "/models/treatment-cost"): (ALL, None),
    ("GET", "/insights/departments"): ({"analyst"}, None),
    ("GET", "/insights/anomalies"): ({"analyst"}, None),
    ("GET", "/insights/census"): ({"analyst"}, None),
    ("POST", "/patients/lookup"): ({"clinician"}, {"patient_id": "PAT-1"}),
    ("GET", f"/patients/{KNOWN}/risk"): ({"clinician"}, None),
    ("GET", "/governance/status"): ({"privacy_officer"}, None),
    ("GET", "/governance/audit"): ({"privacy_officer"}, None),
    ("POST", "/audit/events"): (ALL, {"event": "page_opened", "name": "executive"}),
    ("GET", "/metrics"): ({"operator", "admin"}, None),
}
OPEN = {"/", "/token", "/.well-known/jwks.json", "/health/live", "/health/ready", "/openapi.json"}


def test_every_route_is_in_the_table_or_open(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    known = {path for _, path in TABLE} | OPEN
    assert {path.replace("{name}", "treatment-cost").replace("{patient_key}", KNOWN) for path in paths} <= known


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path"), TABLE)
def test_roles(client: TestClient, bearer: Callable[[str], dict[str, str]], method: str, path: str, role: str) -> None:
    roles, body = TABLE[method, path]
    reply = client.request(method, path, json=body, headers=bearer(role))
    assert reply.status_code in ((200, 201) if role in roles else (403,))
    if reply.status_code == 403:
        assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("method", "path"), TABLE)
def test_without_a_token_nothing_is_told(client: TestClient, method: str, path: str) -> None:
    reply = client.request(method, path, json=TABLE[method, path][1])
    assert reply.status_code == 401 and reply.headers["www-authenticate"] == "Bearer"
