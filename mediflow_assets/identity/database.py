"""Logs in MediFlow's database, SQLite or PostgreSQL: its file, its transactions, and errors without values."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from mediflow_assets.errors import EngineFailed

_BUSY_SECONDS = 30
_DISK_FULL = ("disk is full", "disk I/O error", "No space left")
"""As SQLite and PostgreSQL say it."""


def engine(url: str, metadata: sa.MetaData, lock: int) -> sa.Engine:
    """The database, with the tables of `metadata` made where they are not there yet."""
    file = sqlite_file(url)
    if file is None:
        made = sa.create_engine(url, hide_parameters=True, pool_pre_ping=True)
    else:
        _make(file)
        made = sa.create_engine(url, hide_parameters=True, connect_args={"timeout": _BUSY_SECONDS})
        sa.event.listen(made, "connect", _prepare)
    with locked(made, lock) as connection:
        metadata.create_all(connection)
    return made


@contextlib.contextmanager
def locked(database: sa.Engine, lock: int) -> Iterator[sa.Connection]:
    """A transaction that has the lock from its first moment: no other one of the same lock runs beside it."""
    with opened(database) as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})
        yield connection
        connection.commit()


@contextlib.contextmanager
def opened(database: sa.Engine) -> Iterator[sa.Connection]:
    """A connection. Errors of the database become ours: its texts hold the statement's values."""
    try:
        with database.connect() as connection:
            yield connection
    except sa.exc.SQLAlchemyError as error:
        if any(sign in str(error) for sign in _DISK_FULL):
            raise EngineFailed("The database of MediFlow: the disk is full. Make room and try again.") from None
        raise EngineFailed(f"The database of MediFlow does not do as it is asked: {type(error).__name__}.") from None


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite database, None for any other."""
    parsed = sa.make_url(url)
    return Path(str(parsed.database)) if parsed.get_backend_name() == "sqlite" else None


def _make(file: Path) -> None:
    """SQLite's file, readable by nobody else."""
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600))


def _prepare(connection: Any, _: object) -> None:
    # transactions begin where we say so: the driver's own begin reads first and locks later
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    # FULL: a commit is on the disk, not only with the system
    connection.execute("PRAGMA synchronous=FULL")
