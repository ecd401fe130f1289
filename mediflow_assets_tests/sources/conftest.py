"""Small deliveries, written and read back."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from mediflow_assets.sources import (
    Feeds,
    Recognised,
    RecordBatchOfDelivery,
    count_records,
    read_batches,
    recognise,
)

HEADER = b"patient_id,department,diagnosis_code,admission_date,cost\n"


@dataclass(frozen=True)
class Landed:
    """A delivery after it was read."""

    what: Recognised
    batches: list[RecordBatchOfDelivery]
    counted: int

    @property
    def rows(self) -> list[dict[str, str | int | None]]:
        return [row for batch in self.batches for row in batch.accepted.to_pylist()]

    @property
    def rejects(self) -> list[tuple[int, str, bytes]]:
        return [(r.record_number, r.reason, r.raw) for batch in self.batches for r in batch.rejects]

    @property
    def reasons(self) -> list[str]:
        return [reason for _, reason, _ in self.rejects]

    @property
    def numbers(self) -> list[int]:
        accepted = [n for batch in self.batches for n in batch.accepted["_record_number"].to_pylist()]
        return sorted(accepted + [number for number, _, _ in self.rejects])

    def cells(self, column: str) -> list[str | int | None]:
        return [row[column] for row in self.rows]

    def assert_nothing_lost(self) -> None:
        assert self.numbers == list(range(1, self.counted + 1))


def read(path: Path, feeds: Feeds | None = None) -> Landed:
    """Recognises, reads and counts a file."""
    what = recognise(path, feeds or Feeds())
    return Landed(what, list(read_batches(path, what)), count_records(path, what))


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    """Writes bytes to a file whose name says nothing."""

    def _write(content: bytes, name: str = "delivery") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return _write


@pytest.fixture
def deliver(write: Callable[[bytes], Path]) -> Callable[[bytes], Landed]:
    """Delivers a whole file, header and all."""
    return lambda content: read(write(content))


@pytest.fixture
def admit(deliver: Callable[[bytes], Landed]) -> Callable[[bytes], Landed]:
    """Delivers records of flat admissions with the five required columns."""
    return lambda records: deliver(HEADER + records)
