"""`mediflow audit`."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

from mediflow_assets.identity.audit import AuditLog, Record

Run = Callable[..., Result]


def test_a_chain_that_holds_is_said_to_and_a_changed_one_is_named(mediflow: Run, home: Path) -> None:
    log = AuditLog(f"sqlite:///{home / 'ops.db'}", home / "audit.head")
    log.append(*[Record("command", "ada", "erase", "done")] * 3)
    assert "3 records, unbroken" in mediflow("audit", "verify").stdout
    with sqlite3.connect(home / "ops.db") as connection:
        connection.execute("UPDATE audit SET actor = 'eva' WHERE sequence = 2")
    connection.close()
    broken = mediflow("audit", "verify", "--json")
    assert broken.exit_code == 3 and json.loads(broken.stdout)["first_broken"] == 2
    assert "record 2" in mediflow("audit", "verify").stderr
