"""The restore drill, as docs/operations.md has it: a backup of the running cluster, and a new cluster, empty but for
what its services make at their first start, that holds the same rows, users, runs and models afterwards."""

import datetime as dt
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from mediflow_assets.synthetic import generate
from mediflow_assets_tests.cluster.conftest import STREAMING, started
from mediflow_assets_tests.cluster.processes import Cluster
from mediflow_assets_tests.cluster.site import Site, differing, row_hashes

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1200)]

MOST_SECONDS = 30 * 60
DATABASES = {"ops": "mediflow", "dagster": "dagster", "mlflow": "mlflow"}
STAY_UP = {"postgres", "objects", "kafka"}
"""What a restore writes into, and what the rest waits for."""


def init(cluster: Cluster, *words: str) -> None:
    """A command in the container of `init`, which may read every database and every store."""
    service = cluster.services["init"]
    # the folder of the backup is mounted as it is: only what names a service has another name here
    here = [cluster.places.text(service, word) if "://" in word else word for word in words]
    command = ["python", "-m", "mediflow_assets.cli", *here]
    said = subprocess.run(command, env=cluster.environment("init"), capture_output=True, text=True, timeout=1200)
    assert said.returncode == 0, f"{words[0]}: {said.stdout[-1500:]}{said.stderr[-1500:]}"


def database(role: str, name: str) -> str:
    return f"postgresql+psycopg2://{role}@postgres:5432/{name}"


def users(site: Site) -> str:
    return site.mediflow("users", "list").stdout


def filled(cluster: Cluster, folder: Path) -> Site:
    """The site with a delivery in every zone, if none is there yet."""
    site = Site(cluster)
    if not site.runs.all():
        for file in list(generate(folder, 300, 5).deliveries)[:1]:
            site.put_in_bucket(file.name, file.read_bytes())
        site.settle(set())
    return site


@pytest.fixture(scope="module")
def drill(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """What was, and the cluster that was restored from the backup of it."""
    folder = tmp_path_factory.mktemp("drill")
    site = filled(cluster, folder / "generated")
    init(cluster, "backup", str(folder / "backup"), "--database", f"mlflow={database('mlflow', 'mlflow')}")
    was = SimpleNamespace(rows=row_hashes(site.lake), users=users(site), runs=set(site.runs.all()))
    cluster.end()
    with started("streaming", settings=STREAMING) as new:
        new.up()
        for name in set(new.running) - STAY_UP:
            new.kill(name, signal.SIGKILL)
            del new.running[name]
        init(new, "reset", "--all", "--yes")
        began = time.monotonic()
        known = [f"{name}={database('postgres', of)}" for name, of in (("ops", "mediflow"), ("dagster", "dagster"))]
        further = [
            word for each in (*known, f"mlflow={database('postgres', 'mlflow')}") for word in ("--database", each)
        ]
        init(new, "restore", str(folder / "backup"), *further)
        took = time.monotonic() - began
        new.up()
        yield SimpleNamespace(was=was, site=Site(new), seconds=took, at=dt.datetime.now(dt.UTC))
    shutil.rmtree(folder / "backup")


def test_every_row_is_back_within_half_an_hour(drill: SimpleNamespace) -> None:
    print(f"\nrestored in {drill.seconds:.0f} s")
    assert drill.seconds <= MOST_SECONDS
    assert differing(row_hashes(drill.site.lake), drill.was.rows) == {}
    assert sum(rows for rows, _ in drill.was.rows.values()) > 0


def test_users_and_runs_are_back(drill: SimpleNamespace) -> None:
    assert "admin" in drill.was.users
    assert users(drill.site) == drill.was.users
    assert drill.was.runs <= set(drill.site.runs.all())


def test_the_restored_cluster_is_well(drill: SimpleNamespace) -> None:
    for command in ("status", "doctor"):
        said = drill.site.mediflow(command)
        assert said.returncode == 0, f"{command}: {said.stdout[-1500:]} {said.stderr[-500:]}"
    assert drill.site.mediflow("audit", "verify").returncode == 0
