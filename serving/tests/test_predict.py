"""What an application asks and gets: the older client's calls, and all that is new."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from mediflow_assets.contracts.served import MODELS
from mediflow_assets.contracts.served.readmission_risk import READMISSION_MODEL
from mediflow_assets.contracts.served.treatment_cost import COST_MODEL
from mediflow_assets.identity.audit import AuditLog
from mediflow_assets.scoring import load_champion, models_uri, point_to
from mediflow_assets.scoring.bundle import FACTS
from mediflow_assets.settings import Settings
from mediflow_assets_tests.rehearsal import NOW
from serving.main import create_app
from serving.schemas import PATIENT

Bearer = Callable[[str], dict[str, str]]


NO_CLASS = {name: value for name, value in PATIENT.items() if name != "encounter_class"}


@pytest.mark.parametrize("given", [NO_CLASS, PATIENT | {"encounter_class": "spaceflight"}])
def test_a_cost_is_answered_by_class_or_not_at_all(
    client: TestClient, bearer: Bearer, given: dict[str, object]
) -> None:
    for path, body, field in (
        ("/predict", given, "encounter_class"),
        ("/predict/batch", {"patients": [PATIENT, given]}, "patients.1.encounter_class"),
    ):
        reply = client.post(path, json=body, headers=bearer("scorer"))
        (problem,) = reply.json()["errors"]
        assert reply.status_code == 409 and problem["field"] == field
        assert "inpatient, outpatient" in problem["problem"] and "spaceflight" not in reply.text
    assert client.post("/predict/readmission", json=NO_CLASS, headers=bearer("scorer")).status_code == 200


def test_each_class_has_its_own_answer_and_interval(client: TestClient, bearer: Bearer) -> None:
    stay, visit = (
        client.post("/predict", json=PATIENT | {"encounter_class": word}, headers=bearer("scorer")).json()
        for word in ("IMP", "outpatient")
    )
    assert stay["predicted_cost"] > 1.5 * visit["predicted_cost"]
    widths = [each["interval"]["upper"] / each["interval"]["lower"] for each in (stay, visit)]
    assert widths[0] > 1.4 * widths[1]


def test_the_older_clients_calls_work_with_a_token(client: TestClient, bearer: Bearer) -> None:
    cost = client.post("/predict", json=PATIENT, headers=bearer("scorer")).json()
    assert cost["predicted_cost"] > 0 and cost["unit"] == "USD" and cost["model"] == COST_MODEL
    batch = client.post("/predict/batch", json={"patients": [PATIENT, PATIENT]}, headers=bearer("scorer")).json()
    assert [answer["predicted_cost"] for answer in batch["predictions"]] == [cost["predicted_cost"]] * 2
    risk = client.post("/predict/readmission", json=PATIENT, headers=bearer("scorer")).json()
    assert 0 <= risk["readmission_risk"] <= 1 and risk["status"] in ("Low", "Moderate", "High")


def test_the_answer_is_the_champions(client: TestClient, bearer: Bearer, home: Settings) -> None:
    bundle = load_champion(models_uri(home.lake_root), READMISSION_MODEL)
    assert bundle is not None
    row = {
        "age_at_admission": 67,
        "gender": "F",
        "department": "CARDIOLOGY",
        "diagnosis_code": "I50.9",
        "length_of_stay_days": 5,
        "prior_admissions_12m": 2,
    }
    body = PATIENT | {"length_of_stay_days": 5, "prior_admissions_12m": 2}
    reply = client.post("/predict/readmission", json=body, headers=bearer("clinician")).json()
    assert reply["readmission_risk"] == pytest.approx(float(bundle.predict([row]).values[0]))
    assert reply["model_version"] == "1" and reply["cutoffs"] == dict(bundle.cutoffs)


def test_the_interval_holds_the_answer(client: TestClient, bearer: Bearer) -> None:
    reply = client.post("/predict", json=PATIENT, headers=bearer("scorer")).json()
    ends = reply["interval"]
    assert ends["lower"] < reply["predicted_cost"] < ends["upper"] and ends["coverage"] == 0.9
    assert reply["peer"] == {"patients": 40, "lower_quartile": 12.5, "median": 12.5, "upper_quartile": 12.5}
    suppressed = PATIENT | {"department": "ONCOLOGY", "diagnosis_code": "C50.9"}
    assert client.post("/predict", json=suppressed, headers=bearer("scorer")).json()["peer"] is None


def test_drivers_are_told_where_they_are_asked_for(client: TestClient, bearer: Bearer) -> None:
    plain, told = (
        client.post(f"/predict{q}", json=PATIENT, headers=bearer("scorer")).json() for q in ("", "?explain=true")
    )
    assert (
        plain["drivers"] is None and told["drivers"] and {"feature", "label", "contribution"} == set(told["drivers"][0])
    )


def test_unknown_words_are_answered_with_a_warning(client: TestClient, bearer: Bearer) -> None:
    reply = client.post("/predict", json=PATIENT | {"department": "XENOBIOLOGY"}, headers=bearer("scorer"))
    assert reply.status_code == 200 and any("department" in text for text in reply.json()["warnings"])
    assert "XENOBIOLOGY" not in reply.text


WRONG: list[dict[str, object]] = [
    {"age": 250},
    {"age": -1},
    {"age": "67"},
    {"age": True},
    {"age": 1.5},
    {"gender": ""},
    {"department": "x" * 65},
    {"ssn": "1"},
    {"systolic_mmhg": 9999},
    {"diagnosis_code": "I10\u0000"},
]


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_fields_are_named_and_values_not_told(
    client: TestClient, bearer: Bearer, wrong: dict[str, object]
) -> None:
    reply = client.post("/predict", json=PATIENT | wrong, headers=bearer("scorer"))
    assert reply.status_code == 422 and reply.headers["content-type"] == "application/problem+json"
    assert next(iter(wrong)) in {error["field"] for error in reply.json()["errors"]}
    assert "x" * 65 not in reply.text and "9999" not in reply.text


def test_at_most_twenty_fields_are_listed(client: TestClient, bearer: Bearer) -> None:
    body = {"patients": [{"age": "no"}] * 500}
    reply = client.post("/predict/batch", json=body, headers=bearer("scorer"))
    assert reply.status_code == 422 and len(reply.json()["errors"]) == 20


def test_too_many_patients_are_refused(client: TestClient, bearer: Bearer) -> None:
    reply = client.post("/predict/batch", json={"patients": [PATIENT] * 10_001}, headers=bearer("scorer"))
    assert reply.status_code == 422


def test_replies_carry_an_id_and_security_headers(client: TestClient, bearer: Bearer) -> None:
    reply = client.post("/predict", json=PATIENT, headers=bearer("scorer") | {"x-request-id": "order-66"})
    assert reply.headers["x-request-id"] == "order-66" == reply.json()["request_id"]
    assert reply.headers["cache-control"] == "no-store" and reply.headers["x-content-type-options"] == "nosniff"
    assert "ratelimit" in reply.headers
    forged = client.get("/health/live", headers={"x-request-id": "a b<script>"})
    assert "script" not in forged.headers["x-request-id"]


def test_every_answer_and_refusal_is_on_the_audit_log_without_values(
    client: TestClient, bearer: Bearer, home: Settings
) -> None:
    client.post("/predict", json=PATIENT, headers=bearer("scorer") | {"x-request-id": "audited-1"})
    client.post("/predict", json=PATIENT, headers=bearer("executive") | {"x-request-id": "audited-2"})
    client.post("/predict", content=b"{", headers={"content-type": "application/json", "x-request-id": "audited-3"})
    log = AuditLog(home.ops_url, home.audit_head)
    found = {row["request_id"]: row for row in log.latest(20)}
    assert (found["audited-1"]["actor"], found["audited-1"]["outcome"]) == ("scorer", "done")
    assert found["audited-1"]["action"] == "POST /predict" and found["audited-1"]["model_version"] == f"{COST_MODEL} 1"
    assert (found["audited-2"]["actor"], found["audited-2"]["outcome"]) == ("executive", "refused")
    assert found["audited-3"]["outcome"] == "refused"
    assert not any("I50.9" in str(row) or "CARDIOLOGY" in str(row) for row in found.values())
    assert log.verify().is_intact


def test_models_tell_inputs_and_card(client: TestClient, bearer: Bearer) -> None:
    listed = client.get("/models", headers=bearer("admin"))
    assert [model["name"] for model in listed.json()["models"]] == list(MODELS)
    one = client.get(f"/models/{COST_MODEL}", headers=bearer("admin")).json()
    department = next(each for each in one["inputs"] if each["name"] == "department")
    assert "CARDIOLOGY" in department["allowed"] and one["card"].startswith("#")
    assert client.get("/models/none", headers=bearer("admin")).status_code == 404


def test_without_a_champion_nothing_is_made_up(tmp_path: Path, home: Settings, token: Callable[[str], str]) -> None:
    bare = Settings(home=tmp_path / "bare")
    shutil.copytree(home.secrets, bare.secrets)
    shutil.copy(home.root / "ops.db", bare.root / "ops.db")
    with TestClient(create_app(bare)) as client:
        reply = client.post("/predict", json=PATIENT, headers={"authorization": f"Bearer {token('scorer')}"})
        assert reply.status_code == 503 and "retry-after" in reply.headers
        assert client.get("/health/ready").status_code == 503 and client.get("/health/live").status_code == 200


@pytest.mark.parametrize("absent", [(READMISSION_MODEL,), MODELS])
def test_a_model_without_a_champion_disables_only_itself(
    own_home: Settings, token: Callable[[str], str], absent: tuple[str, ...]
) -> None:
    for name in absent:
        shutil.rmtree(Path(models_uri(own_home.lake_root)) / name)
    asked = {"authorization": f"Bearer {token('scorer')}"}
    with TestClient(create_app(own_home)) as client:
        ready = client.get("/health/ready")
        assert ready.status_code == 200 and set(ready.json()["models"]) == set(MODELS) - set(absent)
        assert ready.json()["states"] == {name: "absent" if name in absent else "champion" for name in MODELS}
        assert len(ready.json()["problems"]) == len(absent)
        listed = {each["name"]: each["version"] for each in client.get("/models", headers=asked).json()["models"]}
        assert listed == {name: None if name in absent else "1" for name in MODELS}
        for name, path in ((COST_MODEL, "/predict"), (READMISSION_MODEL, "/predict/readmission")):
            reply = client.post(path, json=PATIENT, headers=asked)
            assert reply.status_code == (503 if name in absent else 200)
            assert name not in absent or name in reply.json()["detail"]


def test_a_provisional_model_says_so_in_every_answer(own_home: Settings, token: Callable[[str], str]) -> None:
    mark_provisional(models_uri(own_home.lake_root), READMISSION_MODEL)
    asked = {"authorization": f"Bearer {token('scorer')}"}
    with TestClient(create_app(own_home)) as client:
        assert client.get("/health/ready").json()["states"][READMISSION_MODEL] == "provisional"
        for body, path in ((PATIENT, ""), ({"patients": [PATIENT]}, "/batch")):
            told = [
                client.post(f"/predict{kind}{path}", json=body, headers=asked).json()["provisional"]
                for kind in ("/readmission", "")
            ]
            assert told == [True, False]
        assert client.get(f"/models/{READMISSION_MODEL}", headers=asked).json()["provisional"]


def mark_provisional(models: str, name: str) -> None:
    """Make version 1 one that its gate let through for want of a champion."""
    file = Path(models) / name / "1" / FACTS
    file.write_text(json.dumps(json.loads(file.read_text()) | {"is_provisional": True}))
    point_to(models, name, "1", NOW)


def test_health_and_root(client: TestClient) -> None:
    ready = client.get("/health/ready").json()
    assert ready["status"] == "ready" and set(ready["models"]) == set(MODELS)
    assert client.get("/").json()["name"] == "MediFlow gateway"
    assert client.get("/no-such-path").status_code == 404
