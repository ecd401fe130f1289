"""A draft for a file that is not known: each column by its header and its values, and never one that cannot be read."""

import datetime as dt
import random
import tomllib
from typing import Any

import pytest

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources.feed_section import feed_of
from mediflow_assets.sources.suggest import suggest

TODAY = dt.date(2026, 11, 1)
ROWS = 60


def export(columns: dict[str, Any], mark: str = ",", above: str = "") -> bytes:
    """A file of columns, each given as a function of the row's number or as a list."""
    drawn = {
        name: [str(of(row) if callable(of) else of[row % len(of)]) for row in range(ROWS)]
        for name, of in columns.items()
    }
    lines = [mark.join(drawn), *(mark.join(cells[row] for cells in drawn.values()) for row in range(ROWS))]
    return (above + "\n".join(lines) + "\n").encode()


def day(row: int, form: str = "%Y-%m-%d", plus: int = 0) -> str:
    """A day of 2025, later with each row."""
    return (dt.date(2025, 1, 3) + dt.timedelta(days=5 * row + plus)).strftime(form)


def born(row: int, form: str = "%Y-%m-%d") -> str:
    return dt.date(1931 + row % 60, 1 + row % 12, 1 + row % 28).strftime(form)


GERMAN = {
    "Fallnummer": lambda row: f"F{row:05}",
    "Pat.-Nr.": lambda row: f"P{row % 40:04}",
    "Geburtsdatum": lambda row: born(row % 40, "%d.%m.%Y"),
    "Geschlecht": ["w", "m"],
    "Aufnahmedatum": lambda row: day(row, "%d.%m.%Y"),
    "Entlassungsdatum": lambda row: day(row, "%d.%m.%Y", 4),
    "verstorben am": lambda row: day(row, "%d.%m.%Y", 4) if row % 9 == 0 else "",
    "Fachabteilung": ["Innere", "Chirurgie", "Urologie"],
    "Hauptdiagnose": ["I21.4", "E11.9", "J18.9", "K35.8"],
    "Nebendiagnosen": ["I10.90", "E78.0"],
    "Rechnungsbetrag": lambda row: f"{1000 + 37 * row},50",
    "Kostenträger": ["AOK", "TK"],
    "PLZ": lambda row: f"{10115 + row}",
    "Bemerkung": ["gut", "besser", "am besten"],
}
AMERICAN = {
    "MRN": lambda row: f"{70000 + row % 45}",
    "CSN": lambda row: f"{9000000 + row}",
    "Patient Name": lambda row: f"{chr(65 + row % 26)}lder{chr(97 + row % 23)}",
    "DOB": lambda row: born(row % 45, "%m/%d/%Y"),
    "Legal Sex": ["Female", "Male"],
    "Patient Class": ["Inpatient", "Emergency", "Outpatient"],
    "Hosp Admsn Time": lambda row: day(row, "%m/%d/%Y 09:15 PM"),
    "Hosp Disch Time": lambda row: day(row, "%m/%d/%Y 10:05 AM", 3),
    "Death Date": lambda row: day(row, "%m/%d/%Y", 2) if row % 11 == 0 else "",
    "Last Update Dttm": lambda row: day(row, "%m/%d/%Y 11:00 PM", 6),
    "Attending Provider": ["Wu", "Ito", "Ek"],
    "Readmission Flag": ["0", "1"],
    "LOS (Days)": ["1", "2", "3"],
    "Total Charges": lambda row: f'"${1 + row},{200 + row}.50"',
    "Adjustments": lambda row: f"(${row}.00)",
    "Dx Codes": ["I21.4|E11.9", "J18.9", "K35.80|I10"],
}


def section(columns: dict[str, Any], write: Any, mark: str = ",", above: str = "") -> dict[str, Any]:
    """The draft for a file of these columns, read as TOML; it must be a feed."""
    found = suggest(write(export(columns, mark, above)), today=TODAY)
    drafted: dict[str, Any] = tomllib.loads(found.section)["feeds"]["new_feed"]
    feed_of("new_feed", drafted)
    assert not {"patient_id", "admission_date"} & {*found.lacks}
    return drafted


def test_a_german_export_is_mapped_whole(write: Any) -> None:
    drafted = section(GERMAN, write, ";")
    assert drafted["columns"] == {
        "patient_id": "Pat.-Nr.",
        "encounter_id": "Fallnummer",
        "birth_date": "Geburtsdatum",
        "gender": "Geschlecht",
        "department": "Fachabteilung",
        "diagnosis_code": {"join": ["Hauptdiagnose", "Nebendiagnosen"], "with": ";"},
        "admission_date": "Aufnahmedatum",
        "discharge_date": "Entlassungsdatum",
        "cost": "Rechnungsbetrag",
        "payer": "Kostenträger",
        "zip": "PLZ",
    }
    assert (drafted["delimiter"], drafted["decimal_comma"], drafted["date_formats"]) == (";", True, ["dd.MM.yyyy"])


def test_an_american_report_is_mapped_whole(write: Any) -> None:
    drafted = section(AMERICAN, write, above="Discharges by date\nRun by: ANALYST\n\n")
    columns = drafted["columns"]
    assert (columns["patient_id"], columns["encounter_id"], columns["cost"]) == ("MRN", "CSN", "Total Charges")
    assert (columns["admission_date"], columns["discharge_date"]) == ("Hosp Admsn Time", "Hosp Disch Time")
    assert "age" not in columns and columns["updated_at"] == "Last Update Dttm"
    assert (drafted["thousands"], drafted["currency"]) == (",", "$")
    assert drafted["date_formats"]["admission_date"] == ["MM/dd/yyyy hh:mm a"]
    assert drafted["date_formats"]["birth_date"] == ["MM/dd/yyyy"]


@pytest.mark.parametrize("header", ["Death Date", "verst. am", "DOD", "Date of death"])
def test_a_death_is_no_admission_and_no_discharge(write: Any, header: str) -> None:
    columns = {"MRN": GERMAN["Pat.-Nr."], header: lambda row: day(row), "Sex": ["f", "m"], "Dx": ["I10", "J18.9"]}
    assert not {"admission_date", "discharge_date"} & {*section(columns, write)["columns"]}


@pytest.mark.parametrize(
    ("header", "values"),
    [("Age", ["0", "1"]), ("Age group", ["1", "2", "3"]), ("Age", ["18-24", "25-34"]), ("Alter", ["Y", "N"])],
)
def test_a_flag_or_a_group_is_no_age(write: Any, header: str, values: list[str]) -> None:
    assert "age" not in section({"MRN": GERMAN["Pat.-Nr."], "Admit Date": day, header: values}, write)["columns"]


@pytest.mark.parametrize("header", ["Days", "Blood type", "Cost", "Kosten", "Total charges"])
def test_what_is_no_amount_is_no_cost(write: Any, header: str) -> None:
    columns = {"MRN": GERMAN["Pat.-Nr."], "Admit Date": day, header: ["A+", "none", "0-"]}
    assert "cost" not in section(columns, write)["columns"]


def test_a_column_of_names_is_no_id(write: Any) -> None:
    columns = {"Patient": AMERICAN["Patient Name"], "Med Rec #": AMERICAN["MRN"], "Admit Date": day}
    drafted = section(columns, write)
    assert (drafted["columns"]["patient_id"], drafted["columns"]["name"]) == ("Med Rec #", "Patient")


def test_days_and_months_that_may_be_swapped_are_ordered_by_the_stays_and_said(write: Any) -> None:
    numbers = random.Random(3)
    stays = [(numbers.randint(1, 9), numbers.randint(1, 9)) for _ in range(ROWS)]
    columns = {
        "MRN": GERMAN["Pat.-Nr."],
        "Admitted": lambda row: "{:02}/{:02}/2025".format(*stays[row]),
        "Discharged": lambda row: f"{stays[row][0] + 3:02}/{stays[row][1]:02}/2025",
    }
    found = suggest(write(export(columns)), today=TODAY).section
    assert 'date_formats = ["dd/MM/yyyy"]  # check' in found and "cannot be told by the values" in found


def test_one_date_beyond_the_twelfth_settles_the_order(write: Any) -> None:
    columns = {"MRN": GERMAN["Pat.-Nr."], "Admit Date": lambda row: f"0{1 + row % 9}/{13 + row % 9}/2025"}
    found = suggest(write(export(columns)), today=TODAY).section
    assert 'date_formats = ["MM/dd/yyyy"]\n' in found


@pytest.mark.parametrize(
    ("times", "form"),
    [(["08:15", "23:50"], "HH:mm"), (["08:15:00", "23:50:10"], "HH:mm:ss"), (["08:15 AM", "1:50 PM"], "h:mm a")],
)
def test_date_and_time_of_day_in_two_columns_are_one_time(write: Any, times: list[str], form: str) -> None:
    columns = {"MRN": GERMAN["Pat.-Nr."], "Eintritt": GERMAN["Aufnahmedatum"], "Eintrittszeit": times}
    drafted = section(columns, write)
    assert drafted["columns"]["admission_date"] == {"join": ["Eintritt", "Eintrittszeit"]}
    assert drafted["date_formats"] == [f"dd.MM.yyyy {form}", "dd.MM.yyyy"]


def test_family_and_given_name_are_one_name(write: Any) -> None:
    names = AMERICAN["Patient Name"]
    columns = {"MRN": GERMAN["Pat.-Nr."], "Surname": names, "Forename": names, "Admitted": day}
    assert section(columns, write)["columns"]["name"] == {"join": ["Surname", "Forename"], "with": ", "}


def test_admissions_of_the_next_century_are_shifted(write: Any) -> None:
    drafted = section({"MRN": GERMAN["Pat.-Nr."], "Admit Date": lambda row: f"21{10 + row}-03-05 10:00:00"}, write)
    assert drafted["dates"] == "shifted"


def test_numbers_for_genders_are_those_of_iso_5218(write: Any) -> None:
    drafted = section({"MRN": GERMAN["Pat.-Nr."], "Sex": ["1", "2"], "Admit Date": day}, write)
    assert drafted["values"]["gender"] == {"1": "M", "2": "F"}


def test_records_of_one_stay_with_amounts_are_lines(write: Any) -> None:
    columns = {
        "MRN": lambda row: f"P{row // 8}",
        "Account": lambda row: f"A{row // 4}",
        "Admit Date": lambda row: day(row // 4),
        "Charge Amount": lambda row: f"{row + 1}.25",
    }
    assert section(columns, write)["grain"] == "line"


def test_a_patient_without_a_column_of_ids_is_each_stay_and_that_is_said(write: Any) -> None:
    found = suggest(write(export({"Visit ID": GERMAN["Fallnummer"], "Admit Date": day})), today=TODAY).section
    assert 'patient_id = "Visit ID"  # no patient is named' in found


def test_values_are_not_shown_but_for_words_that_stand_often(write: Any) -> None:
    columns = {**AMERICAN, "Patient Class": ["Inpatient"] * 40 + ["Ada Quill"] + ["Halfway ward"] * 19}
    found = suggest(write(export(columns)), today=TODAY).section
    shown = {value for of in AMERICAN.values() if callable(of) for row in range(ROWS) if len(value := str(of(row))) > 5}
    assert not [value for value in shown if value in found]
    assert '"Halfway ward" = ""  # check' in found and "Quill" not in found


@pytest.mark.parametrize("header", ["Patient Class", "Disposition", "Admission Type", "Encounter Status", "Department"])
@pytest.mark.parametrize("form", ["Quill, Ada {}", "Ada Quill-{}", "QUILL{}"])
def test_no_name_is_shown_however_often_it_stands(write: Any, header: str, form: str) -> None:
    letters = "ABCDEFGH"
    columns = {
        "MRN": lambda row: f"P{row % 8:03}",
        "Admit Date": day,
        header: lambda row: form.format(2 * letters[row % 8]),
    }
    found = suggest(write(export(columns, ";")), today=TODAY).section
    assert "quill" not in found.casefold() and "MRN" in found


@pytest.mark.parametrize("header", ["Patient Class", "Disposition", "Admission Type", "Encounter Status"])
def test_words_of_which_none_is_known_are_not_shown(write: Any, header: str) -> None:
    columns = {"MRN": lambda row: f"P{row:03}", "Admit Date": day, header: ["Karl Private", "Rosa Otto", "Ada Quill"]}
    found = suggest(write(export(columns)), today=TODAY).section
    assert f'"{header}"' in found and not [name for name in columns[header] if name in found]


def test_names_of_physicians_are_no_codes(write: Any) -> None:
    columns = {**AMERICAN, "Encounter Status": ["Quill, Ada", "Roe, J. P.", "Dr. Moss"]}
    drafted = suggest(write(export(columns, ";")), today=TODAY).section
    assert "status =" not in drafted and "Quill" not in drafted and "Moss" not in drafted


@pytest.mark.parametrize("above", ["sep=;\n", "Report\n\n", ""])
def test_the_header_is_found_wherever_it_stands(write: Any, above: str) -> None:
    assert section(GERMAN, write, ";", above) == section(GERMAN, write, ";")


@pytest.mark.parametrize("content", [b"P1,ICU,2026-01-01\nP2,ICU,2026-01-02\n", b"name\nx\n"])
def test_a_first_line_of_values_is_not_shown(write: Any, content: bytes) -> None:
    with pytest.raises(DeliveryRefused, match="header") as refusal:
        suggest(write(content))
    assert "P1" not in str(refusal.value)
