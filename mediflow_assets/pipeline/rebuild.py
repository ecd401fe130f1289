"""Validating again: a Silver table forgets its results, and its step then validates all of Bronze again.

That is asked for by a note in the table, taken back last: a step that was cut short goes on where it stopped.
"""

import datetime as dt

import pyarrow.compute as pc

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.errors import storage_errors

_NOTE = "judge_anew"
_THROUGH = "judged_through"
OUTCOMES_NOTE = "outcomes"
"""What the records of a step were to the table, noted before it writes: a run that was cut short finds it changed."""


def ask(lake: Lake, contract: TableContract) -> None:
    """Have the table's next step validate everything again."""
    if not is_asked_for(lake, contract):
        lake.set_properties(contract, **{_NOTE: True})


def is_asked_for(lake: Lake, contract: TableContract) -> bool:
    """Whether the table's next step validates everything again."""
    return bool(lake.property_of(contract, _NOTE))


def forget_if_asked(lake: Lake, contract: TableContract) -> None:
    """Empty the table and its results if that was asked for, or its columns are not its contract's.

    What people decided stays: discarded records.
    """
    if not is_asked_for(lake, contract) and not lake.difference(contract):
        return
    if newest := _newest_judged(lake, contract):
        lake.set_properties(contract, **{_THROUGH: newest.isoformat()})
    mine = f"target_table = '{contract.name}'"
    _delete(lake, silver.PROCESSED, mine)
    _delete(lake, silver.QUARANTINE, f"{mine} AND status <> 'discarded'")
    _delete(lake, contract, None)
    if kept := silver.VERSIONS.get(contract.name):
        _delete(lake, kept, None)
    if lake.difference(contract):
        lake.overwrite_rows(contract, [])
    lake.set_properties(contract, **{_NOTE: False, OUTCOMES_NOTE: {}})


def validated_through(lake: Lake, contract: TableContract) -> dt.datetime | None:
    """When the newest delivery was received that had been validated when all was last validated again."""
    noted = lake.property_of(contract, _THROUGH)
    return dt.datetime.fromisoformat(noted) if noted else None


def _newest_judged(lake: Lake, contract: TableContract) -> dt.datetime | None:
    rows = lake.read(silver.PROCESSED, ["target_table", "_delivery_id"])
    validated = set(rows.filter(pc.field("target_table") == contract.name)["_delivery_id"].to_pylist())
    ledger = lake.read(bronze.DELIVERIES, ["delivery_id", "received_at"]).to_pylist()
    return max((row["received_at"] for row in ledger if row["delivery_id"] in validated), default=None)


def _delete(lake: Lake, contract: TableContract, predicate: str | None) -> None:
    table = lake.open(contract)
    if table is not None:
        with storage_errors(contract.name):
            table.delete(predicate)
