"""`mediflow reidentify`, `keys`, `export`: who may, and what the audit log tells of each attempt."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from mediflow_assets.contracts import silver
from mediflow_assets.identity.audit import AuditLog
from mediflow_assets.identity.users import Users
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.storage.delta import Lake
from mediflow_assets_tests.cli.conftest import PASSWORD, WHEN

Run = Callable[..., Result]
AS_EVA, AS_ADA = f"eva\n{PASSWORD}\n", f"ada\n{PASSWORD}\n"


@pytest.fixture
def key(mediflow: Run, home: Path, lake: Lake) -> PseudonymKey:
    """A home with a privacy officer, eva, an analyst, ada, and a patient."""
    mediflow("init")
    users = Users(f"sqlite:///{home / 'ops.db'}")
    users.create("eva", PASSWORD, ["privacy_officer"])
    users.create("ada", PASSWORD, ["analyst"])
    key = PseudonymKey.load(home / "secrets")
    pseudonym = key.pseudonym("patient", "PAT-1")
    row = {
        "id_namespace": "mrn",
        "patient_id": "PAT-1",
        "patient_key": pseudonym,
        "source_system": "admissions",
        "gender": "F",
    }
    lake.append_rows(silver.PATIENTS, [row | {"updated_at": WHEN}])
    lake.set_properties(silver.PATIENTS, key_id=key.key_id)
    return key


def records(home: Path) -> list[tuple[str, str, str, str]]:
    log = AuditLog(f"sqlite:///{home / 'ops.db'}", home / "audit.head")
    assert log.verify().is_intact
    return [(row["actor"], row["action"], row["outcome"], row["detail"]) for row in reversed(log.latest())]


def test_a_privacy_officer_is_told_and_it_is_recorded_without_values(
    mediflow: Run, home: Path, key: PseudonymKey
) -> None:
    pseudonym = key.pseudonym("patient", "PAT-1")
    told = mediflow("reidentify", pseudonym, "--reason", "call back\nadmin erase done", "--json", piped=AS_EVA)
    assert told.exit_code == 0 and json.loads(told.stdout)["patient_id"] == "PAT-1"
    found = records(home)
    assert [row[:3] for row in found] == [("eva", "reidentify", "begun"), ("eva", "reidentify", "done")]
    # a line break in a reason cannot begin a record of its own
    assert found[1][3] == "found; call back?admin erase done"
    assert "PAT-1" not in str(found) and pseudonym not in str(found)


def test_an_analyst_is_refused_and_it_is_recorded(mediflow: Run, home: Path, key: PseudonymKey) -> None:
    refused = mediflow("reidentify", key.pseudonym("patient", "PAT-1"), "--reason", "curious", piped=AS_ADA)
    assert refused.exit_code == 1 and "privacy_officer" in refused.stderr and "PAT-1" not in refused.stdout
    assert [row[:3] for row in records(home)] == [("ada", "reidentify", "refused")]


def test_a_failed_attempt_is_recorded_without_its_reason(mediflow: Run, home: Path, key: PseudonymKey) -> None:
    failed = mediflow("reidentify", key.pseudonym("patient", "PAT-1"), "--reason", "pat-1 asked", piped=AS_EVA)
    assert failed.exit_code == 1 and "names the patient" in failed.stderr
    assert records(home)[-1][2:] == ("failed", "SettingsInvalid; reason given")
    assert mediflow("reidentify", "0" * 32, "--reason", " ", piped=AS_EVA).exit_code == 2


def test_the_key_is_named_and_not_shown(mediflow: Run, key: PseudonymKey) -> None:
    told = json.loads(mediflow("keys", "show", "--json").stdout)
    assert (told["key_id"], told["age_days"], told["is_changing"]) == (key.key_id, 0, False)
    assert key.secret.hex() not in mediflow("keys", "show").stdout


def test_an_analyst_may_not_change_the_key(mediflow: Run, home: Path, key: PseudonymKey) -> None:
    assert mediflow("keys", "rotate", piped=AS_ADA).exit_code == 1
    assert PseudonymKey.load(home / "secrets").key_id == key.key_id
    assert [row[:3] for row in records(home)] == [("ada", "keys rotate", "refused")]


def test_an_analyst_may_export_in_safe_harbor_only(mediflow: Run, home: Path, key: PseudonymKey) -> None:
    asked = ("export", "masked/patients", "--reason", "study 7", "--profile")
    limited = mediflow(*asked, "limited", piped=AS_ADA)
    harbor = mediflow(*asked, "safe_harbor", piped=AS_ADA)
    assert "role privacy_officer" in limited.stderr and "mediflow run" in harbor.stderr
    assert [row[2] for row in records(home)] == ["refused", "begun", "failed"]
    assert mediflow(*asked, "all", piped=AS_ADA).exit_code == 2


def test_every_command_that_changes_something_is_recorded(mediflow: Run, home: Path, csv: Callable[..., Path]) -> None:
    mediflow("users", "add", "Bob", "--role", "scorer", piped=PASSWORD + "\n")
    mediflow("ingest", csv("a.csv", 1))
    mediflow("ingest", csv("b.txt", 1, header="a,b"))
    mediflow("quarantine", "discard", "--delivery", "ab" * 32, "--record", "1", "--reason", "torn")
    mediflow("users", "disable", "bob")
    mediflow("reset", "--yes")
    found = records(home)
    assert [row[1:3] for row in found] == [
        ("users add", "done"),
        ("ingest", "done"),
        ("ingest", "failed"),
        ("quarantine discard", "failed"),
        ("users disable", "done"),
        ("reset", "done"),
    ]
    assert all(row[0].startswith("os:") for row in found)
    assert "a.csv" not in str(found) and "torn" not in str(found)


def test_a_record_of_quarantine_is_shown_to_an_officer_and_that_is_recorded(
    mediflow: Run, home: Path, key: PseudonymKey, quarantine: Callable[..., None]
) -> None:
    quarantine("open")
    asked = ("quarantine", "show", "--delivery", "ab" * 32, "--record", "1")
    assert mediflow(*asked, piped=AS_ADA).exit_code == 1
    assert "P-SECRET" in mediflow(*asked, piped=AS_EVA).stdout
    found = records(home)
    assert [row[:3] for row in found] == [
        ("ada", "quarantine show", "refused"),
        ("eva", "quarantine show", "begun"),
        ("eva", "quarantine show", "done"),
    ]
    assert "P-SECRET" not in str(found)
