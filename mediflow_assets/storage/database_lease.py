"""The lake lease in PostgreSQL: an advisory lock of a session, kept alive by a thread.

The database lets go of the lock when the session ends. A restart of the database ends every session, so a holder that
lives takes the lock again within a second or two, and whoever else comes and finds a name that was not wiped leaves
the lock once more for so long that the holder could take it. A holder that finds it taken, or that hears nothing of
the database for `GIVE_UP_SECONDS` (the server drops a silent session later than that), is stopped.
"""

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from mediflow_assets.errors import EngineUnreachable, LakeBusy

GIVE_UP_SECONDS = 20.0
_KEEP_SECONDS = 1.0
_YIELD_SECONDS = 4.0
_POLL_SECONDS = 0.2
_LOCK = 0x6D6564696C616B65
"""'medilake': the number of the advisory lock."""
_KEEPALIVE = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "options": "-c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3",
    "application_name": "mediflow lake lease",
}
_MAKE = "CREATE TABLE IF NOT EXISTS lake_lease (id int PRIMARY KEY, holder text NOT NULL, process text NOT NULL)"
_WRITE = (
    "INSERT INTO lake_lease VALUES (1, :holder, :process) "
    "ON CONFLICT (id) DO UPDATE SET holder = :holder, process = :process"
)


@dataclass
class _Session:
    """The connection that has the lock, and the thread that keeps it."""

    database: sa.Engine
    holder: str
    connection: sa.Connection
    process: str = field(default_factory=lambda: f"{os.getpid()} on {socket.gethostname()}")
    ended: threading.Event = field(default_factory=threading.Event)
    is_lost: bool = False
    _leaving: threading.Lock = field(default_factory=threading.Lock)

    def write(self) -> None:
        self.connection.execute(sa.text(_WRITE), {"holder": self.holder, "process": self.process})

    def wipe(self) -> None:
        mine = {"holder": self.holder, "process": self.process}
        self.connection.execute(sa.text("DELETE FROM lake_lease WHERE holder = :holder AND process = :process"), mine)

    def keep(self) -> None:
        """Until the lease ends: see that the session lives, take the lock again where it does not."""
        heard = time.monotonic()
        while not self.ended.wait(_KEEP_SECONDS):
            try:
                self._look()
                heard = time.monotonic()
            except LakeBusy:
                break
            except SQLAlchemyError:
                if time.monotonic() - heard > GIVE_UP_SECONDS:
                    break
        else:
            return
        with self._leaving:
            if not self.ended.is_set():
                self.is_lost = True
                # not `_thread.interrupt_main`: that one leaves a thread that sleeps or waits for a reply asleep
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def leave(self, keeper: threading.Thread) -> None:
        """End the keeping. A signal that was on its way comes here at the latest, and not to whoever comes next."""
        try:
            with self._leaving:
                self.ended.set()
            keeper.join()
        except KeyboardInterrupt:
            self.ended.set()
            if not self.is_lost:
                raise
        if not self.is_lost:
            with contextlib.suppress(SQLAlchemyError):
                self.wipe()

    def close(self) -> None:
        """Let go of the lock. At once, for the server ends a session some time after its client has."""
        with contextlib.suppress(SQLAlchemyError):
            _unlock(self.connection)
        with contextlib.suppress(SQLAlchemyError):
            self.connection.close()

    def _look(self) -> None:
        try:
            self.connection.execute(sa.text("SELECT 1"))
        except SQLAlchemyError:
            with contextlib.suppress(SQLAlchemyError):
                self.connection.invalidate()
                self.connection.close()
            self.connection = self.database.connect()
            if not _try(self.connection) or _names(self.connection) != (self.holder, self.process):
                raise LakeBusy("taken") from None


@contextlib.contextmanager
def hold(url: str, holder: str, wait_seconds: float = 0, keep_name: bool = False) -> Iterator[str | None]:
    """Hold the lock while the block runs; gives the name of a holder that died with it, if one did.

    Raises LakeBusy if it is not free within `wait_seconds`, or was lost while the block ran; EngineUnreachable where
    the database does not answer.
    """
    with contextlib.ExitStack() as ends:
        database = _database(url)
        ends.callback(database.dispose)
        with _told():
            session = _Session(database, holder, database.connect())
        # not left to the garbage collector: an open session keeps the lock
        ends.callback(session.close)
        with _told():
            session.connection.execute(sa.text(_MAKE))
            dead = _acquire(session.connection, wait_seconds)
        if keep_name:
            yield dead
            return
        with _told():
            session.write()
        keeper = threading.Thread(target=session.keep, name="lake lease", daemon=True)
        keeper.start()
        try:
            yield dead
        except KeyboardInterrupt:
            if not session.is_lost:
                raise
        finally:
            session.leave(keeper)
        if session.is_lost:
            raise LakeBusy("The lease of the lake was lost: the database did not answer. Run again.")


def held_by(url: str) -> str | None:
    """Who holds the lake now, None where it is free."""
    database = _database(url)
    try:
        with _told(), database.connect() as connection:
            if _try(connection):
                # at once: the server ends a session some time after its client has
                _unlock(connection)
                return None
            connection.execute(sa.text(_MAKE))
            return _shown(_names(connection))
    finally:
        database.dispose()


def _acquire(connection: sa.Connection, wait_seconds: float) -> str | None:
    deadline = time.monotonic() + wait_seconds
    seen: tuple[str, str] | None = None
    while True:
        if _try(connection):
            found = _names(connection)
            if found is None or found == seen:
                return found[0] if found else None
            # it may live, and have lost its session to a restart of the database: it takes the lock again first
            _unlock(connection)
            seen = found
            time.sleep(_YIELD_SECONDS)
            continue
        if time.monotonic() >= deadline:
            raise LakeBusy(f"The lake is held by {_shown(_names(connection))}. Wait until it is done, then try again.")
        time.sleep(_POLL_SECONDS)


def _try(connection: sa.Connection) -> bool:
    return bool(connection.execute(sa.text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _LOCK}).scalar())


def _unlock(connection: sa.Connection) -> None:
    connection.execute(sa.text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})


def _names(connection: sa.Connection) -> tuple[str, str] | None:
    row = connection.execute(sa.text("SELECT holder, process FROM lake_lease")).one_or_none()
    return (str(row.holder), str(row.process)) if row else None


def _shown(names: tuple[str, str] | None) -> str:
    return f"{names[0]} (process {names[1]})" if names else "another process"


def _database(url: str) -> sa.Engine:
    return sa.create_engine(
        url,
        poolclass=sa.pool.NullPool,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        connect_args=_KEEPALIVE,
    )


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise EngineUnreachable(
            f"The database that keeps the lease of the lake does not answer ({type(error).__name__}). "
            "Start it, or check MEDIFLOW_DATABASE_URL."
        ) from None
