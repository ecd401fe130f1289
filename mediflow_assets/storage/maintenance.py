"""Maintenance: large tables are divided, small files joined, and what old versions left removed. No row changes."""

from dataclasses import dataclass

from deltalake import DeltaTable

from mediflow_assets.contracts import TABLES
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.errors import MediFlowError
from mediflow_assets.storage.delta import TARGET_BYTES, WRITER, Lake
from mediflow_assets.storage.dividing import divide
from mediflow_assets.storage.errors import storage_errors


@dataclass(frozen=True)
class Tidied:
    """One table after maintenance."""

    table: str
    files_before: int = 0
    files_after: int = 0
    removed: int = 0
    """Files of old versions that were deleted."""
    failure: str | None = None


def maintain(lake: Lake, keep_hours: int) -> list[Tidied]:
    """Tidy every table there is; one that fails does not keep the others from it. The caller holds the lake lease.

    Versions older than `keep_hours` cannot be read any more.
    """
    return [tidied for contract in TABLES.values() if (tidied := _tidy(lake, contract, keep_hours))]


def _tidy(lake: Lake, contract: TableContract, keep_hours: int) -> Tidied | None:
    try:
        divide(lake, contract)
        table = lake.open(contract)
        if table is None:
            return None
        with storage_errors(contract.name):
            return _work(table, contract.name, keep_hours)
    except MediFlowError as error:
        return Tidied(contract.name, failure=str(error))


def _work(table: DeltaTable, name: str, keep_hours: int) -> Tidied:
    before = len(table.file_uris())
    table.optimize.compact(
        target_size=TARGET_BYTES,
        writer_properties=WRITER,
    )
    removed = table.vacuum(keep_hours, dry_run=True, enforce_retention_duration=False)
    if removed:
        # a vacuum that finds nothing would still make two versions
        table.vacuum(keep_hours, dry_run=False, enforce_retention_duration=False)
    table.create_checkpoint()
    table.cleanup_metadata()
    return Tidied(name, before, len(table.file_uris()), len(removed))
