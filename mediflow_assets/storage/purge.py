"""Purging what old versions of a table left behind: files, the log's statistics, checkpoints."""

import contextlib
import itertools
import shutil
from pathlib import Path

from mediflow_assets.contracts.table import TableContract
from mediflow_assets.objects import is_remote, listed, remove
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.errors import storage_errors

DAMAGED = "_damaged"
"""The folder below the lake in which damaged tables lie that were made again."""
_AT_ONCE = {
    "delta.logRetentionDuration": "interval 0 seconds",
    "delta.deletedFileRetentionDuration": "interval 0 seconds",
}
_AS_BEFORE = {
    "delta.logRetentionDuration": "interval 30 days",
    "delta.deletedFileRetentionDuration": "interval 1 week",
}
"""Delta's own defaults."""


def purge(lake: Lake, contract: TableContract) -> int:
    """Keep just the table's newest version; returns how many data files went.

    The log is folded into one checkpoint: a commit names the rows it deleted, and its statistics hold values.
    What the log says of landed deliveries and of properties stands in the checkpoint. The caller holds the lake lease.
    """
    table = lake.open(contract)
    if table is None:
        return 0
    with storage_errors(f"{contract.name} purge"):
        table.alter.set_table_properties(_AT_ONCE, raise_if_not_exists=False)
        # full: files that a killed writer left, which no version names, go as well
        removed = table.vacuum(0, dry_run=False, enforce_retention_duration=False, full=True)
        table.update_incremental()
        table.create_checkpoint()
        table.cleanup_metadata()
        table.alter.set_table_properties(_AS_BEFORE, raise_if_not_exists=False)
    _remove_unfinished_commits(lake, contract)
    return len(removed)


def remove_staged(lake: Lake) -> int:
    """Remove what steps that were killed had staged beside the tables, and damaged tables that were put aside;
    returns how many folders went."""
    if is_remote(lake.root):
        zones = {
            info.path.split("/_staging/")[0].rsplit("/", 1)[-1]
            for info in listed(lake.root)
            if "/_staging/" in info.path
        }
        for zone in zones:
            remove(f"{lake.root.rstrip('/')}/{zone}/_staging")
        return len(zones)
    staged = [path for path in (*Path(lake.root).glob("*/_staging"), Path(lake.root) / DAMAGED) if path.is_dir()]
    for path in staged:
        shutil.rmtree(path)
    return len(staged)


def set_damaged_aside(lake: Lake, contract: TableContract) -> None:
    """Move a table's folder to `_damaged` below the lake, under a name that is still free there. Folders only."""
    aside = Path(lake.root) / DAMAGED / contract.name
    aside.parent.mkdir(parents=True, exist_ok=True)
    names = itertools.chain([aside], (aside.with_name(f"{aside.name}-{number}") for number in itertools.count(2)))
    Path(lake.uri(contract)).rename(next(path for path in names if not path.exists()))


def _remove_unfinished_commits(lake: Lake, contract: TableContract) -> None:
    if "://" in lake.root:
        return
    for path in (Path(lake.uri(contract)) / "_delta_log").glob("*.tmp"):
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
