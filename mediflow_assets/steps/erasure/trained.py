"""Which models learnt from the patients: every version that was trained while they were in the lake."""

import datetime as dt
import json
from pathlib import Path

from mediflow_assets.storage.delta import Lake


def trained_on(lake: Lake, first_seen_at: str | None) -> list[str]:
    """The served versions, `name/version`, made after the first of their records came.

    A model may hold traces of whom it learnt from, so retraining is for a person to decide; nothing is removed here.
    """
    root = Path(lake.root) / "models"
    if "://" in lake.root or first_seen_at is None or not root.is_dir():
        return []
    since = dt.datetime.fromisoformat(first_seen_at)
    return sorted(
        f"{path.parent.parent.name}/{path.parent.name}"
        for path in root.glob("*/*/bundle.json")
        if _trained_at(path) >= since
    )


def _trained_at(bundle: Path) -> dt.datetime:
    """When its bundle says it was trained; where it says nothing, when it was written."""
    try:
        said = json.loads(bundle.read_bytes()).get("trained_at")
        found = dt.datetime.fromisoformat(said) if isinstance(said, str) else None
    except (ValueError, AttributeError):
        found = None
    written = dt.datetime.fromtimestamp(bundle.stat().st_mtime, dt.UTC)
    return written if found is None else found.replace(tzinfo=found.tzinfo or dt.UTC)
