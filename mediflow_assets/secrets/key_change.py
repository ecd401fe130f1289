"""The files of a change of the pseudonym key: the next key is made, takes the place of the old one, which then goes.

`pseudonym.key.next` is there from the first moment, `pseudonym.key.old` from the swap to the end. Each step is one
rename or link, so that a process killed at any moment leaves a key in its place.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

from mediflow_assets.errors import RotationUnfinished
from mediflow_assets.secrets.pseudonym_key import FILE_NAME, PseudonymKey
from mediflow_assets.secrets.secret_files import SECRET_BYTES, make_secret, sync_folder, write_closed

NEXT, OLD = f"{FILE_NAME}.next", f"{FILE_NAME}.old"
STATE = "rotation.json"
"""Beside the keys: which keys, and how far. It holds no secret."""


class Phase(StrEnum):
    """How far a change of key has come."""

    BEGUN = "begun"
    """Silver is being named again. No run may write the lake."""
    SWAPPED = "swapped"
    """Silver and the key in its place agree; computed tables and logs may still be under the old one."""


@dataclass(frozen=True)
class KeyChange:
    """One change of key, by the keys' ids."""

    old_id: str
    new_id: str
    phase: Phase = Phase.BEGUN

    @property
    def transaction(self) -> str:
        """What commits of this change carry."""
        return f"key-{self.old_id}-{self.new_id}"


def unfinished(secrets: Path) -> KeyChange | None:
    """The change of key that was begun, if one was."""
    try:
        said = json.loads((secrets / STATE).read_bytes())
    except FileNotFoundError:
        return None
    return KeyChange(said["old_id"], said["new_id"], Phase(said["phase"]))


def begin(secrets: Path) -> KeyChange:
    """Make the next key, and write down that the change has begun; goes on with one that was begun."""
    change = unfinished(secrets)
    if change is None:
        make_secret(secrets / NEXT)
        old, new = PseudonymKey.load(secrets), PseudonymKey.load(secrets, NEXT)
        change = _write(secrets, KeyChange(old.key_id, new.key_id))
    return change


def keys_of(secrets: Path, change: KeyChange) -> tuple[PseudonymKey, PseudonymKey]:
    """The old and the new key, wherever they lie by now."""
    found = {key.key_id: key for key in _all(secrets)}
    return found[change.old_id], found[change.new_id]


def swap(secrets: Path, change: KeyChange) -> KeyChange:
    """Put the new key in the old one's place; swapping twice changes nothing."""
    if not (secrets / OLD).exists():
        os.link(secrets / FILE_NAME, secrets / OLD)
    if (secrets / NEXT).exists():
        (secrets / NEXT).rename(secrets / FILE_NAME)
    sync_folder(secrets)
    return _write(secrets, replace(change, phase=Phase.SWAPPED))


def end(secrets: Path) -> None:
    """Destroy the old key: nothing is named by it any more."""
    old = secrets / OLD
    if old.exists():
        with old.open("r+b") as file:
            file.write(os.urandom(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        old.unlink()
    (secrets / STATE).unlink(missing_ok=True)
    sync_folder(secrets)


def refuse_half_changed(secrets: Path) -> None:
    """Raise RotationUnfinished while Silver is partly under the next key."""
    change = unfinished(secrets)
    if change is not None and change.phase is Phase.BEGUN:
        raise RotationUnfinished(
            "A change of the pseudonym key was cut short. Run 'mediflow keys rotate' to finish it."
        )


def _all(secrets: Path) -> Iterator[PseudonymKey]:
    for name in (FILE_NAME, NEXT, OLD):
        if (secrets / name).exists():
            yield PseudonymKey.load(secrets, name)


def _write(secrets: Path, change: KeyChange) -> KeyChange:
    partial = secrets / f".{STATE}.{os.getpid()}"
    partial.unlink(missing_ok=True)
    write_closed(partial, json.dumps(asdict(change)).encode())
    partial.rename(secrets / STATE)
    sync_folder(secrets)
    return change
