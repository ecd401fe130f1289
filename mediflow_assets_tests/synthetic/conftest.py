"""A small synthetic hospital, read back without a word from the code that wrote it."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from mediflow_assets.synthetic import Generated, generate

Row = dict[str, str]


@dataclass(frozen=True)
class Output:
    """What was written to a folder."""

    folder: Path
    told: Generated

    @cached_property
    def lines(self) -> dict[str, list[bytes]]:
        """The physical lines of each delivery, header first."""
        return {path.name: path.read_bytes().split(b"\n")[:-1] for path in self.told.deliveries}

    @cached_property
    def header(self) -> list[str]:
        return self.lines[self.told.deliveries[0].name][0].decode().split(",")

    @cached_property
    def summary(self) -> dict[str, Any]:
        summary: dict[str, Any] = json.loads((self.told.truth / "summary.json").read_text())
        return summary

    @cached_property
    def truth(self) -> dict[str, dict[str, Any]]:
        """The rows of encounters.parquet by encounter_id."""
        rows = pq.read_table(self.told.truth / "encounters.parquet").to_pylist()
        return {row["encounter_id"]: row for row in rows}

    @cached_property
    def newest(self) -> dict[str, Row]:
        """The newest version of each good record by encounter_id, as far as the files tell."""
        newest: dict[str, Row] = {}
        for _, _, row in self.good_records():
            key = row["encounter_id"]
            if key not in newest or row["updated_at"] > newest[key]["updated_at"]:
                newest[key] = row
        return newest

    @cached_property
    def by_patient(self) -> dict[str, list[Row]]:
        """The newest versions of each patient's encounters, in order of time."""
        patients: dict[str, list[Row]] = defaultdict(list)
        for row in sorted(self.newest.values(), key=lambda row: row["admission_date"]):
            patients[row["patient_id"]].append(row)
        return patients

    def listed(self, name: str) -> list[Row]:
        """A truth list, such as `broken`."""
        with (self.told.truth / f"{name}.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    def line_of(self, place: Row) -> bytes:
        """The line a truth list points to."""
        return self.lines[place["file"]][int(place["record_number"])]

    def fields_of(self, place: Row) -> Row:
        """The fields of that line by column."""
        return dict(zip(self.header, split(self.line_of(place)), strict=True))

    def good_records(self) -> Iterator[tuple[str, int, Row]]:
        """File, record number and fields of every record that is not listed as broken."""
        broken = {(row["file"], int(row["record_number"])) for row in self.listed("broken")}
        for file, lines in self.lines.items():
            for number, line in enumerate(lines[1:], 1):
                if (file, number) not in broken:
                    yield file, number, dict(zip(self.header, split(line), strict=True))


def split(line: bytes) -> list[str]:
    """The fields of one line, as the csv module reads it."""
    return next(csv.reader([line.decode()], strict=True))


def at(text: str) -> datetime:
    """A delivered timestamp."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")


def readmitted_by_index_stay(output: Output) -> dict[str, bool]:
    """Index stays of the files, and whether the next unplanned stay began within 30 days of their end, by date."""
    found = {}
    for rows in output.by_patient.values():
        stays = [row for row in rows if row["encounter_class"] == "inpatient" and row["status"] != "cancelled"]
        for place, stay in enumerate(stays):
            if stay["discharge_disposition"] in ("", "expired", "transferred", "against_advice"):
                continue
            until = at(stay["discharge_date"]).date() + timedelta(days=30)
            if until < date(2026, 1, 1):
                later = [row for row in stays[place + 1 :] if row["admission_type"] in ("emergency", "urgent")]
                found[stay["encounter_id"]] = bool(later) and at(later[0]["admission_date"]).date() <= until
    return found


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Output:
    """5,000 encounters."""
    folder = tmp_path_factory.mktemp("small")
    return Output(folder, generate(folder, 5_000, 7))


@pytest.fixture(scope="session")
def large_hospital(tmp_path_factory: pytest.TempPathFactory) -> Output:
    """40,000 encounters: enough to validate rates and models."""
    folder = tmp_path_factory.mktemp("large")
    return Output(folder, generate(folder, 40_000, 7))
