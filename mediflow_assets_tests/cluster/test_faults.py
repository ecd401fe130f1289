"""Each service killed once while a run is on its way and events come in: the hospital ends with the tables of one that
nobody disturbed.

One cluster for all: each fault strikes the run of a delivery and of events of its own. What fails is started again by
the sensors.
"""

import datetime as dt
import random
import shutil
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from mediflow_assets import errors
from mediflow_assets.contracts import operational
from mediflow_assets.defs.resources import EngineResource
from mediflow_assets.errors import MediFlowError
from mediflow_assets.synthetic import generate
from mediflow_assets_tests.cluster.conftest import STREAMING, started
from mediflow_assets_tests.cluster.site import Site, Twin, alerts_of, differing, rows_of
from mediflow_assets_tests.small_disk import ROOMY, small_disk

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]

SEED, ROWS, EVENTS = 11, 300, 200
MOST_SECONDS = 900
STRIKES = (
    ("spark-connect",),
    ("objects",),
    ("postgres",),
    ("dagster-code",),
    ("spark-worker-1", "kafka", "stream", "mlflow", "dagster-webserver"),
    ("spark-master", "spark-worker-2", "serving", "dashboard", "dagster-daemon"),
)
"""Services killed one after the other in one run: what a run stands and falls with has a run of its own."""
DOWN_SECONDS = {"objects": 30.0, "postgres": 8.0}
FULL_SECONDS = 40
MOST_BYTES = 7 << 30
OURS = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, MediFlowError)}
OF_THE_DATABASE = {"OperationalError", "InterfaceError"}
"""As Dagster tells that its own storage is away."""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    folder = tmp_path_factory.mktemp("faults")
    with (
        started("streaming", settings=STREAMING) as cluster,
        small_disk(cluster.places.folder / "volumes" / "objects") as disk,
    ):
        cluster.up()
        site = Site(cluster)
        twin = Twin.of(site, folder / "twin")
        yield SimpleNamespace(site=site, twin=twin, folder=folder, disk=disk, random=random.Random(SEED))


def begin(both: SimpleNamespace, number: int, rate: float = 0) -> tuple[set[str], threading.Thread]:
    """A delivery of its own in both inboxes, events on their way, and a run that was started for them."""
    twin, site = both.twin, both.site
    known = set(site.runs.all())
    for file in list(generate(both.folder / f"generated-{number}", ROWS, SEED + number).deliveries)[:1]:
        twin.inbox.receive(file, dt.datetime(2026, 6, 1, tzinfo=dt.UTC) + dt.timedelta(days=number))
    ready = site.home / "inbox" / "ready"
    ready.mkdir(parents=True, exist_ok=True)
    for path in sorted(twin.inbox.ready.iterdir(), key=lambda p: p.suffix == ".json"):
        shutil.copy(path, ready / path.name)
    sender = threading.Thread(target=site.send, args=(EVENTS, SEED + number, rate), daemon=True)
    sender.start()
    deadline = time.monotonic() + 240
    while "STARTED" not in [status for run, status in site.runs.all().items() if run not in known]:
        assert time.monotonic() < deadline, "no run was started"
        time.sleep(1)
    return known, sender


def assert_undisturbed(both: SimpleNamespace, known: set[str], sender: threading.Thread, what: str) -> None:
    """It settles by itself, what failed says why, and the tables are the twin's."""
    site, twin = both.site, both.twin
    sender.join(120)
    took = site.settle(known, MOST_SECONDS)
    failed = [run for run, status in site.runs.all().items() if run not in known and status == "FAILURE"]
    causes = [site.runs.why(run) for run in failed]
    print(f"\n{what}: settled in {took:.0f} s; {len(failed)} runs failed: {causes}", flush=True)
    for cause in causes:
        # a run that died with its process leaves no error, and is marked as failed by name
        assert not cause or any(name in cause for name in OURS | OF_THE_DATABASE), cause
    twin.run()
    assert differing(rows_of(site.lake, True), rows_of(twin.lake, True)) == {}
    assert alerts_of(site.lake) == alerts_of(twin.lake)
    assert [row for row in site.lake.read(operational.RECONCILIATION).to_pylist() if not row["balanced"]] == []


def test_a_client_goes_on_with_a_connect_server_that_was_restarted(both: SimpleNamespace) -> None:
    site, cluster = both.site, both.site.cluster
    engine = EngineResource(remote=site.environment["MEDIFLOW_SPARK_REMOTE"])
    engine.named(str(uuid.uuid4()))
    assert engine.spark_session.range(10).count() == 10
    cluster.kill("spark-connect", signal.SIGKILL)
    cluster.start("spark-connect")
    cluster.wait("spark-connect")
    assert engine.spark_session.range(10).count() == 10
    engine.close()


@pytest.mark.parametrize("services", STRIKES, ids="+".join)
def test_services_killed_during_a_run_and_a_stream_cost_nothing(
    both: SimpleNamespace, services: tuple[str, ...]
) -> None:
    cluster = both.site.cluster
    # where the stream itself is struck, events come all the while
    known, sender = begin(both, STRIKES.index(services), rate=4 if {"stream", "objects"} & set(services) else 0)
    for service in services:
        time.sleep(both.random.uniform(3, 20))
        cluster.kill(service, signal.SIGKILL)
        time.sleep(DOWN_SECONDS.get(service, 2.0))
        cluster.start(service)
        cluster.wait(service)
    assert_undisturbed(both, known, sender, " + ".join(services))


def test_all_services_take_less_than_seven_gigabytes_after_all_that(both: SimpleNamespace) -> None:
    memory = both.site.cluster.memory()
    print(f"\n{sum(memory.values()) / 2**30:.1f} GiB", {name: f"{size >> 20} MiB" for name, size in memory.items()})
    assert sum(memory.values()) <= MOST_BYTES


def test_every_service_is_struck(both: SimpleNamespace) -> None:
    running = {name for name, service in both.site.cluster.services.items() if not service.is_once}
    assert {service for services in STRIKES for service in services} == running


def test_a_full_disk_below_the_object_store_costs_nothing(both: SimpleNamespace) -> None:
    known, sender = begin(both, len(STRIKES))
    both.disk.leave(100_000)
    time.sleep(FULL_SECONDS)
    both.disk.leave(ROOMY)
    assert_undisturbed(both, known, sender, "disk full")
