"""What stands in quarantine: counted, listed without its content, or one record whole."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts import silver
from mediflow_assets.errors import NothingToDo
from mediflow_assets.storage.delta import Lake

OPEN = ("open", "waiting")
_WITHOUT_CONTENT = ["target_table", "source", "_delivery_id", "_record_number", "reasons", "status"]
_SHORTENED = re.compile(r"[0-9a-f]{12,63}\Z")


@dataclass(frozen=True)
class Wanted:
    """Which records: all, or those of a reason, a delivery, a table."""

    reason: str | None = None
    delivery: str | None = None
    table: str | None = None


def records(lake: Lake, wanted: Wanted) -> list[dict[str, Any]]:
    """The wanted records, without their content."""
    delivery = delivery_id(lake, wanted.delivery) if wanted.delivery else None
    return [
        {
            "table": row["target_table"],
            "source": row["source"],
            "delivery": row["_delivery_id"],
            "record": row["_record_number"],
            "reasons": row["reasons"],
            "status": row["status"],
        }
        for row in lake.read(silver.QUARANTINE, _WITHOUT_CONTENT).to_pylist()
        if wanted.reason in (None, *row["reasons"])
        and delivery in (None, row["_delivery_id"])
        and wanted.table in (None, row["target_table"], row["target_table"].removeprefix("silver/"))
    ]


def counts(rows: Iterable[dict[str, Any]], reason: str | None = None) -> list[dict[str, Any]]:
    """Records by table, source, reason and status. One with two reasons counts under both."""
    found: Counter[tuple[str, str, str, str]] = Counter()
    for row in rows:
        for each in row["reasons"]:
            if reason in (None, each):
                found[(row["table"], row["source"], each, row["status"])] += 1
    names = ("table", "source", "reason", "status")
    return [dict(zip(names, key, strict=True)) | {"records": count} for key, count in sorted(found.items())]


def delivery_id(lake: Lake, said: str) -> str:
    """The whole id of a quarantined delivery, of which 12 digits or more are given. Raises NothingToDo."""
    ids = set(pc.unique(lake.read(silver.QUARANTINE, ["_delivery_id"])["_delivery_id"]).to_pylist())
    if said in ids:
        return said
    found = [id_ for id_ in ids if _SHORTENED.match(said) and id_.startswith(said)]
    if len(found) == 1:
        return str(found[0])
    raise NothingToDo(
        "No record of that delivery is in quarantine. 'mediflow quarantine list --records' shows what is; "
        "12 digits of the delivery or more are needed."
    )


def whole(lake: Lake, delivery: str, record: int) -> list[dict[str, Any]]:
    """A record as it was delivered, with what stands against it at each table. Raises NothingToDo."""
    id_ = delivery_id(lake, delivery)
    rows: pa.Table = lake.read(silver.QUARANTINE)
    mine = rows.filter((pc.field("_delivery_id") == id_) & (pc.field("_record_number") == record)).to_pylist()
    if not mine:
        raise NothingToDo("That record is not in quarantine. 'mediflow quarantine list --records' shows what is.")
    return [
        {
            "table": row["target_table"],
            "status": row["status"],
            "reasons": row["reasons"],
            "payload": json.loads(row["payload"]),
        }
        for row in mine
    ]


def open_records(lake: Lake) -> set[tuple[str, int]]:
    """Delivery and number of each record that is open or waiting at some table."""
    rows: pa.Table = lake.read(silver.QUARANTINE, ["_delivery_id", "_record_number", "status"])
    rows = rows.filter(pc.field("status").isin(OPEN))
    return set(zip(rows["_delivery_id"].to_pylist(), rows["_record_number"].to_pylist(), strict=True))
