"""Samples of quarantine that anybody may see: which fields a record has, and the shape of what stands in them.

A letter becomes `a`, a digit `#`; fields that identify a person are named and nothing else. Which record it is, is said
by its delivery and number, so that `mediflow quarantine show` finds it whole.
"""

import json
from typing import Any

import pyarrow.compute as pc

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.contracts.bronze import PROVENANCE
from mediflow_assets.contracts.events import DELIVERY_PREFIX
from mediflow_assets.contracts.table import Privacy, TableContract
from mediflow_assets.storage.delta import Lake

MOST = 3
"""Samples of a reason at one table."""
LONGEST = 24
"""Characters of a shape."""
_HELD = ("open", "waiting")
_HOUSES_OWN = {column.name for column in PROVENANCE} | {"_feed"}
Row = dict[str, Any]


def quarantine_samples(lake: Lake) -> list[Row]:
    """The rows of `gold/quarantine_samples`: the first few open or waiting records of each reason."""
    columns = ["target_table", "source", "_delivery_id", "_record_number", "reasons", "status"]
    held = lake.read(silver.QUARANTINE, columns, pc.field("status").isin(_HELD))
    chosen: dict[tuple[str, str, str], list[Row]] = {}
    for row in held.sort_by([("_delivery_id", "ascending"), ("_record_number", "ascending")]).to_pylist():
        for reason in row["reasons"] or []:
            few = chosen.setdefault((row["target_table"], row["source"], reason), [])
            if len(few) < MOST:
                few.append(row)
    payloads = _payloads(lake, [row for few in chosen.values() for row in few])
    return [
        {
            "table": table,
            "source": source,
            "reason": reason,
            "sample": at,
            "status": row["status"],
            "delivery": _named(row["_delivery_id"]),
            "record": row["_record_number"],
            "fields": shapes(payloads[_key(row)], _table_of(source)),
        }
        for (table, source, reason), few in sorted(chosen.items())
        for at, row in enumerate(few, 1)
    ]


def _payloads(lake: Lake, rows: list[Row]) -> dict[tuple[str, str, int], str]:
    """What stands in the chosen records; the others are never read."""
    deliveries = sorted({row["_delivery_id"] for row in rows})
    numbers = sorted({row["_record_number"] for row in rows})
    if not rows:
        return {}
    where = pc.field("_delivery_id").isin(deliveries) & pc.field("_record_number").isin(numbers)
    columns = ["target_table", "_delivery_id", "_record_number", "payload"]
    return {_key(row): row["payload"] for row in lake.read(silver.QUARANTINE, columns, where).to_pylist()}


def _table_of(source: str) -> TableContract | None:
    return bronze.BY_TABLE[source].table if source in bronze.BY_TABLE else None


def _named(delivery_id: str) -> str:
    return delivery_id if delivery_id.startswith(DELIVERY_PREFIX) else delivery_id[:12]


def _key(row: Row) -> tuple[str, str, int]:
    return row["target_table"], row["_delivery_id"], row["_record_number"]


def shapes(payload: str, source: TableContract | None) -> str:
    """`department: aaaaaaa, cost: -###.##, name: (kept back)`: each field that is filled, and its shape."""
    try:
        record = json.loads(payload)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        return "(not shown)"
    told = [
        f"{name}: {_shape(str(value)) if _is_harmless(name, source) else '(kept back)'}"
        for name, value in record.items()
        if name not in _HOUSES_OWN and value not in (None, "") and (source is None or name in source.by_name)
    ]
    return ", ".join(told)


def _is_harmless(name: str, source: TableContract | None) -> bool:
    """Whether a field's shape may be shown: not that of names, numbers of records, addresses, free text, raw bytes."""
    column = source.by_name.get(name) if source else None
    return column is not None and column.privacy in (Privacy.CLINICAL, Privacy.QUASI, Privacy.DATE)


def _shape(text: str) -> str:
    whole = "".join("#" if each.isdigit() else "a" if each.isalpha() else each for each in text)
    return whole if len(whole) <= LONGEST else whole[: LONGEST - 1] + "…"
