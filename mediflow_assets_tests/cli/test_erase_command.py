"""`mediflow erase`: who may, what is asked, what is told, and a whole one with its runs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from mediflow_assets.identity.audit import AuditLog
from mediflow_assets.identity.users import Users
from mediflow_assets.privacy.byte_search import Identifiers, files_of, search

PASSWORD = "correct horse battery"
GONE = "PAT-7000001"
Run = Callable[..., Result]
WHY = ("--reason-code", "consent_withdrawn", "--ticket", "T-1")


@pytest.fixture
def officers(mediflow: Run, home: Path) -> None:
    """A home with a privacy officer, eva, and an analyst, ada."""
    mediflow("init")
    users = Users(f"sqlite:///{home / 'ops.db'}")
    users.create("eva", PASSWORD, ["privacy_officer"])
    users.create("ada", PASSWORD, ["analyst"])


def audited(home: Path) -> list[tuple[str, str, str]]:
    log = AuditLog(f"sqlite:///{home / 'ops.db'}", home / "audit.head")
    assert log.verify().is_intact
    return [(row["actor"], row["action"], row["outcome"]) for row in reversed(log.latest())]


@pytest.mark.usefixtures("officers")
@pytest.mark.parametrize(
    ("piped", "actor"), [(f"ada\n{PASSWORD}\n{GONE}\n", "ada"), ("eva\nwrong password!\n", "eva"), ("secret!\nx\n", "")]
)
def test_only_a_privacy_officer_may_and_each_attempt_is_recorded(
    mediflow: Run, home: Path, piped: str, actor: str
) -> None:
    refused = mediflow("erase", *WHY, piped=piped)
    assert refused.exit_code == 1 and GONE not in refused.stderr
    assert audited(home) == [(actor, "erase", "refused")]


@pytest.mark.usefixtures("officers")
def test_it_asks_why_and_takes_no_sentence_for_a_code(mediflow: Run, home: Path) -> None:
    assert mediflow("erase", piped=f"eva\n{PASSWORD}\n{GONE}\n").exit_code == 2
    sentence = mediflow("erase", "--reason-code", "she asked for it", "--ticket", "T-1", piped=f"eva\n{PASSWORD}\n")
    assert sentence.exit_code == 1 and "without blanks" in sentence.stderr
    assert audited(home) == []


@pytest.mark.usefixtures("officers")
def test_nobody_known_and_nobody_given(mediflow: Run, home: Path) -> None:
    nobody = mediflow("erase", *WHY, "--user", "eva", piped=f"{PASSWORD}\n{GONE}\n")
    none = mediflow("erase", *WHY, "--user", "eva", piped=f"{PASSWORD}\n")
    assert (nobody.exit_code, none.exit_code) == (1, 1)
    assert "known nowhere" in nobody.stderr and GONE not in nobody.stderr + nobody.stdout
    assert [outcome for *_, outcome in audited(home)] == ["begun", "failed"] * 2


@pytest.mark.slow
@pytest.mark.usefixtures("officers", "shared_session")
def test_a_whole_erasure(mediflow: Run, home: Path, tmp_path: Path, admissions: Any) -> None:
    delivery = tmp_path / f"{GONE}.csv"
    delivery.write_text(admissions({"patient_id": GONE}, {"patient_id": "PAT-7000002", "encounter_id": "E2"}))
    assert mediflow("ingest", delivery).exit_code == 0
    assert mediflow("run").exit_code == 0
    ids = tmp_path / "ids.txt"
    ids.write_text(f"{GONE}\n")
    erased = mediflow("erase", *WHY, "--ids-file", ids, "--user", "eva", "--json", piped=f"{PASSWORD}\n")
    assert erased.exit_code == 0, erased.stderr
    told = json.loads(erased.stdout)
    assert (told["patients"], told["records"], told["hits"]) == (1, 1, 0)
    assert search(files_of(home), Identifiers([GONE, "E1-none"])).hits == {}
    status = json.loads(mediflow("status", "--json").stdout)
    assert [row["erased"] for row in status["deliveries"]] == [1]
    assert all(row["balanced"] for row in status["reconciliation"])
    assert audited(home)[-2:] == [("eva", "erase", "begun"), ("eva", "erase", "done")]
    assert mediflow("erase", "--resume", "--user", "eva", piped=f"{PASSWORD}\n").exit_code == 1
