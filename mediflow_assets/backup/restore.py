"""The way back: a backup's home, lake and databases in an empty place; who was erased since then is erased again."""

import shutil
from collections.abc import Callable
from pathlib import Path

from mediflow_assets.backup import databases
from mediflow_assets.backup.backup import Kept
from mediflow_assets.backup.files import copy_home, copy_lake, is_empty
from mediflow_assets.backup.manifest import DATABASES, HOME, LAKE, Manifest
from mediflow_assets.errors import BackupInvalid
from mediflow_assets.ingest.tombstones import FILE_NAME, KEY_FILE, Name, Tombstones, read_marks
from mediflow_assets.modes import close_below
from mediflow_assets.objects import is_remote
from mediflow_assets.privacy.erasure import erase
from mediflow_assets.privacy.erasure.premises import Premises
from mediflow_assets.privacy.erasure.proof import Proof
from mediflow_assets.privacy.erasure.resolving import names_in
from mediflow_assets.sources.feeds import NO_FEEDS, Feeds
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.storage.lease import lake_lease


def restore(source: Path, kept: Kept, marks: Path | None = None) -> Manifest:
    """Put a backup in place; `marks` is a folder with newer `tombstones` and their `tombstone.key`.

    Raises BackupInvalid if the backup is not whole, or the place is not empty: nothing is overwritten.
    """
    manifest = Manifest.read(source)
    manifest.check(source)
    _refuse_what_is_there(kept)
    missing = set(manifest.databases) - set(kept.databases)
    if missing:
        raise BackupInvalid(f"The backup holds databases that are not named here: {', '.join(sorted(missing))}.")
    newer = _newer_marks(source / HOME, marks)
    kept.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lake_lease(kept.lock, "restore"), storage_errors("restore"):
        # the marks first: a restore cut short must not leave a lake without them
        for name in newer:
            (kept.home / name).parent.mkdir(mode=0o700, exist_ok=True)
        copy_home(source / HOME, kept.home, None)
        for name, path in newer.items():
            shutil.copy2(path, kept.home / name)
            (kept.home / name).chmod(0o600)
        for name in manifest.databases:
            databases.load(kept.databases[name], source / DATABASES / name)
        copy_lake(str(source / LAKE), kept.lake.root)
        for folder in (kept.home, *([] if is_remote(kept.lake.root) else [Path(kept.lake.root)])):
            close_below(folder)
    return manifest


def erase_again(place: Premises, actor: str, rebuild: Callable[[], None], tell: Callable[[str], None]) -> Proof | None:
    """Erase the patients whom a mark names and the backup still held; None where there is nobody."""
    people = frozenset(erased_before(place.lake, Tombstones.load(place.root), place.inbox.feeds))
    if not people:
        return None
    ids = tuple(sorted({id_ for _, id_ in people}))
    erase.begin(place, erase.Request(ids, "restored_backup", "restore", actor, is_unknown_ok=True, people=people))
    return erase.finish(place, rebuild, tell)


def erased_before(lake: Lake, tombstones: Tombstones, feeds: Feeds = NO_FEEDS) -> set[Name]:
    """The patients in Bronze or Silver whom a mark names."""
    if not tombstones:
        return set()
    return {name for name in names_in(lake, feeds) if tombstones.refuses(name[1], name[0])}


def _marks(path: Path) -> set[tuple[str, str]]:
    return {(each.mark, each.namespace) for each in read_marks(path)}


def _refuse_what_is_there(kept: Kept) -> None:
    held = [name for name in ("secrets", "ops.db", "audit.head") if (kept.home / name).exists()]
    if held or not is_empty(kept.lake.root):
        raise BackupInvalid(
            "There is a home or a lake already, and nothing is overwritten. Restore into an empty MEDIFLOW_HOME and "
            "MEDIFLOW_LAKE, or remove these with 'mediflow reset --all' first."
        )


def _newer_marks(home: Path, marks: Path | None) -> dict[str, Path]:
    """Place in the home → file, for tombstones newer than the backup's. Raises BackupInvalid if some would be lost."""
    if marks is None:
        return {}
    new, key = (
        marks / FILE_NAME,
        next((p for p in (marks / KEY_FILE, marks / "secrets" / KEY_FILE) if p.exists()), None),
    )
    if not new.exists() or key is None:
        raise BackupInvalid(f"{marks} does not hold both '{FILE_NAME}' and '{KEY_FILE}'.")
    if not _marks(home / FILE_NAME) <= _marks(new):
        raise BackupInvalid("The tombstones given lack marks of the backup: name the newest copy there is.")
    return {FILE_NAME: new, f"secrets/{KEY_FILE}": key}
