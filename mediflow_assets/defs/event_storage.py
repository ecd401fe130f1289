"""Dagster's SQLite databases: written ahead, and not synced for each of a run's hundreds of events.

A killed process loses nothing by it. A power cut may lose the last events of a run, never a table: progress lives with
the tables (a run with nothing new took 5.0 instead of 5.8 s).
"""

from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine


@event.listens_for(Engine, "connect")
def _sync_seldom(connection: Any, _: object) -> None:
    if type(connection).__module__.startswith("sqlite3"):
        connection.execute("PRAGMA synchronous=NORMAL")
