"""PostgreSQL databases in a backup: rows, references and sequences come back as they were."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from mediflow_assets.backup import databases
from mediflow_assets.cluster import secret_files
from mediflow_assets.errors import BackupInvalid, EngineUnreachable
from mediflow_assets.identity.audit import AuditLog, Record
from mediflow_assets.identity.users import Users
from mediflow_assets_tests.cluster.conftest import started

pytestmark = pytest.mark.cluster
MAKE = """
CREATE TABLE runs (id serial PRIMARY KEY, body bytea, at timestamptz DEFAULT now(), tags json);
CREATE TABLE a_tags (run_id int NOT NULL REFERENCES runs (id), name text);
INSERT INTO runs (body, tags) VALUES ('\\x00ff', '{"a": 1}'), (NULL, NULL);
INSERT INTO a_tags VALUES (1, 'it''s'), (2, E'two\\nlines');
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """URLs but for the database's name."""
    with started(only={"postgres"}) as cluster:
        secret_files.make(cluster.places.folder / "volumes" / "secrets")
        cluster.up()
        word = (cluster.places.folder / "volumes/secrets/source/postgres").read_text()
        yield f"postgresql+psycopg2://postgres:{word}@{cluster.places.addresses['postgres']}:5432/"


@pytest.fixture
def database(server: str, request: pytest.FixtureRequest) -> str:
    """A database of the test's own."""
    name = f"d{abs(hash(request.node.name)) % 10**8}"
    run(server + "postgres", f"CREATE DATABASE {name}", "AUTOCOMMIT")
    return server + name


def run(url: str, sql: str, isolation: str = "SERIALIZABLE") -> list[tuple[object, ...]]:
    made = sa.create_engine(url, poolclass=sa.pool.NullPool, isolation_level=isolation)
    with made.begin() as connection:
        said = connection.exec_driver_sql(sql)
        found = [tuple(row) for row in said] if said.returns_rows else []
    made.dispose()
    return found


def test_rows_references_and_sequences_come_back(database: str, tmp_path: Path) -> None:
    run(database, MAKE)
    runs, tags = run(database, "SELECT id, body, at::text, tags::text FROM runs ORDER BY 1"), "SELECT * FROM a_tags"
    before = run(database, tags)
    databases.dump(database, tmp_path / "copy")
    run(database, "INSERT INTO runs (body) VALUES ('x'); DELETE FROM a_tags; UPDATE runs SET body = NULL")
    databases.load(database, tmp_path / "copy")
    found = run(database, "SELECT id, body, at::text, tags::text FROM runs ORDER BY 1")
    assert [tuple(map(_plain, row)) for row in found] == [tuple(map(_plain, row)) for row in runs]
    assert run(database, tags) == before
    assert run(database, "INSERT INTO runs (body) VALUES (NULL) RETURNING id") == [(3,)]


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value


def test_users_and_the_audit_chain_survive_the_way_back(database: str, tmp_path: Path) -> None:
    log = AuditLog(database, tmp_path / "audit.head")
    Users(database).create("ada", "correct horse battery", ["admin"])
    log.append(*(Record("command", "ada", "run", "done", detail=str(number)) for number in range(3)))
    databases.dump(database, tmp_path / "copy")
    run(database, "DELETE FROM audit; DELETE FROM users")
    databases.load(database, tmp_path / "copy")
    assert log.verify().is_intact and log.verify().records == 3
    assert Users(database).verify("ada", "correct horse battery").roles == ("admin",)


def test_a_new_database_gets_mediflows_own_tables_first(database: str, tmp_path: Path) -> None:
    other = f"{database}_new"
    run(database.rpartition("/")[0] + "/postgres", f"CREATE DATABASE {other.rpartition('/')[2]}", "AUTOCOMMIT")
    Users(database).create("ada", "correct horse battery", ["admin"])
    AuditLog(database, tmp_path / "audit.head").append(Record("command", "ada", "run", "done"))
    databases.dump(database, tmp_path / "copy")
    databases.make_own(other)
    databases.load(other, tmp_path / "copy")
    assert Users(other).verify("ada", "correct horse battery").roles == ("admin",)


def test_a_database_without_the_tables_is_refused(database: str, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    (folder / "runs.copy").write_bytes(b"")
    with pytest.raises(BackupInvalid, match="lacks 1 tables"):
        databases.load(database, folder)


def test_a_database_that_is_down_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineUnreachable):
        databases.dump("postgresql+psycopg2://nobody@127.0.0.1:9/none", tmp_path / "copy")
