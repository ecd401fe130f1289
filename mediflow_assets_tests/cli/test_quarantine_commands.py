"""`mediflow quarantine`: list, show, discard, replay."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from mediflow_assets.cli import running
from mediflow_assets.contracts import silver
from mediflow_assets.identity.users import Users
from mediflow_assets.ingest.inbox import Inbox
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.lease import lake_lease

DELIVERY = "ab" * 32
PASSWORD = "correct horse battery"
Run = Callable[..., Result]

Put = Callable[..., None]
RECORD_1 = ("--delivery", DELIVERY[:12], "--record", 1)


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would have been launched."""
    calls: list[Any] = []
    monkeypatch.setattr(running, "launch", lambda job, replay=None: calls.append((job, replay)) or 0)
    return calls


def statuses(lake: Lake) -> dict[int, str]:
    """Status by record number."""
    rows = lake.read(silver.QUARANTINE, ["_record_number", "status"])
    return dict(zip(rows["_record_number"].to_pylist(), rows["status"].to_pylist(), strict=True))


def test_records_are_counted_by_reason_and_status(mediflow: Run, quarantine: Put) -> None:
    quarantine("open", "open", "waiting")
    found = json.loads(mediflow("quarantine", "list", "--json").stdout)
    assert [(row["reason"], row["status"], row["records"]) for row in found] == [
        ("cost_malformed", "open", 2),
        ("cost_malformed", "waiting", 1),
    ]


def test_the_list_is_narrowed_by_reason_delivery_and_table(mediflow: Run, quarantine: Put) -> None:
    quarantine("open")
    quarantine("open", reason="gender_unknown", table="silver/patients")
    narrowed = ("--reason", "gender_unknown", "--delivery", DELIVERY[:12], "--table", "patients")
    assert len(json.loads(mediflow("quarantine", "list", "--json", *narrowed).stdout)) == 1
    assert json.loads(mediflow("quarantine", "list", "--json", *narrowed[:5], "encounters").stdout) == []


def test_no_list_shows_content(mediflow: Run, quarantine: Put) -> None:
    quarantine("open")
    shown = mediflow("quarantine", "list", "--records")
    assert DELIVERY in shown.stdout and "P-SECRET" not in shown.output


@pytest.mark.parametrize(("role", "code"), [("privacy_officer", 0), ("admin", 0), ("analyst", 1), ("operator", 1)])
def test_a_record_is_shown_to_privacy_officers_and_admins_only(
    mediflow: Run, home: Path, quarantine: Put, role: str, code: int
) -> None:
    quarantine("open")
    Users(f"sqlite:///{home / 'ops.db'}").create("ada", PASSWORD, [role])
    shown = mediflow("quarantine", "show", *RECORD_1, piped=f"ada\n{PASSWORD}\n")
    assert (shown.exit_code, "P-SECRET" in shown.output) == (code, code == 0)


def test_a_wrong_password_shows_nothing(mediflow: Run, home: Path, quarantine: Put) -> None:
    quarantine("open")
    Users(f"sqlite:///{home / 'ops.db'}").create("ada", PASSWORD, ["admin"])
    shown = mediflow("quarantine", "show", *RECORD_1, "--user", "ada", piped="wrong password\n")
    assert shown.exit_code == 1 and "P-SECRET" not in shown.output


def test_a_discarded_record_stays_and_the_others_stay_open(mediflow: Run, lake: Lake, quarantine: Put) -> None:
    quarantine("open", "open")
    assert mediflow("quarantine", "discard", *RECORD_1, "--reason", "a test bed").exit_code == 0
    assert statuses(lake) == {1: "discarded", 2: "open"}


def test_what_was_replayed_or_discarded_is_not_discarded_again(mediflow: Run, quarantine: Put) -> None:
    quarantine("replayed")
    assert mediflow("quarantine", "discard", *RECORD_1, "--reason", "late").exit_code == 1


def test_nothing_is_discarded_while_a_run_holds_the_lake(
    mediflow: Run, home: Path, lake: Lake, quarantine: Put
) -> None:
    quarantine("open")
    with lake_lease(home / "lake.lock", "run 7"):
        assert "run 7" in mediflow("quarantine", "discard", *RECORD_1, "--reason", "x").stderr
    assert statuses(lake) == {1: "open"}


def test_a_patch_to_open_records_is_received_and_replayed(
    mediflow: Run, inbox: Inbox, quarantine: Put, csv: Callable[..., Path], launched: list[Any]
) -> None:
    quarantine("open", "waiting")
    patch = csv("patch.csv", header=f"_delivery_id,_record_number,cost\n{DELIVERY},1,5\n{DELIVERY},2,6")
    assert mediflow("quarantine", "replay", "--patch", patch, "--delivery", DELIVERY[:12]).exit_code == 0
    assert launched == [("replay", {"reason": None, "delivery": DELIVERY})]
    assert [delivery.source for delivery in inbox.waiting()] == ["corrections"]


@pytest.mark.parametrize("target", [f"{DELIVERY},1", f"{DELIVERY},9", f"{DELIVERY[:12]},2", f"{DELIVERY},+2", ","])
def test_a_patch_to_anything_else_is_refused_whole(
    mediflow: Run, inbox: Inbox, quarantine: Put, csv: Callable[..., Path], launched: list[Any], target: str
) -> None:
    quarantine("replayed", "open")
    patch = csv("patch.csv", header=f"_delivery_id,_record_number,cost\n{DELIVERY},2,5\n{target},6")
    refused = mediflow("quarantine", "replay", "--patch", patch)
    assert refused.exit_code == 1 and "1 of the patch's 2 records" in refused.stderr
    assert (launched, inbox.waiting()) == ([], [])


def test_a_delivery_is_no_patch(mediflow: Run, csv: Callable[..., Path], launched: list[Any]) -> None:
    refused = mediflow("quarantine", "replay", "--patch", csv("a.csv", 1))
    assert refused.exit_code == 1 and "no patch" in refused.stderr and launched == []


def test_a_replay_of_a_delivery_that_is_not_there_says_so(mediflow: Run, launched: list[Any]) -> None:
    assert mediflow("quarantine", "replay", "--delivery", "ab' OR 1=1").exit_code == 1
    assert launched == []
