"""Why records of each delivery were refused, for the sums of deliveries: reasons in order, and unknown words."""

from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.contracts.vocabulary import CODED
from mediflow_assets.storage.delta import Lake

UNKNOWN_WORD = frozenset(f"{column}_unknown" for column in CODED)
"""Reasons against words that no vocabulary has."""
_HELD = ("open", "waiting")
_DIGITS = 12
Row = dict[str, Any]


def told(lake: Lake, rows: list[Row]) -> list[Row]:
    """The rows of each table and delivery with `reasons` and `unknown_words`."""
    reasons, unknown = _of_silver(lake)
    landed = _counted(lake.read(bronze.REJECTS, ["_delivery_id", "reason"]))
    found = []
    for row in rows:
        is_silver = row["table"].startswith("silver/")
        key = row["delivery"]
        why = reasons.get((row["table"], key), Counter()) if is_silver else landed.get((key,), Counter())
        ordered = [reason for reason, _ in sorted(why.items(), key=lambda each: (-each[1], each[0]))]
        words = unknown[row["table"], key] if is_silver else None
        found.append(row | {"reasons": ", ".join(ordered) or None, "unknown_words": words})
    return found


def _of_silver(lake: Lake) -> tuple[dict[tuple[str, ...], Counter[str]], Counter[tuple[str, ...]]]:
    """By table and delivery how often each reason stands, and how many records have an unknown word."""
    is_held = pc.field("status").isin(_HELD)
    rows = lake.read(silver.QUARANTINE, ["target_table", "_delivery_id", "reasons"], is_held).combine_chunks()
    names = ("target_table", "_delivery_id")
    reasons, unknown = pa.table({name: [] for name in (*names, "reason")}), Counter[tuple[str, ...]]()
    if rows.num_rows:
        listed = rows["reasons"].combine_chunks()
        of = pc.list_parent_indices(listed)
        each = pa.table({name: rows[name].take(of) for name in names} | {"reason": pc.list_flatten(listed), "of": of})
        reasons = each.select([*names, "reason"])
        words = each.filter(pc.field("reason").isin(sorted(UNKNOWN_WORD))).group_by([*names, "of"]).aggregate([])
        for row in words.group_by(list(names)).aggregate([([], "count_all")]).to_pylist():
            unknown[row["target_table"], _short(row["_delivery_id"])] += row["count_all"]
    return _counted(reasons), unknown


def _counted(rows: pa.Table) -> dict[tuple[str, ...], Counter[str]]:
    found: dict[tuple[str, ...], Counter[str]] = {}
    *of, reason = rows.column_names
    for row in rows.group_by(rows.column_names).aggregate([([], "count_all")]).to_pylist():
        key = tuple(_short(row[name]) if name == "_delivery_id" else row[name] for name in of)
        found.setdefault(key, Counter())[row[reason]] += row["count_all"]
    return found


def _short(delivery: str) -> str:
    """As the rows name it: 12 digits of a file, a partition whole."""
    return delivery if "/" in delivery else delivery[:_DIGITS]
