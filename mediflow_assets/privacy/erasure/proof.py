"""The proof of an erasure: a search of every byte of the home for whatever named the patients."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mediflow_assets.contracts import erasure
from mediflow_assets.privacy.byte_search import Identifiers, files_of, search
from mediflow_assets.privacy.erasure.journal import FILE_NAME, Erasure
from mediflow_assets.privacy.erasure.premises import Premises


@dataclass(frozen=True)
class Proof:
    """What an erasure removed, and what was found of the patients afterwards."""

    erasure_id: str
    reason_code: str
    ticket: str
    requested_at: dt.datetime
    finished_at: dt.datetime
    patients: int
    records: int
    files_searched: int
    bytes_searched: int
    hits: int
    places: dict[str, int]
    """Folders of the home in which something was still found, with how often."""
    models: tuple[str, ...]


def prove(place: Premises, asked: Erasure, models: list[str]) -> Proof:
    """Search the home, its lake included."""
    found = search(_files(place), Identifiers(asked.plan.identifiers))
    places: Counter[str] = Counter()
    for path, hits in found.hits.items():
        places[_place_of(place, path)] += hits
    return Proof(
        asked.erasure_id,
        asked.reason_code,
        asked.ticket,
        asked.asked,
        dt.datetime.now(dt.UTC),
        asked.plan.patients,
        sum(len(numbers) for of in asked.plan.records.values() for numbers in of.values()),
        found.files,
        found.bytes,
        found.total,
        dict(places),
        tuple(models),
    )


def put_down(place: Premises, proof: Proof) -> None:
    """Append the proof to `gold/erasures`, once."""
    lake = place.lake
    lake.ensure(erasure.ERASURES)
    if not lake.holds(erasure.ERASURES, proof.erasure_id):
        row = {name: getattr(proof, name) for name in erasure.ERASURES.column_names}
        lake.append_rows(erasure.ERASURES, [row | {"models": list(proof.models)}], transaction=proof.erasure_id)


def _files(place: Premises) -> Iterator[Path]:
    for folder in place.folders:
        yield from (path for path in files_of(folder) if not path.name.endswith(FILE_NAME))


def _place_of(place: Premises, path: Path) -> str:
    """A folder, at most three deep: the name of a file may be what was found in it."""
    folder = next(folder for folder in place.folders if path.is_relative_to(folder))
    return "/".join(path.parent.relative_to(folder).parts[:3]) or "."
