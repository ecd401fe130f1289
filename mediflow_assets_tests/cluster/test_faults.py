"""Each service killed once while a run is on its way: the hospital ends with the tables of one that nobody disturbed.

One cluster for all: each fault strikes the run of a delivery of its own. What fails is started again by the sensors.
"""

import datetime as dt
import random
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from mediflow_assets.contracts import house
from mediflow_assets.errors import MediFlowError
from mediflow_assets.synthetic import generate
from mediflow_assets_tests.cluster.conftest import started
from mediflow_assets_tests.cluster.site import Site, Twin, differing, row_hashes

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

SEED, ROWS = 11, 300
MOST_SECONDS = 700
DOWN_SECONDS = {"objects": 30.0, "postgres": 8.0}
SERVICES = (
    "dagster-code", "spark-connect", "postgres", "objects", "spark-worker-1", "spark-master", "dagster-daemon",
    "dagster-webserver", "mlflow", "kafka", "serving",
)  # fmt: skip
OURS = {name for name, value in vars(__import__("mediflow_assets.errors", fromlist=["errors"])).items()
        if isinstance(value, type) and issubclass(value, MediFlowError)}  # fmt: skip


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    with started() as cluster:
        cluster.up()
        site = Site(cluster)
        folder = tmp_path_factory.mktemp("faults")
        yield SimpleNamespace(site=site, twin=Twin.of(site, folder / "twin"), folder=folder, random=random.Random(SEED))


def deliver(both: SimpleNamespace, number: int) -> None:
    """A delivery of its own, in both inboxes, as it came at one time."""
    twin, site = both.twin, both.site
    for file in list(generate(both.folder / f"generated-{number}", ROWS, SEED + number).deliveries)[:1]:
        twin.inbox.receive(file, dt.datetime(2026, 6, 1, tzinfo=dt.UTC) + dt.timedelta(days=number))
    ready = site.home / "inbox" / "ready"
    ready.mkdir(parents=True, exist_ok=True)
    for path in sorted(twin.inbox.ready.iterdir(), key=lambda p: p.suffix == ".json"):
        shutil.copy(path, ready / path.name)


def until(condition: object, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, what
        time.sleep(1)


def settled(site: Site, known: set[str]) -> bool:
    """Whether nothing waits, nothing runs, and the last of the new runs ended well."""
    try:
        runs = {run: status for run, status in site.runs.all().items() if run not in known}
    except (OSError, AssertionError):
        # the webserver, or the database behind it, is down
        return False
    is_quiet = bool(runs) and all(status in ("SUCCESS", "FAILURE", "CANCELED") for status in runs.values())
    return is_quiet and not list((site.home / "inbox/ready").glob("*.json")) and "SUCCESS" in list(runs.values())[-1:]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_killed_during_a_run_costs_nothing(both: SimpleNamespace, service: str) -> None:
    site, cluster = both.site, both.site.cluster
    known = set(site.runs.all())
    deliver(both, SERVICES.index(service))
    until(lambda: "STARTED" in [s for r, s in site.runs.all().items() if r not in known], 120, "no run was started")
    time.sleep(both.random.uniform(3, 25))
    cluster.kill(service, signal.SIGKILL)
    time.sleep(DOWN_SECONDS.get(service, 2.0))
    cluster.start(service)
    cluster.wait(service, 120)
    until(lambda: settled(site, known), MOST_SECONDS, "the hospital did not settle")
    failed = [run for run, status in site.runs.all().items() if run not in known and status == "FAILURE"]
    told = [site.runs.why(run) for run in failed]
    print(f"{service}: {len(failed)} runs failed: {told}")
    both.twin.run()
    assert differing(row_hashes(site.lake), row_hashes(both.twin.lake)) == {}
    assert [row for row in site.lake.read(house.RECONCILIATION).to_pylist() if not row["balanced"]] == []


def test_every_cluster_service_is_struck(both: SimpleNamespace) -> None:
    struck = {*SERVICES, "spark-worker-2"}
    assert struck == {name for name, service in both.site.cluster.services.items() if not service.is_once} - {
        "dashboard"
    }


def test_what_a_killed_service_makes_fail_is_told_in_our_words(both: SimpleNamespace, tmp_path: Path) -> None:
    failed = [run for run, status in both.site.runs.all().items() if status == "FAILURE"]
    for run in failed:
        told = both.site.runs.why(run)
        assert not told or any(name in told for name in OURS) or "process" in told or "Dagster" in told, told
