"""The delivered files: which record stands where, and the writing of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from mediflow_assets.synthetic.broken import Broken
from mediflow_assets.synthetic.hospital import DAY, Floats, Hospital, Ints
from mediflow_assets.synthetic.records import HEADER, Records, Wording, joined
from mediflow_assets.synthetic.versions import Versions

UPDATES = "admissions-updates.csv"
APART = 201
"""Lines from one stray quote to the next: nearer ones could pass for a record with line breaks."""


@dataclass(frozen=True)
class Place:
    """Where a planted record stands."""

    file: str
    record_number: int  # from 1; the header does not count, blank lines do
    index: int  # into the list of its kind: `Versions.repeated`, `Versions.later` or `Broken`


@dataclass
class Placed:
    """Where all that was planted stands."""

    records: dict[str, int]  # by file
    duplicates: list[Place]
    updates: list[Place]
    broken: list[Place]


@dataclass(frozen=True)
class _Delivery:
    """Records of one file by kind, each with a key by which the file is put in order."""

    name: str
    records: Records
    duplicates: Ints
    updates: Ints
    broken: Ints
    keys: Floats  # of records first and broken lines last


def write_deliveries(
    folder: Path,
    hospital: Hospital,
    rng: np.random.Generator,
    versions: Versions,
    broken: Broken,
    wording: Wording,
    on_written: Callable[[], None],
) -> Placed:
    """Writes every file that holds a record, and tells where what was planted stands."""
    placed = Placed({}, [], [], [])
    for delivery in _deliveries(hospital, rng, versions, broken):
        lines = pa.concat_arrays(
            [
                wording.lines(delivery.records),
                pa.array([broken.lines[index] for index in delivery.broken], pa.binary()),
            ]
        )
        if len(lines):
            kinds = [broken.kinds[index] for index in delivery.broken]
            stray = np.flatnonzero(np.array(kinds, dtype=object) == "unbalanced_quote")
            order = _order(rng, delivery.keys, len(delivery.records) + stray)
            write_lines(folder / delivery.name, lines.take(pa.array(order)))
            _note(placed, delivery, order)
        on_written()
    return placed


def _deliveries(
    hospital: Hospital, rng: np.random.Generator, versions: Versions, broken: Broken
) -> Iterator[_Delivery]:
    """One file for each year of admission, then one for later versions.

    Half of the duplicates follow in the file of their original, the others in a later one.
    """
    first_year = hospital.constants["window"]["first_day"].year
    years = hospital.constants["window"]["last_day"].year - first_year + 1
    file = _year(versions.first.admitted) - first_year
    again = file[versions.repeated]
    again = np.where(rng.random(len(again)) < 0.5, again, rng.integers(again + 1, years + 1))
    broken_file = _year(broken.admitted) - first_year
    for index in range(years + 1):
        is_last = index == years
        own = np.flatnonzero(file == index)
        repeated = np.flatnonzero(again == index)
        updates = np.arange(len(versions.later) if is_last else 0)
        faulty = np.flatnonzero(broken_file == index)
        originals = versions.repeated[repeated]
        length = len(own) + len(updates)
        after = np.where(file[originals] == index, np.searchsorted(own, originals) + 0.5, -1.0)
        yield _Delivery(
            name=UPDATES if is_last else f"admissions-{first_year + index}.csv",
            records=joined([versions.first.take(own), versions.later.take(updates), versions.first.take(originals)]),
            duplicates=repeated,
            updates=updates,
            broken=faulty,
            keys=np.concatenate([np.arange(length), rng.uniform(after, length), rng.uniform(-1, length, len(faulty))]),
        )


def _year(minutes: Ints) -> Ints:
    years: Ints = (minutes // DAY).astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    return years


def _order(rng: np.random.Generator, keys: Floats, stray: Ints) -> Ints:
    """The order of a file's lines by key, with the lines of stray quotes spread out evenly."""
    order = np.argsort(keys, kind="stable")
    order = order[~np.isin(order, stray)]
    if not len(stray):
        return order
    stride = len(keys) // len(stray)
    places = np.arange(len(stray)) * stride + rng.integers(0, max(stride - APART, 1), len(stray))
    return np.insert(order, places - np.arange(len(stray)), stray)


def write_lines(path: Path, lines: pa.Array, header: tuple[str, ...] = HEADER) -> None:
    """One file: the header, and these lines."""
    _, offsets, content = lines.buffers()
    length = int(np.frombuffer(offsets, np.int32)[len(lines)])
    with path.open("wb") as file:
        file.write((",".join(header) + "\n").encode())
        file.write(memoryview(content)[:length])


def _note(placed: Placed, delivery: _Delivery, order: Ints) -> None:
    number = np.empty(len(order), np.int64)
    number[order] = np.arange(1, len(order) + 1)
    records, repeated = len(delivery.records), len(delivery.duplicates)
    placed.records[delivery.name] = len(order)
    for places, indexes, start in (
        (placed.updates, delivery.updates, records - repeated - len(delivery.updates)),
        (placed.duplicates, delivery.duplicates, records - repeated),
        (placed.broken, delivery.broken, records),
    ):
        numbers = number[start : start + len(indexes)]
        places += [Place(delivery.name, int(at), int(index)) for at, index in zip(numbers, indexes, strict=True)]
