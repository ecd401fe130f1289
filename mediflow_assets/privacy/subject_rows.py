"""Rows of people in MediFlow's database, such as logged predictions: removed, or named again under another key.

Whatever table has a column `patient_key` or `encounter_key` is meant: nothing has to be listed here.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from mediflow_assets.contracts.erasure import SUBJECT_KEYS
from mediflow_assets.identity.database import opened, sqlite_file

_AT_ONCE = 500


def delete_subjects(url: str, keys: Mapping[str, Sequence[str]]) -> int:
    """Delete the rows of these people, so that their bytes are gone from an SQLite file too; returns how many."""
    deleted = 0
    with _changed(url) as connection:
        for table, column in _columns(connection):
            for some in _pieces(keys.get(column.name, ())):
                deleted += connection.execute(table.delete().where(column.in_(some))).rowcount
    return deleted


def rename_subjects(url: str, names: Mapping[str, Mapping[str, str]]) -> int:
    """Put new keys for old ones; returns how many rows changed. Doing it again changes nothing."""
    changed = 0
    with _changed(url) as connection:
        for table, column in _columns(connection):
            known = names.get(column.name, {})
            old = [row[0] for row in connection.execute(sa.select(column).distinct()) if row[0] in known]
            statement = table.update().where(column == sa.bindparam("_old")).values({column: sa.bindparam("_new")})
            for some in _pieces(old):
                pairs = [{"_old": each, "_new": known[each]} for each in some]
                changed += connection.execute(statement, pairs).rowcount
    return changed


@contextmanager
def _changed(url: str) -> Iterator[sa.Connection]:
    """A connection whose changes are committed together, and after which no old byte is left in the file.

    A home without a database has nobody's rows: an empty one in memory stands for it.
    """
    file = sqlite_file(url)
    is_missing = file is not None and not file.exists()
    database = sa.create_engine(
        "sqlite://" if is_missing else url, hide_parameters=True, connect_args={"timeout": 30} if file else {}
    )
    try:
        with opened(database) as connection:
            yield connection
            connection.commit()
        _wipe(database)
    finally:
        database.dispose()


def _columns(connection: sa.Connection) -> Iterator[tuple[sa.Table, sa.Column[str]]]:
    known = sa.MetaData()
    known.reflect(connection)
    for table in known.sorted_tables:
        for name in SUBJECT_KEYS:
            if name in table.columns:
                yield table, table.columns[name]


def _wipe(database: sa.Engine) -> None:
    """SQLite leaves deleted rows in free pages and in its journal until both are written again."""
    if database.dialect.name != "sqlite":
        return
    with opened(database) as connection:
        raw = connection.execution_options(isolation_level="AUTOCOMMIT")
        raw.exec_driver_sql("VACUUM")
        raw.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _pieces(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]
