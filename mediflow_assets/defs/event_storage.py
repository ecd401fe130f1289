"""Dagster's SQLite databases: connections are kept open, batches are written at once, and not each event is synced.

Dagster itself opens and closes a connection for each of a run's thousands of statements, and plans each step in a
transaction of its own. A killed process loses nothing by what is done here. A power cut may lose the last events of a
run, never a table: progress lives with the tables. Other databases of the process are synced as ever: users, the audit
log, the registry of models.
"""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import dagster as dg
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import (
    DagsterSqliteStorage,
    _event_logs_directory,
    _runs_directory,
    _schedule_directory,
)
from dagster._serdes import ConfigurableClassData
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import NullPool, StaticPool

MOST_OPEN = 4
"""Databases of events, one a run and an index, that a process keeps open."""
# Dagster's own setting: events that it hands over as one batch reach `store_event_batch`
os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "1000")


class PooledEvents(SqliteEventLogStorage):
    """Events, in one database a run and an index of all: each has one connection, which threads take in turn."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: dict[str, Engine] = {}
        self._batch: dict[str, Connection] = {}
        self._batched_by: int | None = None
        super().__init__(base_dir, inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        if self._batched_by == threading.get_ident():
            yield self._batch.get(shard) or self._batch.setdefault(shard, self._engine(shard).connect())
            return
        with self._db_lock:
            try:
                with self._engine(shard).begin() as connection:
                    yield connection
            except BaseException:
                # whatever it was: the next one starts anew
                self._close(shard)
                raise

    def store_event_batch(self, events: Sequence[dg.EventLogEntry]) -> None:
        """Store all of them, in one transaction a database."""
        with self._db_lock, ExitStack() as at_end:
            at_end.callback(self._end_batch)
            self._batched_by = threading.get_ident()
            super().store_event_batch(events)
            for connection in self._batch.values():
                connection.commit()

    @cached_property
    def supports_asset_checks(self) -> bool:
        """Whether the index has a table for them, looked at once and not at each event."""
        return bool(self.has_table(AssetCheckExecutionsTable.name))

    def wipe(self) -> None:
        """Remove all events."""
        self._close_all()
        super().wipe()

    def dispose(self) -> None:
        """Close what is open."""
        super().dispose()
        self._close_all()

    def _engine(self, shard: str) -> Engine:
        """The database of a run, or the index. The caller holds the lock."""
        if shard not in self._engines:
            url, options = self.conn_string_for_shard(shard), {"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
            if shard not in self._initialized_dbs:
                self._initdb(create_engine(url, poolclass=NullPool, connect_args=options))
                self._initialized_dbs.add(shard)
            while len(self._engines) >= MOST_OPEN and not self._batch:
                self._close(next(iter(self._engines)))
            shared = options | {"check_same_thread": False}
            self._engines[shard] = create_engine(url, poolclass=StaticPool, connect_args=shared)
        return self._engines[shard]

    def _end_batch(self) -> None:
        # what was not committed is rolled back
        for connection in self._batch.values():
            connection.close()
        self._batch, self._batched_by = {}, None

    def _close(self, shard: str) -> None:
        if engine := self._engines.pop(shard, None):
            engine.dispose()

    def _close_all(self) -> None:
        with self._db_lock:
            for shard in list(self._engines):
                self._close(shard)


class PooledRuns(SqliteRunStorage):
    """Runs, in one database whose connections are kept."""

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engine = create_engine(conn_string, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS})
        super().__init__(conn_string, inst_data)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection in a transaction."""
        with self._engine.begin() as connection:
            yield connection

    def dispose(self) -> None:
        """Close what is open."""
        self._engine.dispose()


class FewEvaluations(SqliteScheduleStorage):
    """Schedules and ticks. Of what automation thought of each asset only that is kept which asked for a run: the rest
    is 14 MB after each refresh."""

    def add_auto_materialize_asset_evaluations(self, evaluation_id: int, asset_evaluations: Sequence[Any]) -> None:
        """Keep the evaluations of assets that were asked for."""
        asked = [evaluation for evaluation in asset_evaluations if evaluation.num_requested]
        super().add_auto_materialize_asset_evaluations(evaluation_id, asked)


class PooledStorage(DagsterSqliteStorage):
    """Dagster's storage below one folder, where Dagster's own SQLite storage has it."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data)
        self._run_storage = PooledRuns.from_local(_runs_directory(base_dir))
        self._event_log_storage = PooledEvents(_event_logs_directory(base_dir))
        self._schedule_storage = FewEvaluations.from_local(_schedule_directory(base_dir))

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> Self:
        """As `dagster.yaml` names it: `base_dir` is the folder."""
        return cls.from_local(inst_data=inst_data, **config_value)


@event.listens_for(Engine, "connect")
def _sync_seldom(connection: Any, _: object) -> None:
    if type(connection).__module__.startswith("sqlite3") and _is_dagsters(connection):
        connection.execute("PRAGMA synchronous=NORMAL")


def _is_dagsters(connection: Any) -> bool:
    """Whether the database lies in Dagster's folder."""
    home = os.environ.get("DAGSTER_HOME")
    file = connection.execute("PRAGMA database_list").fetchone()[2]
    return bool(home and file) and Path(file).is_relative_to(Path(str(home)).resolve())
