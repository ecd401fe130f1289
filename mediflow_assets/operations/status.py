"""How the lakehouse stands, read from its tables: what `mediflow status` shows."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts import TABLES, bronze, operational
from mediflow_assets.contracts.table import Severity, TableContract
from mediflow_assets.contracts.versions import OUTCOMES
from mediflow_assets.errors import EngineFailed
from mediflow_assets.ingest.inbox import Inbox
from mediflow_assets.operations import model_registry
from mediflow_assets.pipeline.damage import look_at
from mediflow_assets.sources import Feeds
from mediflow_assets.storage.delta import Lake, count_rows
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.storage.schemas import arrow_schema

Row = dict[str, Any]
Status = dict[str, Any]
_LEDGER = ["delivery_id", "source", "records", "bronze", "rejects", "received_at"]
_CHECKS = ["checked_at", "table", "check_name", "severity", "passed"]


@dataclass(frozen=True)
class _WhatIsReadable(Lake):
    """The lake, of which a table that cannot be read has no rows; it is noted which those are."""

    unreadable: set[str] = field(default_factory=set)

    def read(self, contract: TableContract, columns: list[str] | None = None, where: Any = None) -> pa.Table:
        """The rows there are; of another file in a table's place Arrow would make rows without content."""
        try:
            if not look_at(self, contract):
                return super().read(contract, columns, where)
        except EngineFailed:
            self.unreadable.add(contract.name)
        return arrow_schema(contract).empty_table().select(columns or list(contract.column_names))


def read_status(lake: Lake, inbox: Inbox) -> Status:
    """Deliveries, tables, reconciliation, the last result of each check, models; and which tables are damaged."""
    readable = _WhatIsReadable(lake.root, lake.storage_options)
    shown = _shown(readable, inbox)
    found = (look_at(lake, contract, name in readable.unreadable) for name, contract in TABLES.items())
    damaged = [{"table": table.contract.name, "says": str(table)} for table in found if table]
    return shown | ({"damaged": damaged} if damaged else {})


def _shown(lake: Lake, inbox: Inbox) -> Status:
    reconciliation = _reconciliation(lake)
    return {
        "deliveries": _deliveries(lake, inbox, reconciliation),
        "tables": _tables(lake),
        "reconciliation": reconciliation,
        "checks": _checks(lake),
        "models": model_registry.read_status(lake),
    }


def inbox_of(folder: Any) -> Inbox:
    """The inbox, to be looked at only."""
    return Inbox(folder, Feeds())


def is_sound(shown: Status) -> bool:
    """Whether all sums agree and the last result of each blocking check is good."""
    is_balanced = all(row["balanced"] for row in shown["reconciliation"])
    return is_balanced and all(c["passed"] for c in shown["checks"] if c["severity"] == Severity.ERROR)


def _deliveries(lake: Lake, inbox: Inbox, reconciliation: list[Row]) -> list[Row]:
    # the inbox first: what lands meanwhile is then seen twice rather than not at all
    waiting = inbox.waiting()
    ledger = sorted(lake.read(bronze.DELIVERIES, _LEDGER).to_pylist(), key=lambda row: row["received_at"])
    erased = {row["delivery"]: row["erased"] for row in reconciliation if row["table"].startswith("bronze/")}
    known = {row["delivery_id"] for row in ledger}
    landed = [
        {
            "id": row["delivery_id"][:12],
            "source": row["source"],
            "state": "landed",
            "records": row["records"],
            "bronze": row["bronze"],
            "rejects": row["rejects"],
            "erased": erased.get(row["delivery_id"][:12], 0),
        }
        for row in ledger
    ]
    uncounted = {"records": None, "bronze": None, "rejects": None, "erased": 0}
    return landed + [
        {"id": delivery.delivery_id[:12], "source": delivery.source, "state": "waiting"} | uncounted
        for delivery in waiting
        if delivery.delivery_id not in known
    ]


def _tables(lake: Lake) -> dict[str, Row]:
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda contract: _table(lake, contract), TABLES.values())
        return {name: row for name, row in zip(TABLES, found, strict=True) if row is not None}


def _table(lake: Lake, contract: TableContract) -> Row | None:
    try:
        return _committed(lake, contract)
    except EngineFailed:
        return None


def _committed(lake: Lake, contract: TableContract) -> Row | None:
    table = lake.seen(contract)
    if table is None:
        return None
    with storage_errors(contract.name):
        committed = table.history(1)[0]["timestamp"] / 1000
    updated_at = dt.datetime.fromtimestamp(committed, dt.UTC)
    return {"rows": count_rows(table), "version": table.version(), "updated_at": _instant(updated_at)}


def refused_of(lake: Lake, delivery: str) -> list[Row]:
    """The sums of a delivery of which the last run held records back."""
    names = ["table", "delivery", "records", "quarantined", "reasons"]
    rows = lake.read(operational.RECONCILIATION, names, pc.field("delivery") == delivery[:12]).to_pylist()
    return sorted((row for row in rows if row["quarantined"] and row["records"]), key=lambda row: str(row["table"]))


def _reconciliation(lake: Lake) -> list[Row]:
    names = ("table", "delivery", "records", "accepted", *OUTCOMES, "quarantined", "erased", "balanced")
    rows = lake.read(operational.RECONCILIATION, list(names)).to_pylist()
    return sorted(rows, key=lambda row: (row["table"], row["delivery"]))


def _checks(lake: Lake) -> list[Row]:
    """The last result per table and check."""
    last: dict[tuple[str, str], Row] = {}
    for row in lake.read(operational.CHECK_RESULTS, _CHECKS).sort_by("checked_at").to_pylist():
        last[(row["table"], row["check_name"])] = row
    return [
        {
            "table": table,
            "name": name,
            "passed": row["passed"],
            "severity": row["severity"],
            "at": _instant(row["checked_at"]),
        }
        for (table, name), row in sorted(last.items())
    ]


def _instant(when: dt.datetime) -> str:
    return f"{when.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
