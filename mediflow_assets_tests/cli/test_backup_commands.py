"""`mediflow backup` and `restore`: a whole way there and back, and what is told."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from mediflow_assets.identity.audit import AuditLog

Run = Callable[..., Result]


def audited(home: Path) -> list[tuple[str, str]]:
    log = AuditLog(f"sqlite:///{home / 'ops.db'}", home / "audit.head")
    assert log.verify().is_intact
    return [(row["action"], row["outcome"]) for row in reversed(log.latest())]


def test_a_backup_is_restored_into_another_home(
    mediflow: Run, home: Path, tmp_path: Path, csv: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    mediflow("init")
    mediflow("ingest", csv("a.csv", 100, 200))
    made = mediflow("backup", tmp_path / "backup")
    assert made.exit_code == 0 and "personal data" in made.stdout
    assert audited(home)[-1] == ("backup", "done")
    again = mediflow("restore", tmp_path / "backup")
    assert again.exit_code == 1 and "nothing is overwritten" in again.stderr
    monkeypatch.setenv("MEDIFLOW_HOME", str(tmp_path / "twin"))
    back = mediflow("restore", tmp_path / "backup")
    assert back.exit_code == 0, back.stderr
    assert "0 patients" in back.stdout
    assert audited(tmp_path / "twin")[-1] == ("restore", "done")
    doctor = mediflow("doctor")
    assert doctor.exit_code == 0, doctor.stdout


def test_without_a_home_nothing_is_backed_up(mediflow: Run, tmp_path: Path) -> None:
    refused = mediflow("backup", tmp_path / "backup")
    assert refused.exit_code == 1 and "mediflow init" in refused.stderr
    assert not (tmp_path / "backup").exists()
