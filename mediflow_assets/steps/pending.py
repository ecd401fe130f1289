"""What a Silver table has still to judge: known from small tables alone, so that no engine starts for nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.storage.delta import Lake

Key = tuple[str, int]
"""A Bronze record: its delivery's id and its number there."""
Wanted = Callable[[dict[str, Any]], bool]
PATIENTS_VERSION = "patients_version"


@dataclass(frozen=True)
class Pending:
    """Deliveries to judge whole, and single records to judge again, by Bronze table."""

    deliveries: dict[str, tuple[str, ...]]
    again: dict[str, frozenset[Key]]
    corrections: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to judge."""
        return not any(self.deliveries.values()) and not any(self.again.values()) and not self.corrections


def pending(lake: Lake, target: TableContract, sources: list[TableContract], wanted: Wanted | None = None) -> Pending:
    """New deliveries of the target's sources; waiting records if patients arrived since; corrected ones; and those
    open ones that `wanted` (over the quarantine's key columns and reasons) asks to judge again."""
    source_tables = {name: contract.name for name, contract in bronze.SOURCES.items()}
    judged = _judged(lake, target)
    new: dict[str, list[str]] = {contract.name: [] for contract in sources}
    corrections = []
    for row in lake.read(bronze.DELIVERIES, ["delivery_id", "source", "bronze"]).to_pylist():
        table = source_tables.get(row["source"])
        if row["delivery_id"] in judged:
            continue
        if table == bronze.CORRECTIONS.name:
            corrections.append(row["delivery_id"])
        elif table in new:
            new[table].append(row["delivery_id"])
    corrected = _corrected(lake, corrections)
    whole = {delivery for ids in new.values() for delivery in ids}
    has_patients = _patients_arrived(lake, target)
    again = _again(
        lake,
        target,
        lambda row: row["_delivery_id"] not in whole and _is_due(row, corrected, has_patients, wanted),
    )
    return Pending({table: tuple(sorted(ids)) for table, ids in new.items()}, again, tuple(sorted(corrections)))


def _is_due(row: dict[str, Any], corrected: set[Key], patients_arrived: bool, wanted: Wanted | None) -> bool:
    if (row["_delivery_id"], row["_record_number"]) in corrected:
        return True
    if row["status"] == "waiting" and patients_arrived:
        return True
    return wanted is not None and wanted(row)


def _judged(lake: Lake, target: TableContract) -> set[str]:
    rows = lake.read(silver.PROCESSED, ["target_table", "_delivery_id"])
    return set(rows.filter(pc.field("target_table") == target.name)["_delivery_id"].to_pylist())


def _patients_arrived(lake: Lake, target: TableContract) -> bool:
    return bool(lake.noted(target, PATIENTS_VERSION) != lake.version(silver.PATIENTS))


def _corrected(lake: Lake, deliveries: list[str]) -> set[Key]:
    if not deliveries:
        return set()
    rows: pa.Table = lake.read(bronze.CORRECTIONS)
    rows = rows.filter(pc.is_in(rows["_delivery_id"], pa.array(deliveries)))
    ids, numbers = rows["target_delivery_id"].to_pylist(), rows["target_record_number"].to_pylist()
    # isdigit alone takes '²' for a number, which int does not
    return {
        (id_, int(number))
        for id_, number in zip(ids, numbers, strict=True)
        if number and number.isascii() and number.isdigit()
    }


def _again(lake: Lake, target: TableContract, is_due: Callable[[dict[str, Any]], bool]) -> dict[str, frozenset[Key]]:
    table = lake.open(silver.QUARANTINE)
    if table is None:
        return {}
    columns = ["target_table", "source", "_delivery_id", "_record_number", "reasons", "status"]
    rows = lake.read(silver.QUARANTINE, columns)
    mine = (pc.field("target_table") == target.name) & pc.field("status").isin(["open", "waiting"])
    due: dict[str, set[Key]] = {}
    for row in rows.filter(mine).to_pylist():
        if is_due(row):
            due.setdefault(row["source"], set()).add((row["_delivery_id"], row["_record_number"]))
    return {source: frozenset(keys) for source, keys in due.items()}
