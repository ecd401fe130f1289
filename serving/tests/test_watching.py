"""What an operator has: metrics, logs of one JSON object a line, and predictions kept for drift."""

import datetime as dt
import json
import logging
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from mediflow_assets.contracts.served.treatment_cost import COST_MODEL
from mediflow_assets.errors import EngineFailed
from mediflow_assets.identity.prediction_log import Prediction, PredictionLog, predictions
from mediflow_assets.settings import Settings
from serving import remembered
from serving.logs import JsonLines
from serving.main import create_app
from serving.remembered import Remembered
from serving.schemas import PATIENT
from serving.scraping import scrape_token
from serving.tests.conftest import gateway, header

Bearer = Callable[[str], dict[str, str]]


def figures(client: TestClient, home: Settings) -> dict[tuple[str, ...], float]:
    page = client.get("/metrics", headers={"authorization": f"Bearer {scrape_token(home)}"})
    assert page.status_code == 200
    families = text_string_to_metric_families(page.text)
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


def test_requests_and_predictions_are_counted(client: TestClient, bearer: Bearer, home: Settings) -> None:
    before = figures(client, home)
    client.post("/predict/batch", json={"patients": [PATIENT] * 5}, headers=bearer("scorer"))
    after = figures(client, home)
    asked, scored = (
        ("mediflow_requests_total", "POST /predict/batch", "200"),
        ("mediflow_predictions_total", COST_MODEL),
    )
    assert after[asked] - before.get(asked, 0) == 1
    assert after[scored] - before.get(scored, 0) == 5
    assert after["mediflow_champion", COST_MODEL, "1"] == 1


def test_paths_that_do_not_exist_are_one_label(client: TestClient, home: Settings) -> None:
    for number in range(5):
        client.get(f"/nothing/{number}")
    actions = {key[1] for key in figures(client, home) if key[0] == "mediflow_requests_total"}
    assert "GET unknown" in actions and not [action for action in actions if "nothing" in action]


def test_metrics_are_for_the_scrape_token_and_operators_only(client: TestClient, home: Settings) -> None:
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"authorization": f"Bearer {'0' * 64}"}).status_code == 401
    opened = {"authorization": f"Bearer {scrape_token(home)}"}
    assert client.post("/predict", json=PATIENT, headers=opened).status_code == 401


def test_a_prediction_is_kept_with_what_was_given_and_no_more(
    client: TestClient, bearer: Bearer, home: Settings
) -> None:
    reply = client.post("/predict", json=PATIENT | {"comorbidity_count": 3}, headers=bearer("scorer")).json()
    log = PredictionLog(home.ops_url)
    since = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5)
    wait_for(
        lambda: any(
            answer == pytest.approx(reply["predicted_cost"], abs=0.01)
            for _, answer in log.since(COST_MODEL, "1", since)
        )
    )
    inputs = [given for given, _ in log.since(COST_MODEL, "1", since) if given.get("comorbidity_count") == 3][-1]
    assert inputs == {
        "age_at_admission": 67,
        "gender": "F",
        "department": "CARDIOLOGY",
        "admitting_diagnosis_code": "I50.9",
        "encounter_class": "inpatient",
        "comorbidity_count": 3,
    }


CANARY = "Canary4711"


@pytest.mark.slow
def test_what_may_be_a_name_or_number_of_a_patient_is_kept_nowhere(own_home: Settings) -> None:
    """Put where a careless client might put it; looked for in all that the gateway writes."""
    with (own_home.root / "stderr").open("wb") as shown, gateway(own_home, stderr=shown) as (url, _):
        scorer, clinician, officer = (header(url, name) for name in ("scorer", "clinician", "privacy-officer"))
        for wrong in (
            {"department": CANARY},
            {"diagnosis_code": CANARY},
            {"gender": CANARY},
            {"age": CANARY},
            {CANARY: 1},
            {"admission_type": CANARY},
            {"discharge_disposition": CANARY},
        ):
            reply = httpx.post(f"{url}/predict", json=PATIENT | wrong, headers=scorer)
            assert CANARY not in reply.text or CANARY in wrong
        httpx.post(f"{url}/predict", content=f'{{"age": "{CANARY}', headers=scorer | {"content-type": CANARY})
        httpx.post(f"{url}/patients/lookup", json={"patient_id": CANARY}, headers=clinician)
        httpx.get(f"{url}/patients/{CANARY}/risk?name={CANARY}", headers=clinician | {"x-name": CANARY})
        httpx.get(f"{url}/{CANARY}?name={CANARY}")
        httpx.post(f"{url}/token", data={"username": CANARY, "password": CANARY})
        httpx.get(f"{url}/governance/audit?actor={CANARY.lower()}", headers=officer)
        httpx.get(f"{url}/insights/departments?department={CANARY}", headers=header(url, "analyst"))
        page = httpx.get(f"{url}/metrics", headers={"authorization": f"Bearer {scrape_token(own_home)}"})
        assert page.status_code == 200 and CANARY.lower() not in page.text.lower()
        wait_for(lambda: len(list_of_predictions(own_home)) >= 5)
    written = [file for file in own_home.root.iterdir() if file.is_file()]
    assert {"stderr", "ops.db", "audit.head"} <= {file.name for file in written}
    assert [file.name for file in written if CANARY.lower().encode() in file.read_bytes().lower()] == []


def list_of_predictions(home: Settings) -> list[tuple[dict[str, Any], float]]:
    since = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5)
    return PredictionLog(home.ops_url).since(COST_MODEL, "1", since)


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_is_old_is_forgotten(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    log = PredictionLog(f"sqlite:///{tmp_path / 'ops.db'}")
    log.append(predictions("r", "m", "1", [({"a": 1, "b": None}, 2.0)]))
    now = dt.datetime.now(dt.UTC)
    assert log.since("m", "1", now - dt.timedelta(days=1)) == [({"a": 1}, 2.0)]
    assert log.since("m", "2", now - dt.timedelta(days=1)) == [] == log.since("m", "1", now + dt.timedelta(days=1))
    assert log.forget_before(now - dt.timedelta(days=1)) == 0 and log.forget_before(now + dt.timedelta(days=1)) == 1
    assert log.newest() == 0


class Away(PredictionLog):
    """A database that does not answer at first."""

    def __init__(self) -> None:
        self.tries = 0
        self.kept: list[Prediction] = []
        self.parts: list[int] = []

    def append(self, predictions: Any) -> None:
        self.tries += 1
        if self.tries < 3:
            raise EngineFailed("away")
        self.kept += predictions
        self.parts.append(len(predictions))

    def forget_before(self, moment: dt.datetime) -> int:
        return 0


def test_predictions_wait_while_the_database_is_away_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "EVERY_SECONDS", 0.01)
    monkeypatch.setattr(remembered, "MOST_WAITING", 3)
    away = Away()
    kept = Remembered(away, 90)
    kept.add(predictions("r", "m", "1", [({}, 0.0)] * 5))
    assert kept.dropped == 2
    wait_for(lambda: len(away.kept) == 3)
    kept.close()


def test_predictions_are_written_in_parts_and_none_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "EVERY_SECONDS", 0.01)
    away = Away()
    kept = Remembered(away, 90)
    kept.add(predictions("r", "m", "1", [({}, float(n)) for n in range(1_000)]))
    wait_for(lambda: len(away.kept) == 1_000)
    kept.close()
    assert max(away.parts) == remembered.MOST_IN_COMMIT and [each.answer for each in away.kept] == list(range(1_000))


def test_a_log_line_is_json_without_values() -> None:
    record = logging.LogRecord("mediflow.gateway", logging.INFO, "f", 1, "request", (), None)
    record.action, record.status, record.secret = "POST /predict", 200, "PAT-1"
    told = json.loads(JsonLines().format(record))
    assert (told["message"], told["action"], told["status"]) == ("request", "POST /predict", 200)
    assert "PAT-1" not in json.dumps(told)
    try:
        raise ValueError("PAT-1")
    except ValueError as error:
        foreign = logging.LogRecord("some.library", logging.ERROR, "f", 1, "failed for %s", ("PAT-1",), None)
        foreign.exc_info = (ValueError, error, error.__traceback__)
    told = json.loads(JsonLines().format(foreign))
    assert told["error"] == "ValueError" and "PAT-1" not in json.dumps(told)


def test_web_pages_may_call_only_from_the_origins_that_are_set(home: Settings) -> None:
    page = {"origin": "https://apps.example.org", "access-control-request-method": "POST"}
    closed = TestClient(create_app(home)).options("/predict", headers=page)
    assert "access-control-allow-origin" not in closed.headers
    open_to = home.model_copy(update={"cors_origins": "https://apps.example.org, https://other.example.org"})
    opened = TestClient(create_app(open_to)).options("/predict", headers=page)
    assert opened.headers["access-control-allow-origin"] == "https://apps.example.org"
