"""Rebuild: forget every verdict, so that the next refresh judges all of Bronze again."""

from mediflow_assets.contracts import silver
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.errors import storage_errors


def forget_verdicts(lake: Lake) -> None:
    """Empty Silver. What people decided stays: discarded records, and corrections, which are deliveries.

    `processed` goes first: cut short after that, the next refresh judges everything again and merges it.
    """
    for contract in (silver.PROCESSED, *silver.JUDGED):
        _delete(lake, contract.name, None)
    _delete(lake, silver.QUARANTINE.name, "status <> 'discarded'")


def _delete(lake: Lake, name: str, predicate: str | None) -> None:
    table = lake.open(next(contract for contract in silver.TABLES if contract.name == name))
    if table is not None:
        with storage_errors(name):
            table.delete(predicate)
