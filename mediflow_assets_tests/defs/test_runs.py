"""Runs through Dagster, start to end: what they make, what they tell, what they leave out, and who may run."""

import contextlib
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from mediflow_assets.contracts import bronze, gold, masked, operational, silver
from mediflow_assets.contracts.vitals import VITALS_LATEST
from mediflow_assets.ingest import landing
from mediflow_assets.pipeline import silver as silver_steps
from mediflow_assets.storage import tables
from mediflow_assets.storage.lease import lake_lease
from mediflow_assets_tests.samples import ADMISSION, csv_text

pytestmark = pytest.mark.slow

PLANTED = ("Quetzalcoatlus", "PID-QX-4711", "987-65-4321", "roswitha_quetz")
"""A name, a patient id, an SSN and a file name that must not leave Bronze and Silver."""
BAD_COST = {"patient_id": "P7", "encounter_id": "E7", "cost": "twelve"}
REPLAY = {"ops": {step: {"config": {"replay": True}} for step in ("patients", "encounters", "conditions")}}
COUNT_ENGINES = """
from mediflow_assets.defs import launching
from mediflow_assets.definitions import build_defs
from mediflow_assets.settings import Settings
from mediflow_assets.storage import engine
import sys
launching.install_dagster_home(Settings())
outcome = launching.run_job(build_defs(Settings()), "refresh")
print(outcome.is_success, engine._server is None, "pysail" in sys.modules)
"""

Home = Any


def planted(**changes: str) -> str:
    """A delivery that carries what is planted, and one bad record."""
    name, patient, ssn, _ = PLANTED
    row = {"patient_id": patient, "name": f"Roswitha {name}", "SSN": ssn, "encounter_id": f"E-{patient}"} | changes
    return csv_text(ADMISSION, ({}, row, BAD_COST, BAD_COST | {"encounter_id": "E8", "name": f"Otto {name}"}))


@pytest.fixture(scope="module")
def story(new_home: Callable[[], Home]) -> SimpleNamespace:
    """One home, and its refresh with a delivery."""
    home = new_home()
    steps: list[Any] = []
    home.drop(f"{PLANTED[3]}.csv", planted())
    delivered = home.run(told=steps.append)
    return SimpleNamespace(home=home, delivered=delivered, steps=steps)


@pytest.fixture
def twin(story: SimpleNamespace) -> Home:
    """The home after its delivery, to be changed at will."""
    return story.home.copy()


def test_an_empty_home_is_brought_up_to_date_and_left_as_it_is_by_a_run_at_once(new_home: Callable[[], Home]) -> None:
    home = new_home()
    empty = home.run()
    assert (empty.is_success, empty.errors, empty.failed_checks) == (True, (), ())
    assert home.run().is_success
    assert all(home.metadata(contract)["unchanged"] for contract in (*silver.VALIDATED, *masked.TABLES))
    home.drop(f"{PLANTED[3]}.csv", planted())
    delivered = home.run()
    assert (delivered.is_success, delivered.errors, home.lake.rows(silver.ENCOUNTERS)) == (True, (), 2)


def test_every_step_is_told(story: SimpleNamespace) -> None:
    assert [step.done for step in story.steps] == list(range(1, story.steps[0].total + 1))
    assert all(step.is_success for step in story.steps)


def test_a_delivery_gets_through(story: SimpleNamespace) -> None:
    home = story.home
    assert (story.delivered.is_success, story.delivered.errors) == (True, ())
    counts = [home.lake.rows(t) for t in (bronze.ADMISSIONS, silver.ENCOUNTERS, silver.QUARANTINE, masked.ENCOUNTERS)]
    assert counts == [4, 2, 2, 2]
    assert list(home.settings.inbox.glob("*.csv")) == []


def test_materialisations_carry_counts(story: SimpleNamespace) -> None:
    ledger, made = story.home.metadata(bronze.DELIVERIES), story.home.metadata(silver.ENCOUNTERS)
    assert (ledger["dagster/row_count"], ledger["new_rows"], ledger["refused_files"]) == (1, 1, 0)
    counts = ("dagster/row_count", "judged", "accepted", "quarantined", "unchanged")
    assert [made[name] for name in counts] == [2, 4, 2, 2, False]
    assert story.home.metadata(silver.QUARANTINE)["dagster/row_count"] == 2


def test_a_run_with_nothing_new_starts_no_engine(twin: Home) -> None:
    found = twin.process("-c", COUNT_ENGINES)
    assert found.stdout.splitlines()[-1:] == ["True True False"], found.stderr


def test_nothing_of_a_patient_reaches_dagster_or_the_terminal(
    twin: Home, story: SimpleNamespace, capfd: pytest.CaptureFixture[str]
) -> None:
    twin.drop(f"{PLANTED[3]}_2.csv", planted(cost="77.00"))
    assert twin.run().is_success
    told = "".join(capfd.readouterr())
    assert twin.scan(*PLANTED) == story.home.scan(*PLANTED) == []
    assert [value for value in PLANTED if value in told] == []


def break_in_storage(patched: pytest.MonkeyPatch) -> None:
    """The storage library raises, with a value in its text."""

    def fail(*_: object) -> None:
        raise RuntimeError(f"[CAST_INVALID_INPUT] the value '{PLANTED[0]}' of {PLANTED[1]} cannot be cast")

    patched.setattr(tables, "conform", fail)


def break_in_landing(patched: pytest.MonkeyPatch) -> None:
    """Landing itself raises, with a file's name in its text."""

    def fail(*_: object) -> None:
        raise ValueError(f"{PLANTED[3]}.csv: {PLANTED[2]}")

    patched.setattr(landing, "land", fail)


def break_in_a_step(patched: pytest.MonkeyPatch) -> None:
    """A step's own code raises, nowhere near the storage, from an error that carries a value."""

    def fail(*_: object) -> None:
        try:
            {}[PLANTED[1]]
        except KeyError as error:
            raise ValueError(PLANTED[0]) from error

    patched.setattr(silver_steps, "pending", fail)


@pytest.mark.parametrize(
    "fault",
    [break_in_landing, *(pytest.param(fault, marks=pytest.mark.slow) for fault in (break_in_storage, break_in_a_step))],
)
def test_nothing_of_a_patient_is_told_by_a_run_that_fails(
    twin: Home, fault: Callable[..., None], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    twin.drop(f"{PLANTED[3]}_2.csv", planted(cost="77.00"))
    with monkeypatch.context() as patched:
        fault(patched)
        outcome = twin.run()
    assert not outcome.is_success and outcome.errors
    told = "".join([*capfd.readouterr(), *outcome.errors])
    assert twin.scan(*PLANTED) == []
    assert [value for value in PLANTED if value in told] == []


def test_a_broken_rule_stops_the_run_before_gold(twin: Home) -> None:
    good = twin.lake.read(silver.ENCOUNTERS).to_pylist()[0]
    broken = good | {
        "encounter_id": "E-bad",
        "encounter_key": "bad",
        "discharged_at": good["admitted_at"].replace(1900),
    }
    twin.lake.append_rows(silver.ENCOUNTERS, [broken])
    twin.drop("next.csv", planted(cost="5.00"))
    for _ in range(2):  # once more: a failed check is not forgotten by the next run
        outcome = twin.run()
        failed = [row for row in twin.lake.read(operational.CHECK_RESULTS).to_pylist() if not row["passed"]]
        made = twin.materialised_by(outcome.run_id)
        assert not outcome.is_success and any("silver/encounters" in name for name in outcome.failed_checks)
        assert any(row["run_id"] == outcome.run_id and row["table"] == "silver/encounters" for row in failed)
        # what befell patients is told apart from encounters
        alone = {masked.PATIENTS.name, VITALS_LATEST.name}
        assert not made & {table.name for table in (*gold.TABLES, *masked.TABLES) if table.name not in alone}


def test_a_training_without_data_fails_nothing_and_says_what_is_missing(new_home: Callable[[], Home]) -> None:
    outcome = new_home().run("train")
    assert (outcome.is_success, outcome.errors, outcome.failed_checks) == (True, (), ())
    said = sorted(outcome.warnings)
    assert [text.split(":")[0] for text in said] == ["readmission-risk", "treatment-cost"]
    assert all("there is no encounter to learn from yet" in text for text in said)


def test_replay_judges_open_records_again(twin: Home) -> None:
    assert twin.run("replay", REPLAY).is_success
    made = twin.metadata(silver.ENCOUNTERS)
    assert (made["judged"], made["accepted"], made["quarantined"]) == (2, 0, 2)


def test_a_rebuild_ends_with_the_same_tables(twin: Home) -> None:
    before = twin.tables()
    outcome = twin.run("rebuild")
    assert outcome.is_success and silver.ENCOUNTERS.name in twin.materialised_by(outcome.run_id)
    assert twin.tables() == before


def test_a_full_disk_is_said_and_loses_nothing(story: SimpleNamespace, twin: Home) -> None:
    before = twin.tables()
    twin.drop("more.csv", csv_text(ADMISSION, ({"encounter_id": "E99", "patient_id": "P99"},)))
    full = twin.process("-m", "mediflow_assets.cli", "run", preexec_fn=no_file_may_grow_beyond(64 * 1024))
    assert (full.returncode, "Traceback" in full.stderr) == (1, False)
    assert "the disk is full" in full.stderr
    assert twin.tables() == before
    assert twin.run().is_success
    assert {"E99"} <= set(twin.lake.read(silver.ENCOUNTERS)["encounter_id"].to_pylist())


def no_file_may_grow_beyond(size: int) -> Callable[[], None]:
    """What a full disk looks like to a process that writes."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_a_second_run_is_refused_by_name(twin: Home) -> None:
    with lake_lease(twin.settings.root / "lake.lock", "run 7"):
        outcome = twin.run()
        command = twin.process("-m", "mediflow_assets.cli", "run")
    assert not outcome.is_success and any("held by run 7" in error for error in outcome.errors)
    assert command.returncode == 1 and "held by run 7" in command.stderr


def test_the_run_of_a_dead_process_is_marked_failed_by_the_next(twin: Home) -> None:
    with contextlib.closing(killed_at_its_first_step(twin)):
        pass
    with twin.instance() as instance:
        dead = [run for run in instance.get_runs() if not run.is_finished]
    assert [run.status for run in dead] == [dg.DagsterRunStatus.STARTED]
    assert twin.run().is_success
    with twin.instance() as instance:
        after = instance.get_run_by_id(dead[0].run_id)
    assert after is not None and after.status == dg.DagsterRunStatus.FAILURE


def killed_at_its_first_step(home: Home) -> Any:
    """A `mediflow run` that SIGKILL ends as soon as its first step is done; its output."""
    process = subprocess.Popen(
        [sys.executable, "-m", "mediflow_assets.cli", "run"],
        env=home.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if b" 1 of " in line:
            break
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    return process.stderr
