"""A run whose process died is marked as failed once the lake is seen free twice; a run that holds it is left alone."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from mediflow_assets.defs.abandoned import build_abandoned_sensor
from mediflow_assets.settings import Settings
from mediflow_assets.storage.lease import lake_lease


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def looks(settings: Settings, instance: dg.DagsterInstance, times: int) -> None:
    """The sensor's ticks, each with the cursor of the one before."""
    sensor, cursor = build_abandoned_sensor(settings), None
    for _ in range(times):
        context = dg.build_sensor_context(instance, cursor=cursor)
        sensor(context)
        cursor = context.cursor


def started(instance: dg.DagsterInstance) -> str:
    return instance.create_run_for_job(_job, status=dg.DagsterRunStatus.STARTED).run_id


@dg.op
def _nothing() -> None:
    pass


@dg.job
def _job() -> None:
    _nothing()


@pytest.mark.parametrize(("times", "status"), [(1, "STARTED"), (2, "FAILURE"), (3, "FAILURE")])
def test_it_takes_two_looks(settings: Settings, instance: dg.DagsterInstance, times: int, status: str) -> None:
    run = started(instance)
    looks(settings, instance, times)
    found = instance.get_run_by_id(run)
    assert found is not None and found.status.value == status


def test_a_run_that_holds_the_lake_is_alive(settings: Settings, instance: dg.DagsterInstance) -> None:
    run = started(instance)
    assert not isinstance(settings.lock, str)
    with lake_lease(settings.lock, run):
        looks(settings, instance, 3)
    found = instance.get_run_by_id(run)
    assert found is not None and found.status.value == "STARTED"
