"""The lake lease in a PostgreSQL that really runs: held, let go of by a death, kept over a restart, lost."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from mediflow_assets.cluster import secret_files
from mediflow_assets.errors import EngineUnreachable, LakeBusy
from mediflow_assets.storage import database_lease
from mediflow_assets.storage.lease import held_by, lake_lease, lock_of
from mediflow_assets_tests.cluster.conftest import started
from mediflow_assets_tests.cluster.processes import Cluster

pytestmark = pytest.mark.cluster
HOLDER = """
import sys, time
from mediflow_assets.storage.lease import lake_lease
with lake_lease(sys.argv[1], "run 7"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    with started(only={"postgres"}) as cluster:
        secret_files.make(cluster.places.folder / "volumes" / "secrets")
        cluster.up()
        yield cluster


@pytest.fixture(scope="module")
def url(server: Cluster) -> str:
    word = (server.places.folder / "volumes/secrets/source/postgres").read_text()
    return f"postgresql+psycopg2://postgres:{word}@{server.places.addresses['postgres']}:5432/postgres"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_lease, "_KEEP_SECONDS", 0.2)


def test_a_postgresql_database_keeps_the_lease_of_its_home(url: str) -> None:
    assert lock_of(Path("/home"), url) == url
    assert lock_of(Path("/home"), "sqlite:////home/ops.db") == Path("/home/lake.lock")


def test_one_holds_it_and_others_are_told_who(url: str) -> None:
    assert held_by(url) is None
    with lake_lease(url, "run 7") as dead:
        assert dead is None
        assert (held_by(url) or "").startswith("run 7 (process ")
        with pytest.raises(LakeBusy, match="run 7"), lake_lease(url, "second"):
            pass
    assert held_by(url) is None
    with lake_lease(url, "second") as dead:
        assert dead is None


def test_a_killed_holder_lets_go_and_its_name_is_told_to_the_next(url: str) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, url], stdout=subprocess.PIPE)
    assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with lake_lease(url, "a look", wait_seconds=60, keep_name=True) as dead:
        assert dead == "run 7"
    with lake_lease(url, "second", wait_seconds=60) as dead:
        assert dead == "run 7"
    with lake_lease(url, "third") as dead:
        assert dead is None


def test_a_holder_keeps_it_over_a_restart_of_the_database(server: Cluster, url: str) -> None:
    got: list[str] = []

    def wait() -> None:
        try:
            with lake_lease(url, "second", wait_seconds=6):
                got.append("second")
        except (LakeBusy, EngineUnreachable):
            got.append("refused")

    with lake_lease(url, "first"):
        server.kill("postgres", signal.SIGINT)
        server.running["postgres"].wait(30)
        server.start("postgres")
        server.wait("postgres", 30)
        waiting = threading.Thread(target=wait)
        waiting.start()
        waiting.join()
        assert (held_by(url) or "").startswith("first ")
    assert got == ["refused"]


def test_a_holder_that_lost_it_to_another_is_stopped(url: str) -> None:
    thief = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
    kill = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
    with thief.connect() as connection, pytest.raises(LakeBusy, match="was lost"), lake_lease(url, "first"):  # noqa: PT012
        connection.execute(sa.text(kill))
        connection.execute(sa.text("SELECT pg_advisory_lock(:n)"), {"n": database_lease._LOCK})
        time.sleep(20)
    thief.dispose()


def test_a_database_that_is_not_there_is_told() -> None:
    with pytest.raises(EngineUnreachable, match="MEDIFLOW_DATABASE_URL"):
        held_by("postgresql+psycopg2://nobody@127.0.0.1:9/none")
