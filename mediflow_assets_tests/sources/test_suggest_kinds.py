"""Columns that are mapped by what their kind is, not by a list of names."""

from pathlib import Path
from typing import Any

import pytest

from mediflow_assets.operations import feed_drafts
from mediflow_assets.sources import Feeds, Limits
from mediflow_assets.sources.drafting.header_words import words_of
from mediflow_assets.sources.suggest import suggest
from mediflow_assets_tests.sources.test_suggest import GERMAN, TODAY, born, day, export, section

PATIENTS = GERMAN["Pat.-Nr."]
STAYS: dict[str, Any] = {
    "PatientId": PATIENTS,
    "VisitNo": lambda row: f"V{1000 + row}",
    "DOB": lambda row: born(row, "%Y-%m-%d"),
    "Admitted": lambda row: day(row, "%Y-%m-%d"),
    "Discharged": lambda row: day(row, "%Y-%m-%d", 2),
}


def test_a_household_is_no_patient_where_its_members_are_told_apart(write: Any) -> None:
    one = {
        "EFAMID": lambda row: f"{3000 + row % 40 // 2}",
        "ENROLID": lambda row: f"{7000 + row % 40}",
        "CaseId": STAYS["VisitNo"],
        "DOBYR": lambda row: str(1930 + row % 40 // 2),
        "SEX": lambda row: "12"[row % 40 % 3 % 2],
        "ADMDATE": STAYS["Admitted"],
    }
    assert section(one, write)["columns"]["patient_id"] == "ENROLID"


def test_a_number_that_stands_with_several_patients_is_no_stay(write: Any) -> None:
    columns = {"Record Id": STAYS["VisitNo"], **STAYS, "VisitNo": lambda row: str(1 + row // 40)}
    assert section(columns, write)["columns"]["encounter_id"] == "Record Id"


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("PV1-36 Discharge Disposition", "discharge disposition"), ("DG1-3.1 Diagnosis Code", "diagnosis code"),
        ("[dbo].[AdmitDate]", "admit date"), ("X1_Ward", "ward"), ("12. Sex", "sex"), ("ICD-10 main", "icd 10 main"),
        ("24h stay", "24h stay"), ("PV1-44", "pv1 44"), ("DX1_CODE", "dx1 code"),
    ],
)  # fmt: skip
def test_where_a_field_stands_is_no_part_of_its_name(header: str, words: str) -> None:
    assert words_of(header) == tuple(words.split())


def test_a_time_beside_a_date_of_the_same_name_is_its_time(write: Any) -> None:
    columns = {
        **{each: STAYS[each] for each in ("PatientId", "VisitNo")},
        "Date In": STAYS["Admitted"], "Time In": lambda row: f"{row % 24:02}:15",
        "Date Out": STAYS["Discharged"], "Time Out": lambda row: f"{row % 24:02}:45",
    }  # fmt: skip
    found = section(columns, write)["columns"]
    assert (found["admission_date"]["join"], found["discharge_date"]["join"]) == (
        ["Date In", "Time In"],
        ["Date Out", "Time Out"],
    )


def test_a_code_of_a_tariff_is_no_cost_but_the_total_of_an_account_is(write: Any) -> None:
    columns = {
        **STAYS,
        "Tariff Code": lambda row: f"0{110 + row % 300}",
        "Account Total": lambda row: f"{1000 + 7 * row}.50",
    }
    assert section(columns, write)["columns"]["cost"] == "Account Total"


def test_of_an_arrival_and_an_admission_the_stay_begins_with_the_latter(write: Any) -> None:
    columns = {"Arrive Dt": STAYS["Admitted"], **STAYS}
    assert section(columns, write)["columns"]["admission_date"] == "Admitted"


@pytest.mark.parametrize("mark", ["~", "^", "¦"])
def test_files_divided_by_rare_marks_with_dates_of_sql_server_are_drafted(write: Any, mark: str) -> None:
    columns = {**STAYS, "Admitted": lambda row: day(row, "%b %d %Y  7:05AM").replace(" 0", "  ")}
    drafted = section(columns, write, mark)
    assert drafted["delimiter"] == mark and drafted["date_formats"] == ["MMM d yyyy h:mma"]


def _diagnoses(write: Any, **more: Any) -> Any:
    codes = ["I21.4", "E11.9", "J18.9", "K35.80", "N17.9"]
    columns = {"VisitNo": lambda row: f"V{1000 + row // 3}", "Icd10": lambda row: codes[(row + row // 3) % 5], **more}
    return suggest(write(export(columns, ",", "")), today=TODAY).draft


@pytest.mark.parametrize(
    ("header", "principal", "other"), [("Primary_YN", "Y", "N"), ("tipo", "P", "S"), ("DiagType", "A", "H")]
)
def test_a_mark_of_the_principal_diagnosis_goes_before_the_order(
    write: Any, header: str, principal: str, other: str
) -> None:
    order = {"line": lambda row: str(row % 3 + 1)}
    draft = _diagnoses(write, **order, **{header: lambda row: principal if row % 3 == 1 else other})
    assert draft.columns["diagnosis_rank"].headers == (header,)
    assert draft.values["diagnosis_rank"] == {principal: "1", other: ""}


def test_beside_a_letter_for_the_principal_diagnosis_an_x_is_no_tick(write: Any) -> None:
    draft = _diagnoses(write, PDX=lambda row: "XPS"[row % 3])
    assert draft.values["diagnosis_rank"] == {"P": "1", "X": "", "S": ""}


def _file(folder: Path, name: str, columns: dict[str, Any]) -> Path:
    (folder / name).write_bytes(export(columns))
    return folder / name


def test_what_names_the_stay_in_one_file_does_so_in_the_others(tmp_path: Path) -> None:
    stays = {"CSN": STAYS["VisitNo"], "Account No": lambda row: f"A{row:05}", **STAYS}
    del stays["VisitNo"]
    codes = {"CSN": lambda row: f"V{1000 + row // 2}", "Icd10": lambda row: f"I{20 + row}.{row % 9}"}
    people = {
        "Medical Record No": lambda row: f"M{row:04}",
        "PatientId": lambda row: f"P{row:04}",
        **{"Sex": ["F", "M"], "DOB": lambda row: born(row)},
    }
    files = [_file(tmp_path, f"{name}.csv", of) for name, of in (("a", stays), ("b", codes), ("c", people))]
    sections = [each.section for each in feed_drafts.draft(files, "x", Feeds(), Limits())]
    assert all('encounter_id = "CSN"' in section for section in sections[:2])
    assert all('patient_id = "PatientId"' in section for section in (sections[0], sections[2]))


@pytest.mark.parametrize("header", ["END_TYPE", "Patient Status"])
def test_short_codes_of_a_list_of_its_own_are_taken_for_what_their_header_says(write: Any, header: str) -> None:
    found = section({**STAYS, header: ["DR", "DT", "DS", "DQ"]}, write)["columns"]
    assert found.get("discharge_disposition") == header
