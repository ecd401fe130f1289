"""Taking patients out of what is no table's newest version: old versions, files, exports, logged predictions."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mediflow_assets.contracts import TABLES
from mediflow_assets.privacy.byte_search import Identifiers, files_of, search
from mediflow_assets.privacy.erasure.journal import Plan
from mediflow_assets.privacy.erasure.premises import Premises
from mediflow_assets.privacy.subject_rows import delete_subjects
from mediflow_assets.storage.purge import purge, remove_staged


@dataclass(frozen=True)
class Cleansed:
    """What went."""

    old_files: int
    refused_files: int
    exports: int
    predictions: int


def cleanse(place: Premises, plan: Plan) -> Cleansed:
    """Remove what may still hold the patients. The caller holds the lake lease."""
    identifiers = Identifiers(plan.identifiers)
    place.inbox.clear_partial()
    refused = list(search(_refused(place), identifiers).hits)
    for path in refused:
        path.unlink(missing_ok=True)
    exports = {_export_of(place, path) for path in search(_exported(place), identifiers).hits}
    for path in exports:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    if search(files_of(place.sample), identifiers).hits:
        # the demo's own deliveries, generated: the next demo makes them again
        shutil.rmtree(place.sample)
    predictions = delete_subjects(place.database_url, plan.keys)
    remove_staged(place.lake)
    removed = sum(purge(place.lake, contract) for contract in TABLES.values())
    return Cleansed(removed, len(refused), len(exports), predictions)


def _refused(place: Premises) -> Iterator[Path]:
    yield from files_of(place.inbox.refused)


def _exported(place: Premises) -> Iterator[Path]:
    yield from files_of(place.exports)


def _export_of(place: Premises, path: Path) -> Path:
    """An export goes whole: a part of it would not be what its manifest says."""
    return place.exports / path.relative_to(place.exports).parts[0]
