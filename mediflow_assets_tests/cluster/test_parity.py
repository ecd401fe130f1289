"""The same deliveries on the Spark cluster with an object store, and embedded in a folder: equal tables, row for row.

In the cluster everything goes its own way: the sensor sees the inbox and the bucket, the daemon starts the run, the
code server runs it, Spark computes.
"""

import datetime as dt
import shutil
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest

from mediflow_assets.contracts import TABLES, models, operational, silver
from mediflow_assets.storage.delta import Lake
from mediflow_assets_tests.cluster import deliveries
from mediflow_assets_tests.cluster.processes import Cluster
from mediflow_assets_tests.cluster.site import RECORDS, Rows, Site, Twin, alerts_of, differing, rows_of

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(2700)]

EVENTS = 600
MOST_SECONDS = 300
"""For what `mediflow demo` does: tables, checks and both models of 50,000 encounters. By hand, on a quiet machine."""
MOST_BYTES = 7 << 30
RECEIVED = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def both(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Both sites after the first part, and after the second one with events beside it."""
    folder = tmp_path_factory.mktemp("parity")
    site = Site(cluster)
    twin = Twin.of(site, folder / "twin")
    for day, file in enumerate(deliveries.first(folder)):
        twin.inbox.receive(file, RECEIVED + dt.timedelta(days=day))
    known = set(site.runs.all())
    shutil.copytree(twin.inbox.ready, site.home / "inbox" / "ready", dirs_exist_ok=True)
    took = site.settle(known)
    memory = cluster.memory()
    twin.run()
    first = SimpleNamespace(cluster=rows_of(site.lake), embedded=rows_of(twin.lake), seconds=took)
    again, known = deliveries.second(folder), set(site.runs.all())
    for file in again:
        site.put_in_bucket(file.name, file.read_bytes())
    site.send(EVENTS, seed=3)
    site.settle(known)
    _receive_as_in(site, twin, again)
    twin.run()
    second = SimpleNamespace(cluster=rows_of(site.lake, True), embedded=rows_of(twin.lake, True))
    return SimpleNamespace(site=site, twin=twin, first=first, second=second, memory=memory)


def _receive_as_in(site: Site, twin: Twin, files: list[Path]) -> None:
    """Put the files into the twin's inbox with the times at which they came to the cluster."""
    for file in files:
        delivery, _ = twin.inbox.receive(file)
        twin.inbox.done(delivery)
        twin.inbox.receive(file, site.received_at(delivery.delivery_id))


def test_every_table_has_equal_rows_on_both(both: SimpleNamespace) -> None:
    assert differing(both.first.cluster, both.first.embedded) == {}


def test_updates_late_patients_and_events_leave_equal_rows_on_both(both: SimpleNamespace) -> None:
    assert differing(both.second.cluster, both.second.embedded) == {}
    assert differing(both.second.cluster, both.first.cluster) != {}
    assert len(both.second.cluster["bronze/encounter_events"]) == EVENTS


def test_both_raise_the_same_alerts(both: SimpleNamespace) -> None:
    assert alerts_of(both.site.lake) == alerts_of(both.twin.lake) != set()


def test_every_silver_gold_and_masked_table_is_compared(both: SimpleNamespace) -> None:
    assert set(TABLES) - set(both.first.cluster) == set(RECORDS)
    assert {"silver/quarantine", "gold/reconciliation"} <= set(both.second.cluster)


def test_every_zone_is_filled_and_the_sums_agree(both: SimpleNamespace) -> None:
    filled = {name.split("/")[0] for name, rows in both.second.cluster.items() if rows}
    assert filled == {"bronze", "silver", "gold", "masked"}
    assert len(both.second.cluster["silver/encounters"]) > 0.9 * deliveries.ROWS
    assert len(both.second.cluster["silver/conditions"]) == 3
    assert [row for row in both.site.lake.read(operational.RECONCILIATION).to_pylist() if not row["balanced"]] == []
    statuses = set(both.site.lake.read(silver.QUARANTINE, ["status"])["status"].to_pylist())
    assert {"open", "replayed"} <= statuses


def test_the_bucket_is_empty_once_its_files_are_deliveries(both: SimpleNamespace) -> None:
    assert list((both.site.cluster.places.folder / "volumes/objects/mediflow-inbox").rglob("*.csv")) == []


def test_all_services_together_take_less_than_seven_gigabytes_after_a_run(both: SimpleNamespace) -> None:
    shown = {name: f"{size >> 20} MiB" for name, size in both.memory.items()}
    print(f"after a run: {sum(both.memory.values()) / 2**30:.1f} GiB {shown}")
    assert sum(both.memory.values()) <= MOST_BYTES, shown


def test_status_and_doctor_find_nothing_wrong(both: SimpleNamespace) -> None:
    for command in ("status", "doctor"):
        said = both.site.mediflow(command)
        assert said.returncode == 0, f"{command}: {said.stdout[-1500:]} {said.stderr[-500:]}"


@pytest.fixture(scope="module")
def trained(both: SimpleNamespace) -> SimpleNamespace:
    """Both sites after a training, which runs have their own names for; how long it all took in the cluster."""
    began, site = time.monotonic(), both.site
    run = site.runs.launch("train")
    assert site.runs.end_of(run) == "SUCCESS", site.runs.why(run)
    seconds = both.first.seconds + time.monotonic() - began
    both.twin.run("--job", "train")
    return SimpleNamespace(cluster=_learned(site.lake), embedded=_learned(both.twin.lake), seconds=seconds)


def _learned(lake: Lake) -> dict[str, Rows]:
    """What the models leave, but for what names or dates the training."""
    tables = {table.name: lake.read(table) for table in models.TABLES}
    told = ("trained_at", "run_id", "cost_run_id", "readmission_run_id")
    return {
        name: Rows.of(table.drop_columns([n for n in told if n in table.column_names]))
        for name, table in tables.items()
    }


def test_both_learn_the_same(trained: SimpleNamespace) -> None:
    assert differing(trained.cluster, trained.embedded) == {}
    assert trained.cluster[models.MODEL_METRICS.name] and trained.cluster[models.RISK_SCORES.name]


@pytest.mark.faults
def test_tables_and_models_are_made_in_five_minutes(both: SimpleNamespace, trained: SimpleNamespace) -> None:
    print(f"refresh {both.first.seconds:.0f} s, refresh and training {trained.seconds:.0f} s")
    assert trained.seconds <= MOST_SECONDS


def test_models_trained_in_the_cluster_are_served_by_the_gateway(
    both: SimpleNamespace, trained: SimpleNamespace
) -> None:
    ready = both.site.cluster.url("serving", 8000) + "/health/ready"
    deadline = time.monotonic() + 30
    while True:
        try:
            assert urllib.request.urlopen(ready, timeout=5).status == 200
            break
        except urllib.error.HTTPError:
            assert time.monotonic() < deadline, "the gateway found no champion"
            time.sleep(1)
