"""The home folder: made by `init`, emptied by `reset`."""

import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from mediflow_assets.errors import NothingToDo, SecretMissing
from mediflow_assets.identity.users import Users
from mediflow_assets.secrets.pseudonym_key import FILE_NAME, PseudonymKey
from mediflow_assets.settings import Settings
from mediflow_assets.storage.lease import lake_lease

SYNTHETIC = "synthetic"
"""A file of the home that says that deliveries of the generator came into it: the dashboard shows a banner."""

COMPUTED = ("lake", "dagster", "logs", "inbox", "exports", "erasure.journal", SYNTHETIC)
"""What `reset` removes: tables, runs, exports, and deliveries that were not landed."""

KEPT = ("secrets", "ops.db", "ops.db-wal", "ops.db-shm", "audit.head", "tombstones", "sources.toml", "mlflow")
"""What only `reset --all` removes."""

EXAMPLE = """\
# How this hospital's exports name their columns. One section per feed; remove the '#' and change the words.
# 'mediflow sources suggest FILE --write' drafts a section here, 'mediflow sources list' shows the columns there are.
#
# [feeds.main_campus]
# delimiter = ";"
# date_formats = ["dd.MM.yyyy"]
# decimal_comma = true
#
# [feeds.main_campus.columns]
# patient_id = "Pat-Nr"
# encounter_id = "Fall-Nr"
# admission_date = { join = ["Aufnahme", "Uhrzeit"] }
#
# [feeds.main_campus.values.gender]
# "W" = "F"
"""


@dataclass(frozen=True)
class SetUp:
    """What `init` made and what it found; the password is in no other place."""

    new: tuple[str, ...]
    found: tuple[str, ...]
    key_id: str
    password: str | None = None


def make_home(settings: Settings) -> None:
    """The folder, closed to others: the inbox holds patients' records."""
    settings.root.mkdir(mode=0o700, parents=True, exist_ok=True)


def set_up(settings: Settings, admin: str) -> SetUp:
    """Make what is not there yet: folder, key, example of `sources.toml`, users with a first admin."""
    _refuse_a_second_key(settings)
    parts = {
        "home": settings.root.exists(),
        "pseudonym key": (settings.secrets / FILE_NAME).exists(),
        "sources.toml": settings.sources_file.exists(),
    }
    make_home(settings)
    settings.inbox.mkdir(exist_ok=True)
    key = PseudonymKey.create(settings.secrets)
    if not parts["sources.toml"]:
        settings.sources_file.write_text(EXAMPLE, encoding="utf-8")
    password = _first_admin(settings, admin)
    parts["admin"] = password is None
    return SetUp(
        new=tuple(name for name, was_there in parts.items() if not was_there),
        found=tuple(name for name, was_there in parts.items() if was_there),
        key_id=key.key_id,
        password=password,
    )


def removable(settings: Settings, is_all: bool) -> list[Path]:
    """What `reset` would remove, of what is there."""
    names = (*COMPUTED, *KEPT) if is_all else COMPUTED
    return [path for name in names if (path := settings.root / name).exists() or path.is_symlink()]


def remove(settings: Settings, paths: list[Path]) -> None:
    """Remove them while nobody else works on the lake. Raises LakeBusy where somebody does."""
    if not paths:
        raise NothingToDo("There is nothing to remove.")
    with lake_lease(settings.lock, "reset"):
        for path in paths:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                # a link goes, what it points to is not ours
                path.unlink()


def _first_admin(settings: Settings, name: str) -> str | None:
    """Make the first admin; returns the password, or None where there is one already."""
    users = Users(settings.ops_url)
    try:
        if any("admin" in user.roles and not user.is_disabled for user in users.list()):
            return None
    except NothingToDo:
        pass
    password = secrets.token_urlsafe(18)
    users.create(name, password, ["admin"])
    return password


def _refuse_a_second_key(settings: Settings) -> None:
    """A new key beside old tables would give each patient a second pseudonym."""
    if (settings.secrets / FILE_NAME).exists():
        return
    from mediflow_assets.contracts import silver
    from mediflow_assets.storage.delta import Lake

    if Lake(settings.lake_root).rows(silver.PATIENTS):
        raise SecretMissing(
            "The lake has tables, but their pseudonym key is gone. Restore the secrets folder from a backup, "
            "or empty the lake with 'mediflow reset'."
        )
