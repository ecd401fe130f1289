"""Planted merges: patients who came under two ids, the delivery that merges these, and merges that were mistakes."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mediflow_assets.synthetic.encounters import Encounters
from mediflow_assets.synthetic.hospital import DAY, Ints
from mediflow_assets.synthetic.records import numbered

DELIVERY = "merges.csv"
HEADER = ("surviving_patient_id", "merged_patient_id", "merged_at", "action")
_UNDONE_AFTER_DAYS = 3
_ONE_MISTAKE_IN = 4


@dataclass(frozen=True)
class Merges:
    """Patients with two ids, the numbers of the encounters that came under the second one, and mistaken pairs."""

    patients: Ints
    merged_at: Ints
    second: Ints
    mistaken: Ints


def plant_merges(encounters: Encounters, seed: int, count: int) -> Merges:
    """Some patients with several encounters: half of each one's, chosen at random, came under a second id."""
    records = encounters.records
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, 3])))
    stays = np.bincount(records.patient, minlength=len(encounters.population))
    several = rng.permutation(np.flatnonzero(stays > 1))
    chosen, others = several[:count], several[count:]
    second: list[int] = []
    merged_at = np.zeros(len(chosen), np.int64)
    for place, patient in enumerate(chosen):
        theirs = np.flatnonzero(records.patient == patient)
        second += records.number[rng.permutation(theirs)[: len(theirs) // 2]].tolist()
        merged_at[place] = records.admitted[theirs].max() + DAY
    mistakes = min(count // _ONE_MISTAKE_IN, len(others) // 2)
    return Merges(chosen, merged_at, np.array(second, np.int64), others[: 2 * mistakes].reshape(-1, 2))


def write_merges(deliveries: Path, truth: Path, encounters: Encounters, merges: Merges) -> int:
    """The delivery, which has the latest statements first, and who is merged in the end; returns its records."""
    rows = sorted(_statements(encounters, merges), key=lambda row: (row[2], *row), reverse=True)
    _write(deliveries / DELIVERY, HEADER, rows)
    mistaken = {row[:2] for row in rows if row[3] == "unmerge"}
    stand = sorted((merged, survivor) for survivor, merged, *_ in rows if (survivor, merged) not in mistaken)
    _write(truth / DELIVERY, ("merged_patient_id", "counts_as"), stand)
    return len(rows)


def _write(path: Path, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows((header, *rows))


def _statements(encounters: Encounters, merges: Merges) -> Iterator[tuple[str, str, str, str]]:
    number = encounters.patient_number
    first, second = (numbered(of, number[merges.patients], 7).to_pylist() for of in ("PAT_", "DUP_"))
    for survivor, merged, at in zip(first, second, merges.merged_at.tolist(), strict=True):
        yield survivor, merged, _time(at), "merge"
    begun = int(encounters.records.admitted.max())
    pairs = (numbered("PAT_", number[merges.mistaken[:, place]], 7).to_pylist() for place in (0, 1))
    for one, other in zip(*pairs, strict=True):
        yield one, other, _time(begun), "merge"
        yield one, other, _time(begun + _UNDONE_AFTER_DAYS * DAY), "unmerge"


def _time(minutes: int) -> str:
    return f"{np.datetime64(minutes, 'm')}:00Z"
