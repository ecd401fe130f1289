"""A run with nothing to do says so at once; whatever a run would answer to is seen."""

import datetime as dt
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import Result

from mediflow_assets.cli import unchanged
from mediflow_assets.contracts import silver
from mediflow_assets.defs.launching import Outcome
from mediflow_assets.identity.prediction_log import PredictionLog, predictions
from mediflow_assets.pipeline import settled
from mediflow_assets.settings import Settings
from mediflow_assets.storage.delta import Lake

Run = Callable[..., Result]
SAID = "Nothing has arrived and nothing has changed since the run of"


@pytest.fixture
def ran(mediflow: Run, home: Path, lake: Lake, quarantine: Callable[..., None]) -> Path:
    """A home whose last whole run has just succeeded."""
    assert mediflow("init").exit_code == 0
    quarantine("open")
    finish(home)
    return home


def end(settings: Settings) -> None:
    is_enough = settled.are_enough(settings.landing, settings.inbox_uri)
    settled.end_run(settings.root, settings.lake_root, "r", is_enough)


def finish(home: Path, *warnings: str, is_success: bool = True) -> None:
    """What a run leaves that began with the home as it is."""
    settings = Settings(home=home)
    began = unchanged.home_of(settings)
    settled.begin_run(home)
    end(settings)
    if is_success:
        unchanged.note(settings, Outcome("r", True, (), warnings, ()), began)


def is_said(home: Path) -> bool:
    settings = Settings(home=home)
    return unchanged.said(settings, unchanged.home_of(settings))


def _asked(home: Path) -> None:
    PredictionLog(Settings(home=home).ops_url).append(predictions("r", "readmission", "1", [({"age": 50}, 0.5)]))


def _cut(home: Path) -> None:
    file = next((home / "lake").rglob("*.parquet"))
    file.write_bytes(file.read_bytes()[:-1])


def _edit(home: Path) -> None:
    path = home / "sources.toml"
    path.write_text(path.read_text() + "\n# looked at\n")


CHANGES: dict[str, Callable[[Path], object]] = {
    "a table was written": lambda home: Lake(str(home / "lake")).set_properties(silver.QUARANTINE, note=1),
    "a file of a table is cut": _cut,
    "a feed was described": _edit,
    "a file was dropped": lambda home: (home / "inbox" / "dropped.csv").write_text("patient_id\n"),
    "the key is another one": lambda home: next((home / "secrets").iterdir()).write_bytes(b"x"),
    "an erasure was cut short": lambda home: (home / "erasure.journal").write_text("{}"),
    "the gateway answered": _asked,
    "others may read the home": lambda home: home.chmod(0o755),
    "a run was killed": settled.begin_run,
    "a run failed": lambda home: finish(home, is_success=False),
}


def test_nothing_to_do_is_said_with_what_was_warned_of(ran: Path, mediflow: Run) -> None:
    finish(ran, "gold/privacy_status: risk_above_limit, 1 row")
    done = mediflow("run")
    assert done.exit_code == 0 and SAID in done.output
    assert "warning, which stops nothing: gold/privacy_status: risk_above_limit, 1 row" in done.output


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_seen(ran: Path, what: str) -> None:
    assert is_said(ran)
    CHANGES[what](ran)
    assert not is_said(ran)


def test_a_delivery_is_seen(ran: Path, mediflow: Run, csv: Callable[..., Path]) -> None:
    assert mediflow("ingest", csv("a.csv", 1)).exit_code == 0
    assert not is_said(ran)


@pytest.mark.parametrize(("name", "value"), [("TIMEZONE", "Asia/Tokyo"), ("LANDING", "batch"), ("INBOX", "s3://b/x")])
def test_a_setting_is_seen(ran: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"MEDIFLOW_{name}", value)
    finish(ran)
    assert is_said(ran) is (name == "TIMEZONE")
    monkeypatch.delenv(f"MEDIFLOW_{name}")
    assert not is_said(ran)


def test_after_half_a_day_a_run_is_made_all_the_same(ran: Path) -> None:
    last = settled.last(ran)
    assert last is not None
    for hours, stands in ((11, True), (13, False)):
        at = dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours)
        settled.keep(ran, replace(last, at=at.isoformat()))
        assert is_said(ran) is stands


def test_a_note_that_cannot_be_read_counts_as_none(ran: Path) -> None:
    (ran / settled.FILE).write_text("{")
    assert not is_said(ran)


def test_a_table_written_after_the_run_is_not_taken_for_its_own(ran: Path, lake: Lake) -> None:
    settings = Settings(home=ran)
    began = unchanged.home_of(settings)
    end(settings)
    lake.set_properties(silver.QUARANTINE, note=2)
    unchanged.note(settings, Outcome("r", True, (), (), ()), began)
    assert not is_said(ran)


def test_neither_dagster_nor_the_engine_is_loaded_for_it(ran: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "mediflow_assets.cli", "run"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in told.stderr.splitlines()}
    assert SAID in told.stdout and not loaded & {"dagster", "pyspark", "pysail", "deltalake", "mlflow"}


@pytest.mark.slow
@pytest.mark.usefixtures("shared_session")
def test_a_whole_run_is_noted_and_the_next_has_nothing_to_do(mediflow: Run, csv: Callable[..., Path]) -> None:
    assert mediflow("init").exit_code == 0
    assert mediflow("ingest", csv("a.csv", 1, 2)).exit_code == 0
    first, second = mediflow("run"), mediflow("run")
    assert first.exit_code == second.exit_code == 0
    assert SAID not in first.output and SAID in second.output
    assert mediflow("ingest", csv("b.csv", 3)).exit_code == 0
    assert SAID not in mediflow("run").output and SAID in mediflow("run").output


@pytest.mark.parametrize("what", ["a file", "a folder"])
def test_what_vanishes_while_it_is_looked_at_is_as_if_it_had_not_been(
    ran: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """As the journal of a database does, and the figures of a stream."""
    walk, passing = os.walk, ran / "stream" / "figures.new"

    def walked(top: Path) -> Iterator[tuple[str, list[str], list[str]]]:
        for place, folders, files in walk(top):
            if what == "a file" and passing.name in files:
                passing.unlink()
            if what == "a folder" and Path(place) == passing.parent:
                shutil.rmtree(passing.parent)
            yield place, folders, files

    passing.parent.mkdir(exist_ok=True)
    if what == "a folder":
        passing.parent.rmdir()
    before = settled.stamp_of_home(ran)
    passing.parent.mkdir(exist_ok=True)
    passing.write_text("{}")
    monkeypatch.setattr(settled.os, "walk", walked)
    assert (settled.stamp_of_home(ran) == before) and not passing.exists()


@pytest.mark.parametrize(("name", "value"), [("LANDING", "continuous"), ("INBOX", "s3://b/x")])
def test_a_lake_is_not_looked_through_in_vain(
    ran: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"MEDIFLOW_{name}", value)
    settled.begin_run(ran)
    end(Settings(home=ran))
    assert settled.last(ran) is None
