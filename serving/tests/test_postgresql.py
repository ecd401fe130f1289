"""The gateway with its users, audit log and predictions in a PostgreSQL that really runs."""

import datetime as dt
import shutil
from collections.abc import Iterator

import httpx
import pytest

from mediflow_assets.contracts.served.treatment_cost import COST_MODEL
from mediflow_assets.identity.audit import AuditLog
from mediflow_assets.identity.prediction_log import PredictionLog
from mediflow_assets.identity.revoked_tokens import Revoked
from mediflow_assets.identity.users import Users
from mediflow_assets.settings import Settings
from mediflow_assets_tests.cluster.conftest import started
from mediflow_assets_tests.cluster.processes import debian_postgres
from serving.schemas import PATIENT
from serving.tests.conftest import PASSWORD, gateway, header
from serving.tests.test_process import answered_until_killed, eventually

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(not debian_postgres() and not shutil.which("postgres"), reason="PostgreSQL is not installed"),
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with started(only={"secrets", "postgres"}) as cluster:
        cluster.up()
        word = (cluster.places.folder / "volumes/secrets/source/postgres").read_text()
        url = f"postgresql+psycopg2://postgres:{word}@{cluster.places.addresses['postgres']}:5432/postgres"
        users = Users(url)
        users.create("scorer", PASSWORD, ["scorer"])
        users.create("privacy-officer", PASSWORD, ["privacy_officer"])
        yield url


def test_it_answers_records_remembers_and_revokes(own_home: Settings, url: str) -> None:
    with gateway(own_home, {"MEDIFLOW_DATABASE_URL": url}) as (served, _), httpx.Client(base_url=served) as client:
        scorer, officer = header(served), header(served, "privacy-officer")
        reply = client.post("/predict", json=PATIENT, headers=scorer)
        assert reply.status_code == 200
        page = client.get("/governance/audit?actor=scorer", headers=officer).json()["records"]
        assert page[0]["request_id"] == reply.headers["x-request-id"] and page[0]["action"] == "POST /predict"
        assert client.get("/governance/status", headers=officer).json()["audit"]["is_intact"]
        assert client.get("/governance/audit?actor=%00", headers=officer).status_code == 422
        since = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5)
        assert eventually(lambda: len(PredictionLog(url).since(COST_MODEL, "1", since)) == 1)
        Revoked(url).user("scorer")
        assert client.post("/predict", json=PATIENT, headers=scorer).status_code == 401


def test_no_acknowledged_record_is_lost_when_one_of_two_gateways_is_killed(own_home: Settings, url: str) -> None:
    Users(url).create("survivor", PASSWORD, ["scorer"])
    with gateway(own_home, {"MEDIFLOW_DATABASE_URL": url}) as (served, _), httpx.Client(base_url=served) as client:
        client.headers.update(header(served, "survivor"))
        Users(url).create("second", PASSWORD, ["scorer"])
        answered = answered_until_killed(own_home, "second", {"MEDIFLOW_DATABASE_URL": url})
        for _ in range(20):
            reply = client.post("/predict", json=PATIENT)
            assert reply.status_code == 200
            answered.add(reply.headers["x-request-id"])
    log = AuditLog(url, own_home.audit_head)
    assert answered <= {row["request_id"] for row in log.latest(1_000_000)} and log.verify().is_intact
