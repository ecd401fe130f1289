"""Discard: a quarantined record that nobody will mend. It stays, is counted, and is not validated again."""

from deltalake import CommitProperties

from mediflow_assets.contracts import silver
from mediflow_assets.errors import NothingToDo, SettingsInvalid
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.storage.lease import Lock, lake_lease

LONGEST_REASON = 200


def discard(lake: Lake, lock: Lock, delivery_id: str, record_number: int, reason: str) -> int:
    """Mark an open or waiting record as discarded at each table that quarantined it; returns at how many.

    The reason stands in the commit, not in a column: `gold/quarantine_reasons` counts by rule and is read by analysts.
    Raises NothingToDo where no such record is open, and LakeBusy where another process writes.
    """
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise SettingsInvalid(f"Say in 1 to {LONGEST_REASON} characters why the record is discarded.")
    with lake_lease(lock, "discard"):
        table = lake.open(silver.QUARANTINE)
        done = 0
        if table is not None:
            with storage_errors(silver.QUARANTINE.name):
                written = table.update(
                    new_values={"status": "discarded"},
                    predicate=_is_open(delivery_id, record_number),
                    commit_properties=CommitProperties(custom_metadata={"mediflow.discarded": reason.strip()}),
                )
            done = int(written["num_updated_rows"])
    if not done:
        raise NothingToDo("That record is not open or waiting. 'mediflow quarantine list --records' shows what is.")
    return done


def _is_open(delivery_id: str, record_number: int) -> str:
    quoted = delivery_id.replace("'", "''")
    return f"_delivery_id = '{quoted}' AND _record_number = {record_number} AND status IN ('open', 'waiting')"
