"""The restore drill, as docs/cluster.md has it: a backup of a cluster's stores, and a new cluster, empty but for
what its services make at their first start, that holds the same rows, users, runs and models afterwards.

Neither backup nor restore needs Spark: the tables are made by the embedded engine, over the object store.
"""

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from mediflow_assets.synthetic import generate
from mediflow_assets_tests.cluster.conftest import started
from mediflow_assets_tests.cluster.processes import Cluster
from mediflow_assets_tests.cluster.site import Site, differing, rows_of

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

ROWS, SEED = 20_000, 5
MOST_SECONDS = 30 * 60
SERVICES = {"secrets", "init", "postgres", "objects", "kafka", "mlflow"}
"""What keeps something, and what makes the databases' tables at its first start."""
DATABASES = {"ops": "mediflow", "dagster": "dagster", "mlflow": "mlflow"}


def run(cluster: Cluster, *words: str, **more: str) -> str:
    """A command in the container of `init`, which may read every database and every store; what it said."""
    init = cluster.services["init"]
    # a folder of backups is mounted as it is: only what names a service has another name here
    here = [cluster.places.text(init, word) if "://" in word else word for word in words]
    command = ["python", "-m", "mediflow_assets.cli", *here]
    environment = cluster.environment("init") | more
    said = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert said.returncode == 0, f"{words[0]}: {said.stdout[-1500:]}{said.stderr[-1500:]}"
    return said.stdout


def as_superuser(cluster: Cluster, database: str) -> str:
    word = (cluster.places.folder / "volumes/secrets/source/postgres").read_text()
    return f"postgresql+psycopg2://postgres:{word}@{cluster.places.addresses['postgres']}:5432/{database}"


def told(cluster: Cluster) -> SimpleNamespace:
    """What the stores hold."""
    storage = sa.create_engine(as_superuser(cluster, "dagster"), poolclass=sa.pool.NullPool)
    with storage.connect() as connection:
        runs = connection.execute(sa.text("SELECT run_id, status FROM runs ORDER BY 1")).all()
    return SimpleNamespace(
        rows=rows_of(Site(cluster, "init").lake),
        runs=runs,
        users=run(cluster, "users", "list"),
        models=run(cluster, "models", "list"),
    )


def filled_and_backed_up(folder: Path) -> SimpleNamespace:
    """A cluster with tables and models; what it held when its backup was taken."""
    with started(only=SERVICES) as old:
        old.up()
        run(old, "ingest", str(generate(folder / "generated", ROWS, SEED).deliveries[0].parent))
        for words in (["run"], ["run", "--select", "models"]):
            run(old, *words, MEDIFLOW_SPARK_REMOTE="")
        run(
            old,
            "backup",
            str(folder / "backup"),
            "--database",
            "mlflow=postgresql+psycopg2://mlflow@postgres:5432/mlflow",
        )
        return told(old)


@pytest.fixture(scope="module")
def drill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """What was, and the new cluster after the restore."""
    folder = tmp_path_factory.mktemp("drill")
    was = filled_and_backed_up(folder)
    with started(only=SERVICES) as new:
        new.up()
        new.kill("mlflow", signal.SIGTERM)
        run(new, "reset", "--all", "--yes")
        began = time.monotonic()
        urls = {name: f"postgresql+psycopg2://postgres@postgres:5432/{of}" for name, of in DATABASES.items()}
        words = [word for name, url in urls.items() for word in ("--database", f"{name}={url}")]
        run(new, "restore", str(folder / "backup"), *words)
        took = time.monotonic() - began
        new.start("mlflow")
        new.wait("mlflow")
        yield SimpleNamespace(was=was, now=told(new), seconds=took, cluster=new)


def test_every_row_is_back_within_half_an_hour(drill: SimpleNamespace) -> None:
    print(f"\nrestored in {drill.seconds:.0f} s")
    assert drill.seconds <= MOST_SECONDS
    assert differing(drill.now.rows, drill.was.rows) == {}
    assert {name.split("/")[0] for name, rows in drill.was.rows.items() if rows} >= {"silver", "gold", "masked"}


def test_users_runs_and_models_are_back(drill: SimpleNamespace) -> None:
    assert "admin" in drill.now.users and drill.now.users == drill.was.users
    assert len(drill.was.runs) >= 2 and drill.now.runs == drill.was.runs
    assert "treatment-cost" in drill.now.models and drill.now.models == drill.was.models


def test_the_audit_log_is_whole_and_a_run_goes_on_from_there(drill: SimpleNamespace) -> None:
    run(drill.cluster, "audit", "verify")
    run(drill.cluster, "run", MEDIFLOW_SPARK_REMOTE="")
    run(drill.cluster, "status")
