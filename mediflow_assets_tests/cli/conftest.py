"""The command in a home of its own, and quarantined records to work on."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mediflow_assets.cli import build
from mediflow_assets.contracts import operational, silver
from mediflow_assets.ingest.inbox import Inbox
from mediflow_assets.sources import Feeds
from mediflow_assets.storage import engine
from mediflow_assets.storage.delta import Lake

HEADER = "patient_id,department,diagnosis_code,admission_date,cost"
WHEN = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
DELIVERY = "ab" * 32
PASSWORD = "correct horse battery"

Run = Callable[..., Result]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home; nothing else of the environment counts."""
    for name in ("LAKE", "SPARK_REMOTE", "DATABASE_URL", "LANDING"):
        monkeypatch.delenv(f"MEDIFLOW_{name}", raising=False)
    monkeypatch.setenv("MEDIFLOW_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def mediflow(home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `mediflow …` with what is piped in; the engine of the test run outlives it."""
    app = build()
    monkeypatch.setattr(engine, "stop_embedded", lambda: None)

    def _run(*arguments: object, piped: str | None = None) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments], input=piped)

    return _run


@pytest.fixture
def shared_session(session: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole runs of the command in this process take the session of the test run, and leave it to the other tests."""
    monkeypatch.setattr("mediflow_assets.defs.resources.EngineResource.close", lambda _: None)


@pytest.fixture
def lake(home: Path) -> Lake:
    """The home's tables."""
    return Lake(str(home / "lake"))


@pytest.fixture
def inbox(home: Path) -> Inbox:
    """The home's inbox."""
    return Inbox(home / "inbox", Feeds())


@pytest.fixture
def csv(tmp_path: Path) -> Callable[..., Path]:
    """Writes a delivery of admissions, one record a cost."""

    def _write(name: str, *costs: int, header: str = HEADER) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join((header, *(f"P1,CARDIOLOGY,I21,2026-01-01,{cost}" for cost in costs))) + "\n")
        return path

    return _write


@pytest.fixture
def quarantine(lake: Lake) -> Callable[..., None]:
    """Puts records into quarantine, one a status."""

    def _put(*statuses: str, reason: str = "cost_malformed", table: str = "silver/encounters") -> None:
        rows = [
            {
                "target_table": table,
                "source": "bronze/admissions",
                "_delivery_id": DELIVERY,
                "_record_number": number,
                "payload": '{"patient_id": "P-SECRET"}',
                "reasons": [reason],
                "status": status,
                "first_seen_at": WHEN,
                "last_seen_at": WHEN,
            }
            for number, status in enumerate(statuses, start=1)
        ]
        lake.append_rows(silver.QUARANTINE, rows)

    return _put


@pytest.fixture
def checked(lake: Lake) -> Callable[..., None]:
    """Writes a check's result."""

    def _write(is_passed: bool, severity: str = "error", days: int = 0) -> None:
        row = {"run_id": "r", "table": "silver/encounters", "check_name": "c", "failing": 0, "rows": 1, "version": 1}
        at = WHEN + dt.timedelta(days=days)
        result = {"checked_at": at, "severity": severity, "passed": is_passed}
        lake.append_rows(operational.CHECK_RESULTS, [row | result])

    return _write


@pytest.fixture
def reconciled(lake: Lake) -> Callable[[bool], None]:
    """Writes a sum that agrees, or does not."""

    def _write(is_balanced: bool) -> None:
        row = {"table": "silver/encounters", "delivery": DELIVERY[:12], "source": "admissions", "records": 3}
        sums = {"accepted": 3 if is_balanced else 2, "quarantined": 0, "erased": 0, "balanced": is_balanced}
        lake.append_rows(operational.RECONCILIATION, [row | sums])

    return _write


@pytest.fixture
def patients(lake: Lake) -> None:
    """A lake that holds a patient."""
    known = {"patient_id": "P1", "patient_key": "k", "source_system": "admissions", "gender": "F", "updated_at": WHEN}
    lake.append_rows(silver.PATIENTS, [known])
