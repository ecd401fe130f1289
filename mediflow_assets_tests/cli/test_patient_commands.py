"""`mediflow patients`: who may, that a merge and its undoing are deliveries, and that no id is told but in the list."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from mediflow_assets.contracts import links
from mediflow_assets.identity.audit import AuditLog
from mediflow_assets.identity.users import Users
from mediflow_assets.sources import Feeds
from mediflow_assets_tests.house import House

PASSWORD = "correct horse battery"
KEPT, GONE = "PAT-7000001", "PAT-7000002"
WHY = ("--reason-code", "duplicate", "--user", "eva")
Run = Callable[..., Result]


@pytest.fixture
def hospital(mediflow: Run, home: Path, session: Any, admissions: Any) -> House:
    """A home with a privacy officer, an analyst, and two patients in Silver."""
    mediflow("init")
    users = Users(f"sqlite:///{home / 'ops.db'}")
    users.create("eva", PASSWORD, ["privacy_officer"])
    users.create("ada", PASSWORD, ["analyst"])
    house = House(home, session, Feeds())
    house.deliver(admissions({"patient_id": KEPT}, {"patient_id": GONE, "encounter_id": "E2"}))
    house.make_silver()
    return house


def settle(house: House) -> list[str]:
    """What the next run makes of merges: the patients who are merged."""
    house.land()
    house.make_silver()
    return [row["merged_id"] for row in house.rows(links.MERGED_PATIENTS)]


def told(mediflow: Run) -> list[tuple[str, str, str]]:
    rows = json.loads(mediflow("patients", "history", "--user", "eva", "--json", piped=f"{PASSWORD}\n").stdout)
    return [(row["merged"], row["kind"], row["effect"]) for row in rows]


def test_a_merge_its_undoing_and_their_history(mediflow: Run, home: Path, hospital: House) -> None:
    pair = f"{PASSWORD}\n{KEPT}\n{GONE.lower()}\n"
    done = [mediflow("patients", "merge", *WHY, piped=pair)]
    assert settle(hospital) == [GONE]
    assert "merged already" in mediflow("patients", "merge", *WHY, piped=pair).stderr
    done.append(mediflow("patients", "unmerge", *WHY, piped=pair))
    assert settle(hospital) == []
    assert told(mediflow) == [(GONE, "merge", "undone"), (GONE, "unmerge", "undoing")]
    assert [each.exit_code for each in done] == [0, 0]
    log = AuditLog(f"sqlite:///{home / 'ops.db'}", home / "audit.head")
    said = " ".join(str(row) for row in log.latest()) + "".join(each.output for each in done)
    assert log.verify().is_intact and "reason duplicate" in said and "PAT-700000" not in said.upper()


def test_only_a_privacy_officer_or_an_admin_may(mediflow: Run, hospital: House) -> None:
    for command in (("merge", "--reason-code", "x"), ("unmerge", "--reason-code", "x"), ("history",)):
        refused = mediflow("patients", *command, piped=f"ada\n{PASSWORD}\n{KEPT}\n{GONE}\n")
        assert refused.exit_code == 1 and "needs the role" in refused.stderr
    assert hospital.inbox.waiting() == []


IDLE = [
    ("merge", (KEPT,), "Two ids are needed"),
    ("merge", (KEPT, KEPT.lower()), "of the same patient"),
    ("unmerge", (KEPT, GONE), "No merge of these two stands"),
    ("merge", (KEPT, "duplicate"), "The reason names a patient"),
]


def test_what_would_change_nothing_is_refused(mediflow: Run, hospital: House, tmp_path: Path) -> None:
    file = tmp_path / "ids.txt"
    for command, ids, sentence in IDLE:
        file.write_text("\n".join(ids))
        refused = mediflow("patients", command, *WHY, "--ids-file", file, piped=f"{PASSWORD}\n")
        assert refused.exit_code == 1 and sentence in refused.stderr and KEPT not in refused.output.upper()
    assert hospital.inbox.waiting() == []


def test_a_patient_who_has_not_arrived_is_told_of_as_a_count(mediflow: Run, hospital: House) -> None:
    taken = mediflow("patients", "merge", *WHY, piped=f"{PASSWORD}\n{KEPT}\nPAT-9\n")
    assert taken.exit_code == 0 and "1 of the two patients has not arrived" in taken.stderr
    assert settle(hospital) == [] and told(mediflow) == [("PAT-9", "merge", "waiting for a patient")]
