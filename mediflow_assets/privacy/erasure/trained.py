"""Which models learnt from the patients: every version that was trained while they were in the lake."""

import contextlib
import datetime as dt
import json
from pathlib import Path

from mediflow_assets.objects import is_remote
from mediflow_assets.scoring import files, models_uri
from mediflow_assets.scoring.bundle import FACTS
from mediflow_assets.storage.delta import Lake


def trained_on(lake: Lake, first_seen_at: str | None) -> list[str]:
    """The served versions, `name/version`, made after the first of their records came.

    A model may hold traces of whom it learnt from, so retraining is for a person to decide; nothing is removed here.
    """
    if first_seen_at is None:
        return []
    since, root = dt.datetime.fromisoformat(first_seen_at), models_uri(lake.root)
    versions = ((name, version) for name in files.folders(root) for version in files.folders(files.join(root, name)))
    return sorted(f"{name}/{version}" for name, version in versions if _is_since(root, name, version, since))


def _is_since(root: str, name: str, version: str, since: dt.datetime) -> bool:
    """Whether a version was trained then or later: as its bundle says, or as its file's time does."""
    place = files.join(root, name, version, FACTS)
    try:
        content = files.read(place)
    except FileNotFoundError:
        return False
    with contextlib.suppress(ValueError, AttributeError):
        said = json.loads(content).get("trained_at")
        if isinstance(said, str):
            found = dt.datetime.fromisoformat(said)
            return found.replace(tzinfo=found.tzinfo or dt.UTC) >= since
    if is_remote(place):
        # nothing says when: it is named rather than left out
        return True
    return dt.datetime.fromtimestamp(Path(place).stat().st_mtime, dt.UTC) >= since
