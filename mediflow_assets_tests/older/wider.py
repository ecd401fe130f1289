"""A process whose every contract has a column more: carries an older lake forward, and compares it with a fresh one.

`python -m mediflow_assets_tests.older.wider CARRIED FRESH`, two folders; the first one holds an older lake.
"""

import sys
from pathlib import Path
from typing import Any

from mediflow_assets.contracts import masks, table

NAME = "new_column"


def _widen(contract: Any) -> None:
    """Give a contract the column before anything is derived from it, in the midst of the others."""
    if NAME not in [column.name for column in contract.columns]:
        new = table.Column(NAME, table.Type.STRING, "of no version yet", table.Privacy.TECHNICAL, masks.keep())
        object.__setattr__(contract, "columns", (contract.columns[0], new, *contract.columns[1:]))
    _as_it_was(contract)


_as_it_was = table.TableContract.__post_init__


def _run(carried: Path, fresh: Path) -> None:
    from pyspark.sql import SparkSession

    from mediflow_assets.contracts import TABLES
    from mediflow_assets.storage import engine
    from mediflow_assets_tests.house import House
    from mediflow_assets_tests.older import comparing, story

    assert all(NAME in contract.by_name for contract in TABLES.values())
    builder: Any = SparkSession.builder.remote(engine.embedded_url())
    session = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    older, new = House(carried, session, story.FEEDS), House(fresh, session, story.FEEDS)
    # whoever reads a table that is still older finds the column, empty
    assert all((NAME, "None") in row for rows in comparing.rows_of(older.lake).values() for row in rows)
    older.run()
    comparing.assert_as_contracted(older.lake)
    comparing.tell_story(new)
    comparing.assert_same(older.lake, new.lake)
    older.assert_balanced()
    session.stop()
    engine.stop_embedded()


if __name__ == "__main__":
    # `contracts` is imported by now: it is made again, of contracts that are wider
    for name in [name for name in sys.modules if name.startswith("mediflow_assets.contracts")]:
        if name not in (table.__name__, masks.__name__):
            del sys.modules[name]
    table.TableContract.__post_init__ = _widen  # type: ignore[method-assign]
    _run(Path(sys.argv[1]), Path(sys.argv[2]))
