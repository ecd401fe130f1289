"""Files beside one of stays: a patient and a date make no stay, and what was refused comes in by no other file."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mediflow_assets.operations import feed_drafts
from mediflow_assets.operations.feed_drafts import Drafted
from mediflow_assets.sources import Feeds, Limits
from mediflow_assets_tests.sources.test_suggest import born, day, export, section

Columns = Mapping[str, Any]
CODES = ["I21.4", "E11.9", "J18.9", "K35.8", "N39.0"]
PERSON = {"PATID": lambda row: f"P{row:03}"}
STAYS = {
    "PATID": lambda row: f"P{row % 60:03}", "ENCID": lambda row: f"E{4_000 + row}", "SEX": ["F", "M"],
    "ADMIT_DATE": day, "DISCHARGE_DATE": lambda row: day(row, plus=4),
}  # fmt: skip
VISITS = {"PATID": lambda row: f"P{row // 2:03}", "ENCID": lambda row: f"E{4_000 + row // 2}"}


def beside(tmp_path: Path, other: Columns) -> Drafted:
    """What is proposed for a file that comes with a file of stays."""
    for name, columns in (("stays", STAYS), ("other", other)):
        (tmp_path / f"{name}.csv").write_bytes(export(dict(columns)))
    stays, found = feed_drafts.draft([tmp_path / f"{n}.csv" for n in ("stays", "other")], "x", Feeds(), Limits())
    assert "grain" not in stays.section and stays.is_mapped
    return found


@pytest.mark.parametrize("told", [{"DEATH_DATE": day}, {"DOB": born}, {"SEX": ["F", "M"], "DOB": born}])
def test_people_with_the_date_of_their_registration_are_people(tmp_path: Path, told: Columns) -> None:
    found = beside(tmp_path, {**PERSON, **told, "REGISTRATION_DATE": lambda row: day(row, plus=20)})
    assert 'grain = "patient"' in found.section and "admission_date" not in found.section


def test_deaths_alone_are_people_too(write: Any) -> None:
    columns = {**PERSON, "Date of Death": day, "Registration Date": lambda row: day(row, plus=20)}
    drafted = section(columns, write)
    assert (drafted["grain"], drafted["columns"]["death_date"]) == ("patient", "Date of Death")


@pytest.mark.parametrize(
    "dates",
    [
        {"START_DATE": day, "END_DATE": lambda row: day(row, plus=9), "DRUG": ["A", "B"]},
        {"REGISTRATION_DATE": day, "PROGRAMME": ["A", "B"]},
    ],
)
def test_a_patient_with_dates_of_something_else_is_left_out_with_a_sentence(tmp_path: Path, dates: Columns) -> None:
    found = beside(tmp_path, {**PERSON, **dates})
    assert not found.is_mapped and "with the column admission_date" in str(found.refusal)


def test_records_of_stays_that_another_file_has_are_left_out(tmp_path: Path) -> None:
    found = beside(tmp_path, {**VISITS, "ADMIT_DATE": lambda row: day(row // 2), "RESULT": lambda row: f"{row}.5"})
    assert not found.is_mapped


def test_diagnoses_that_repeat_patient_and_admission_are_of_the_stays_of_the_other_file(tmp_path: Path) -> None:
    columns = {**VISITS, "ADMIT_DATE": lambda row: day(row // 2), "DX": CODES, "PDX": ["P", "S"]}
    drafted = tomllib.loads(beside(tmp_path, columns).section)["feeds"]["x_diagnoses"]
    assert drafted["columns"]["encounter_id"] == "ENCID" and "admission_date" not in drafted["columns"]


def test_other_visits_of_the_same_patients_stay_stays(tmp_path: Path) -> None:
    found = beside(tmp_path, {**PERSON, "ADMISSION_DATE": lambda row: day(row, plus=90), "SEX": ["F", "M"]})
    assert found.is_mapped and "grain" not in found.section


@pytest.mark.parametrize(
    ("came", "left"),
    [
        ("Date of Admission to Unit", "Date of Discharge from Unit"), ("UnitAdmissionDate", "UnitDischargeDate"),
        ("Ward admission date", "Ward discharge date"),
        ("Aufnahmedatum Intensivstation", "Entlassungsdatum Intensivstation"),
    ],
)  # fmt: skip
def test_where_a_file_tells_no_other_stay_that_in_a_unit_is_it(write: Any, came: str, left: str) -> None:
    unit = {**PERSON, "Stay No": STAYS["ENCID"], came: day, left: STAYS["DISCHARGE_DATE"]}
    found = section(unit, write)["columns"]
    assert (found["admission_date"], found["discharge_date"]) == (came, left)
    hospital = {"Admission date": day, "Discharge date": lambda row: day(row, plus=9)}
    assert section({**unit, **hospital}, write)["columns"]["admission_date"] == "Admission date"


@pytest.mark.parametrize("number", ["943 476 {:04}", "ABCD 1234 {:04}", "1 85 12 75 115 {:03} 42"])
def test_ids_written_in_groups_name_patients(write: Any, number: str) -> None:
    columns = {**STAYS, "PATID": ["", "-"], "Patient Identifier": lambda row: number.format(row % 40)}
    assert section(columns, write)["columns"]["patient_id"] == "Patient Identifier"
