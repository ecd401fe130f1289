"""Dagster's databases are synced seldom; every other database of the process as ever."""

import sqlalchemy as sa

import mediflow_assets.definitions  # noqa: F401  (loads what changes Dagster's databases)

FULL, NORMAL = 2, 1


def synced(path) -> int:
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        found = connection.exec_driver_sql("PRAGMA synchronous").scalar()
    engine.dispose()
    return int(found)


def test_only_databases_of_dagster_are_synced_seldom(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    (tmp_path / "dagster" / "history").mkdir(parents=True)
    assert synced(tmp_path / "dagster" / "history" / "runs.db") == NORMAL
    assert synced(tmp_path / "ops.db") == FULL and synced(":memory:") == FULL


def test_without_a_home_of_dagster_no_database_is_changed(tmp_path, monkeypatch):
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    assert synced(tmp_path / "ops.db") == FULL


def test_an_instance_of_dagster_writes_seldom_synced_databases(new_home):
    with new_home().instance() as instance, instance.run_storage.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == NORMAL
