"""PostgreSQL databases in a backup: each table's rows by COPY, all as of one moment.

Rows only: their tables are made by the services of the same version, which every restore needs anyway.
"""

from pathlib import Path

import sqlalchemy as sa

from mediflow_assets.errors import BackupInvalid, EngineUnreachable
from mediflow_assets.identity import audit, prediction_log, revoked_tokens, users

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'lake_lease' ORDER BY 1"
_SEQUENCES = "SELECT sequencename, coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1"


def make_own(url: str) -> None:
    """The tables of MediFlow's own database, which its services make one by one when they first need them."""
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool, hide_parameters=True)
    try:
        for module in (audit, prediction_log, revoked_tokens, users):
            module._metadata.create_all(engine)
    except sa.exc.SQLAlchemyError as error:
        raise EngineUnreachable(f"A database does not answer ({type(error).__name__}). Is it up?") from None


def dump(url: str, to: Path) -> None:
    """Write a database's rows, a file for each table."""
    with _connected(url) as connection:
        to.mkdir(mode=0o700, parents=True)
        cursor = connection.cursor()
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute(_TABLES)
        for (table,) in cursor.fetchall():
            with (to / f"{table}.copy").open("wb") as file:
                cursor.copy_expert(f'COPY public."{table}" TO STDOUT (FORMAT binary)', file)
        cursor.execute(_SEQUENCES)
        (to / "sequences").write_text("".join(f"{name} {value}\n" for name, value in cursor.fetchall()))


def load(url: str, source: Path) -> None:
    """Put a backup's rows in place of those of a database, in one transaction; as the superuser, for rows refer to
    rows. Raises BackupInvalid where a table is missing: the services of that version have to have been up once."""
    with _connected(url) as connection:
        cursor = connection.cursor()
        cursor.execute(_TABLES)
        known = {table for (table,) in cursor.fetchall()}
        coming = {path.stem for path in source.glob("*.copy")}
        if coming - known:
            raise BackupInvalid(
                f"The database lacks {len(coming - known)} tables of the backup. Start the services of the backup's "
                "version once, stop them, then restore."
            )
        if known:
            names = ", ".join(f'public."{table}"' for table in sorted(known))
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(f"TRUNCATE {names}")
        for table in sorted(coming):
            with (source / f"{table}.copy").open("rb") as file:
                cursor.copy_expert(f'COPY public."{table}" FROM STDIN (FORMAT binary)', file)
        for line in (source / "sequences").read_text().splitlines():
            name, value = line.rsplit(" ", 1)
            if int(value):
                cursor.execute("SELECT setval(%s, %s)", (f'public."{name}"', int(value)))
        connection.commit()


class _connected:
    """A raw connection; errors of the driver become ours, for their texts hold values."""

    def __init__(self, url: str) -> None:
        self._engine = sa.create_engine(url, poolclass=sa.pool.NullPool, hide_parameters=True)

    def __enter__(self) -> sa.PoolProxiedConnection:
        try:
            self._connection = self._engine.raw_connection()
        except Exception as error:
            raise EngineUnreachable(f"A database does not answer ({type(error).__name__}). Is it up?") from None
        return self._connection

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self._connection.rollback()
        self._connection.close()
        if error is not None and type(error).__module__.startswith("psycopg2"):
            raise BackupInvalid(f"A database refuses the copy: {type(error).__name__}.") from None
