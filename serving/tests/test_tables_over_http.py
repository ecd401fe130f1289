"""What analysts, clinicians and the privacy officer read: the tables as they stand, and the audit log."""

import asyncio
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from mediflow_assets.contracts import links, masked, models, silver
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.identity.audit import AuditLog, Verdict
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.settings import Settings
from mediflow_assets.storage.delta import Lake
from serving import walking
from serving.lake import LakeReader
from serving.problems import Problem
from serving.tests.tables import KNOWN, made_up
from serving.throttle import LOOKUPS_PER_HOUR, Throttle

Bearer = Callable[[str], dict[str, str]]


def get(client: TestClient, path: str, header: dict[str, str]) -> dict[str, Any]:
    reply = client.get(path, headers=header)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def test_a_table_comes_in_pages_with_its_version_and_time(client: TestClient, bearer: Bearer) -> None:
    first = get(client, "/insights/departments?limit=100", bearer("analyst"))
    second = get(client, "/insights/departments?limit=100&offset=100", bearer("analyst"))
    assert (first["table"], first["version"], first["total"]) == ("masked/department_costs", 1, 151)
    assert len({row["department"] for row in first["rows"] + second["rows"]}) == 151
    assert first["as_of"].endswith("Z") and first["rows"][0]["total_cost_usd"] == 12.5


def test_a_suppressed_cell_is_null(client: TestClient, bearer: Bearer) -> None:
    (row,) = get(client, "/insights/departments?department=HOSPICE", bearer("analyst"))["rows"]
    assert row["is_suppressed"] and row["patients"] is None and row["total_cost_usd"] is None


def test_a_new_version_is_read(client: TestClient, bearer: Bearer, home: Settings) -> None:
    before = get(client, "/insights/census", bearer("analyst"))
    rows = [made_up(masked.MONTHLY_CENSUS, department=name) for name in ("HOSPICE", "ONCOLOGY")]
    Lake(home.lake_root).overwrite_rows(masked.MONTHLY_CENSUS, rows)
    after = get(client, "/insights/census", bearer("analyst"))
    assert (after["version"], after["total"]) == (before["version"] + 1, 2)


def test_a_table_that_was_not_made_says_how_to_make_it(
    app: FastAPI, bearer: Bearer, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.state.mediflow, "lake", LakeReader("/nowhere"))
    reply = client.get("/insights/census", headers=bearer("analyst"))
    assert reply.status_code == 404 and "mediflow run" in reply.json()["detail"]
    ready = client.get("/health/ready")
    assert ready.status_code == 503 and "lake: masked/cost_peers" in ready.json()["detail"]


@pytest.mark.parametrize("contract", [silver.PATIENTS, models.RISK_SCORES])
def test_no_table_of_the_pipeline_is_ever_opened(contract: TableContract, home: Settings) -> None:
    reader = LakeReader(home.lake_root)
    with pytest.raises(ValueError, match="not for the gateway"):
        reader.read(contract)
    with pytest.raises(ValueError, match="not for the gateway"):
        reader.rows_of(contract, "patient_key", KNOWN)


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "offset=-1", "limit=x"])
def test_a_page_that_cannot_be_is_refused(client: TestClient, bearer: Bearer, query: str) -> None:
    assert client.get(f"/insights/departments?{query}", headers=bearer("analyst")).status_code == 422


def test_a_lookup_computes_the_pseudonym_and_leaves_no_id(client: TestClient, bearer: Bearer, home: Settings) -> None:
    reply = client.post("/patients/lookup", json={"patient_id": " pat-0042 "}, headers=bearer("clinician"))
    assert reply.json()["patient_key"] == PseudonymKey.load(home.secrets).pseudonym("patient", "PAT-0042")
    (record,) = AuditLog(home.ops_url, home.audit_head).latest(1)
    assert (record["actor"], record["action"]) == ("clinician", "POST /patients/lookup")
    assert "0042" not in json.dumps(record) and reply.json()["patient_key"] not in json.dumps(record)


def test_a_merged_patient_is_looked_up_under_who_survives(client: TestClient, bearer: Bearer, home: Settings) -> None:
    merged = PseudonymKey.load(home.secrets).pseudonym("patient", "PAT-0043")
    Lake(home.lake_root).overwrite_rows(links.MERGED_KEYS, [{"patient_key": merged, "survivor_key": KNOWN}])
    reply = client.post("/patients/lookup", json={"patient_id": "PAT-0043"}, headers=bearer("clinician"))
    assert reply.json()["patient_key"] == KNOWN
    scores = get(client, f"/patients/{merged}/risk", bearer("clinician"))
    assert [row["encounter_key"] for row in scores["rows"]] == ["e1"]


def test_an_id_of_another_system_has_a_pseudonym_of_its_own(client: TestClient, bearer: Bearer, home: Settings) -> None:
    key = PseudonymKey.load(home.secrets)
    for namespace, id_ in (("fhir", "pat-0042"), ("synthea", "PAT-0042")):
        asked = {"patient_id": " pat-0042 ", "id_namespace": namespace}
        reply = client.post("/patients/lookup", json=asked, headers=bearer("clinician"))
        assert reply.json()["patient_key"] == key.pseudonym_of("patient", namespace, id_)
    asked = {"patient_id": "pat-0042", "id_namespace": "MRN"}
    assert client.post("/patients/lookup", json=asked, headers=bearer("clinician")).status_code == 422


def test_an_hour_has_so_many_lookups() -> None:
    throttle = Throttle()
    assert all(throttle.may_look_up("one") for _ in range(LOOKUPS_PER_HOUR))
    assert not throttle.may_look_up("one") and throttle.may_look_up("another")


def test_stored_scores_of_one_pseudonym_only(client: TestClient, bearer: Bearer) -> None:
    found = get(client, f"/patients/{KNOWN}/risk", bearer("clinician"))
    assert [row["encounter_key"] for row in found["rows"]] == ["e1"]
    assert client.get(f"/patients/{'0' * 32}/risk", headers=bearer("clinician")).status_code == 404
    assert client.get("/patients/PAT-1/risk", headers=bearer("clinician")).status_code == 422


def test_the_officer_sees_key_risk_scans_and_whether_the_log_is_whole(
    client: TestClient, bearer: Bearer, home: Settings
) -> None:
    found = get(client, "/governance/status", bearer("privacy_officer"))
    assert found["key"]["key_id"] == PseudonymKey.load(home.secrets).key_id and found["key"]["age_days"] == 0
    assert found["audit"]["is_intact"] and found["audit"]["records"] > 0
    assert [row["table"] for row in found["privacy"]] == ["masked/patients"]
    assert found["leak_scans"][0]["hits"] == 0 and found["erasures"] == []


def test_a_long_audit_log_is_walked_beside_the_requests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(walking, "LONGEST_WAIT_SECONDS", 0.05)
    log, go, walks = AuditLog(f"sqlite:///{tmp_path / 'ops.db'}", tmp_path / "head"), threading.Event(), 0

    def slow() -> Verdict:
        nonlocal walks
        go.wait(5)
        walks += 1
        return Verdict(walks, True, None, "")

    monkeypatch.setattr(log, "verify", slow)

    async def ask() -> None:
        walk = walking.Walk(log)
        with pytest.raises(Problem):
            await walk.verdict()
        go.set()
        assert (await walk.verdict())[1].records == 1
        assert (await walk.verdict())[1].records == 2
        go.clear()
        # the one before, at once, while the next one goes on
        assert (await walk.verdict())[1].records == 2
        go.set()

    asyncio.run(ask())


def test_the_audit_log_is_read_in_pages_and_by_outcome(client: TestClient, bearer: Bearer) -> None:
    client.get("/insights/census", headers=bearer("scorer"))
    first = get(client, "/governance/audit?limit=3", bearer("privacy_officer"))
    second = get(client, f"/governance/audit?limit=3&before={first['next_before']}", bearer("privacy_officer"))
    numbers = [row["sequence"] for row in first["records"] + second["records"]]
    assert numbers == sorted(numbers, reverse=True) and len(set(numbers)) == 6
    refused = get(client, "/governance/audit?outcome=refused&actor=scorer", bearer("privacy_officer"))["records"]
    assert {(row["actor"], row["outcome"]) for row in refused} == {("scorer", "refused")}
    assert "GET /insights/census" in {row["action"] for row in refused}


def test_an_event_of_the_dashboard_is_one_record(client: TestClient, bearer: Bearer, home: Settings) -> None:
    told = {"event": "file_downloaded", "name": "departments.csv"}
    reply = client.post("/audit/events", json=told, headers=bearer("executive"))
    assert reply.status_code == 201
    (record,) = AuditLog(home.ops_url, home.audit_head).latest(1)
    assert (record["source"], record["actor"], record["detail"]) == (
        "dashboard",
        "executive",
        "file_downloaded departments.csv",
    )
    for bad in ({"event": "anything", "name": "x"}, {"event": "page_opened", "name": "Jane Doe"}, {"event": "x"}):
        assert client.post("/audit/events", json=bad, headers=bearer("executive")).status_code == 422
