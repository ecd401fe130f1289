"""Taking a backup: under the lake lease, so that lake, home and databases are of one moment."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from mediflow_assets.backup import databases
from mediflow_assets.backup.files import copy_home, copy_lake
from mediflow_assets.backup.manifest import DATABASES, FORMAT, HOME, LAKE, Manifest, measured
from mediflow_assets.contracts import TABLES
from mediflow_assets.errors import BackupInvalid
from mediflow_assets.modes import close_below
from mediflow_assets.objects import is_remote
from mediflow_assets.privacy.erasure.journal import refuse_half_erased
from mediflow_assets.secrets.key_change import refuse_half_changed
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.storage.lease import Lock, lake_lease


@dataclass(frozen=True)
class Kept:
    """What is backed up: a home, its lake, and databases by name that are no files of the home (PostgreSQL)."""

    home: Path
    lake: Lake
    lock: Lock
    databases: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def lake_in_home(self) -> Path | None:
        """The lake's folder if it lies in the home."""
        if is_remote(self.lake.root) or not Path(self.lake.root).is_relative_to(self.home):
            return None
        return Path(self.lake.root)


def back_up(kept: Kept, to: Path, wait_seconds: float = 0) -> Manifest:
    """Copy all into a new folder. Raises BackupInvalid if it is not empty, LakeBusy while somebody writes the lake."""
    if to.exists() and any(to.iterdir()):
        raise BackupInvalid(f"{to} is not empty: name a new folder.")
    if to.absolute().is_relative_to(kept.home):
        raise BackupInvalid("The backup would lie in the home that it is of: name another folder.")
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    to.chmod(0o700)
    with lake_lease(kept.lock, "backup", wait_seconds):
        refuse_half_erased(kept.home)
        refuse_half_changed(kept.home / "secrets")
        begun = dt.datetime.now(dt.UTC)
        with storage_errors("backup"):
            # the head of the audit log before its database: a head behind the chain is no sign of a cut
            copy_home(kept.home, to / HOME, kept.lake_in_home)
            for name, url in kept.databases.items():
                databases.dump(url, to / DATABASES / name)
            copy_lake(kept.lake.root, str(to / LAKE))
            for folder in (to / HOME, to / LAKE):
                close_below(folder)
        tables = {
            contract.name: {"version": kept.lake.version(contract), "rows": kept.lake.rows(contract)}
            for contract in TABLES.values()
            if kept.lake.open(contract) is not None
        }
    key_id, kinds = PseudonymKey.load(to / HOME / "secrets").key_id, dict.fromkeys(kept.databases, "postgresql")
    made = Manifest(
        FORMAT,
        version("mediflow"),
        begun.isoformat(),
        dt.datetime.now(dt.UTC).isoformat(),
        key_id,
        tables,
        kinds,
        measured(to),
    )
    made.write(to)
    return made
