"""Dagster's events, written over kept connections and in batches, are what Dagster's own storage writes and reads."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.definitions.declarative_automation.serialized_objects import AutomationConditionEvaluationWithRunIds
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from mediflow_assets.defs.event_storage import MOST_OPEN, PooledEvents

OURS = {"custom": {"module": "mediflow_assets.defs.event_storage", "class": "PooledStorage"}}


@dg.asset(check_specs=[dg.AssetCheckSpec("c", asset="a")])
def a() -> dg.MaterializeResult:  # type: ignore[type-arg]
    return dg.MaterializeResult(metadata={"rows": 1}, check_results=[dg.AssetCheckResult(passed=True, check_name="c")])


@dg.asset(deps=[a])
def fails() -> None:
    raise dg.Failure("on purpose")


def instance(folder: Path, *, is_pooled: bool) -> dg.DagsterInstance:
    """An instance whose storage is ours, or Dagster's own, in the same place."""
    folder.mkdir(exist_ok=True)
    place = {"base_dir": str(folder)}
    storage = {"custom": OURS["custom"] | {"config": place}} if is_pooled else {"sqlite": place}
    (folder / "dagster.yaml").write_text(yaml.safe_dump({"storage": storage, "telemetry": {"enabled": False}}))
    return dg.DagsterInstance.from_config(str(folder))


def ran(folder: Path, *, is_pooled: bool) -> str:
    """The id of a run of both assets."""
    with instance(folder, is_pooled=is_pooled) as opened:
        return dg.materialize([a, fails], instance=opened, raise_on_error=False).run_id


def told(folder: Path, run_id: str) -> list[Any]:
    """What Dagster's own storage reads of a run: its events, and the newest result of its check."""
    with instance(folder, is_pooled=False) as opened:
        events = [(e.dagster_event_type, e.step_key) for e in opened.all_logs(run_id) if e.is_dagster_event]
        key = dg.AssetCheckKey(dg.AssetKey("a"), "c")
        (check,) = opened.event_log_storage.get_asset_check_execution_history(key, limit=5)
        made = opened.get_latest_materialization_event(dg.AssetKey("a"))
        assert made is not None and made.asset_materialization is not None
        run = opened.get_run_by_id(run_id)
        return [events, check.status, made.asset_materialization.metadata["rows"].value, run and run.status]


def test_dagsters_own_storage_reads_what_it_would_have_written(tmp_path: Path) -> None:
    ours, dagsters = tmp_path / "ours", tmp_path / "dagsters"
    assert told(ours, ran(ours, is_pooled=True)) == told(dagsters, ran(dagsters, is_pooled=False))


@pytest.fixture
def events(tmp_path: Path) -> Iterator[PooledEvents]:
    """A storage of events of its own."""
    made = PooledEvents(str(tmp_path))
    yield made
    made.dispose()


def entry(run_id: str, text: str = "") -> dg.EventLogEntry:
    return dg.EventLogEntry(  # type: ignore[no-untyped-call]
        error_info=None, level=10, user_message=text, run_id=run_id, timestamp=0.0, dagster_event=None
    )


def stored(folder: Path, run_id: str) -> int:
    """How many events another process would see."""
    with closing(sqlite3.connect(folder / f"{run_id}.db")) as connection:
        return int(connection.execute("SELECT count(*) FROM event_logs").fetchone()[0])


def test_a_batch_is_stored_whole_or_not_at_all(
    events: PooledEvents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events.store_event_batch([entry("r"), entry("r"), entry("s")])
    assert (stored(tmp_path, "r"), stored(tmp_path, "s")) == (2, 1)
    store = SqliteEventLogStorage.store_event

    def breaks(self: Any, event: dg.EventLogEntry) -> None:
        if event.user_message == "bad":
            raise OSError("on purpose")
        store(self, event)

    monkeypatch.setattr(SqliteEventLogStorage, "store_event", breaks)
    with pytest.raises(OSError, match="on purpose"):
        events.store_event_batch([entry("r"), entry("s"), entry("r", "bad")])
    assert (stored(tmp_path, "r"), stored(tmp_path, "s")) == (2, 1)
    events.store_event(entry("r"))
    assert stored(tmp_path, "r") == 3


def test_threads_take_turns(events: PooledEvents, tmp_path: Path) -> None:
    def write() -> None:
        for _ in range(20):
            events.store_event(entry("r"))
            events.store_event_batch([entry("r"), entry("s")])

    threads = [threading.Thread(target=write) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert (stored(tmp_path, "r"), stored(tmp_path, "s")) == (160, 80)


def test_few_databases_are_kept_open(events: PooledEvents, tmp_path: Path) -> None:
    runs = [f"r{number}" for number in range(3 * MOST_OPEN)]
    for run_id in (*runs, *runs):
        events.store_event(entry(run_id))
    assert [stored(tmp_path, run_id) for run_id in runs] == [2] * len(runs)
    assert len(events._engines) <= MOST_OPEN


def test_after_an_error_it_goes_on(events: PooledEvents, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), events.run_connection("r"):
        raise ZeroDivisionError
    events.store_event(entry("r"))
    assert stored(tmp_path, "r") == 1


def test_what_is_wiped_is_gone(events: PooledEvents, tmp_path: Path) -> None:
    events.store_event(entry("r"))
    events.wipe()
    assert not (tmp_path / "r.db").exists()
    events.store_event(entry("r"))
    assert stored(tmp_path, "r") == 1


def test_of_what_automation_thought_only_what_asked_for_a_run_is_kept(tmp_path: Path) -> None:
    is_missing = dg.AutomationCondition.missing()

    @dg.asset(automation_condition=is_missing)
    def missing() -> None: ...

    @dg.asset(deps=[missing], automation_condition=~is_missing)
    def left() -> None: ...

    defs = dg.Definitions([missing, left])
    with instance(tmp_path / "ours", is_pooled=True) as ours:
        found = dg.evaluate_automation_conditions(defs, ours)
        evaluated = [
            AutomationConditionEvaluationWithRunIds(each.serializable_evaluation, frozenset()) for each in found.results
        ]
        assert len(evaluated) == 2
        ours.schedule_storage.add_auto_materialize_asset_evaluations(1, evaluated)
        kept = ours.schedule_storage.get_auto_materialize_evaluations_for_evaluation_id(1)
    assert [each.key for each in kept] == [missing.key]
