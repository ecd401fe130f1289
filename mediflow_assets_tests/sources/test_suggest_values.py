"""What only the values of a column tell: which dates are those of a stay, and in which form numbers are times."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from mediflow_assets.operations import feed_drafts
from mediflow_assets.sources import Feeds, Limits
from mediflow_assets.sources.suggest import suggest
from mediflow_assets_tests.sources.test_suggest import GERMAN, TODAY, day, export, section

STAYS = {"MRN": GERMAN["Pat.-Nr."], "Visit ID": GERMAN["Fallnummer"]}


def test_the_only_date_before_the_discharge_is_the_admission(write: Any) -> None:
    columns = {**STAYS, "DTX": day, "Disch Date": lambda row: day(row, plus=row % 4), "Printed On": lambda _: day(99)}
    found = suggest(write(export(columns)), today=TODAY).section
    assert 'admission_date = "DTX"  # the only date that is always given and lies before the discharge; check' in found


def test_of_two_dates_that_follow_each_other_the_first_is_the_admission(write: Any) -> None:
    columns = {**STAYS, "DTY": lambda row: day(row, plus=row % 4), "DTX": day}
    drafted = section(columns, write)["columns"]
    assert (drafted["admission_date"], drafted["discharge_date"]) == ("DTX", "DTY")


@pytest.mark.parametrize(
    "columns",
    [
        {"DTX": day, "DTZ": lambda row: day(row, plus=-1), "Disch Date": lambda row: day(row, plus=3)},
        {"DTX": lambda row: day(row) if row % 2 else "", "Disch Date": lambda row: day(row, plus=3)},
        {"DTX": lambda row: day(row, plus=5), "Disch Date": day},
        {"Consent Date": day, "Follow Up Date": lambda row: day(row, plus=3)},
        {"DTX": day},
    ],
)
def test_no_date_is_an_admission_where_another_may_be(write: Any, columns: dict[str, Any]) -> None:
    assert suggest(write(export({**STAYS, **columns})), today=TODAY).lacks == ("admission_date",)


@pytest.mark.parametrize(("form", "a_second"), [("epoch_s", 1), ("epoch_ms", 1000)])
def test_numbers_since_1970_are_times(write: Any, form: str, a_second: int) -> None:
    def since(row: int) -> int:
        return int(dt.datetime(2025, 1, 1 + row % 28, 9, row % 60, tzinfo=dt.UTC).timestamp()) * a_second

    assert section({**STAYS, "admittedTs": since}, write)["date_formats"] == [form]


def test_a_date_without_marks_is_no_epoch_though_one_is_broken(write: Any) -> None:
    columns = {**STAYS, "Admitted": lambda row: "202513450900" if row == 9 else day(row, "%Y%m%d0915")}
    assert section(columns, write)["date_formats"] == ["yyyyMMddHHmm"]


def test_payers_may_be_codes_of_letters(write: Any) -> None:
    columns = {**STAYS, "Admitted": day, "FIRST_PAYMENT_SRC": ["MC", "BL", "09", "MA"]}
    assert section(columns, write)["columns"]["payer"] == "FIRST_PAYMENT_SRC"


def test_dates_between_which_a_column_counts_the_days_are_those_of_the_stay(write: Any) -> None:
    columns = {
        "Patient ID": GERMAN["Pat.-Nr."],
        "D1": lambda row: day(row, plus=-30),
        "D2": day,
        "D3": lambda row: day(row, plus=1 + row % 4),
        "D4": lambda row: day(row, plus=9 + row % 5),
        "Nights": lambda row: str(1 + row % 4),
    }
    drafted = section(columns, write)["columns"]
    assert (drafted["admission_date"], drafted["discharge_date"]) == ("D2", "D3")


@pytest.mark.parametrize(("begin", "end"), [("Přijatá", "Propuštěná"), ("Inn", "Ut"), ("IN_DATE", "OUT_DATE")])
def test_dates_are_those_of_a_stay_by_the_stems_of_their_names_and_their_order(
    write: Any, begin: str, end: str
) -> None:
    columns = {**STAYS, "Ordered": lambda row: day(row, plus=-9), begin: day, end: lambda row: day(row, plus=row % 4)}
    drafted = section(columns, write)["columns"]
    assert (drafted["admission_date"], drafted["discharge_date"]) == (begin, end)


@pytest.mark.parametrize(
    ("strftime", "form"),
    [
        ("%m%d%y", "MMddyy"), ("%m%d%Y", "MMddyyyy"), ("%d. %m. %Y 9:15", "dd. MM. yyyy H:mm"),
        ("%d.%m.%Y kl. 09:15", "dd.MM.yyyy 'kl.' HH:mm"), ("%d.%m.%Y 09:15 Uhr", "dd.MM.yyyy HH:mm 'Uhr'"),
        ("%Y.%m.%d.", "yyyy.MM.dd."),
    ],
)  # fmt: skip
def test_dates_are_read_as_countries_write_them(write: Any, strftime: str, form: str) -> None:
    assert section({**STAYS, "Admitted": lambda row: day(row, strftime)}, write)["date_formats"] == [form]


def test_of_amounts_called_alike_the_cost_is_the_one_of_which_others_are_parts(write: Any) -> None:
    columns = {
        **STAYS, "Admitted": day, "FEE_YM": lambda row: f"2025{1 + row % 12:02}",
        "DRGX_AMT": lambda row: f"{100 + row}", "ALLX_AMT": lambda row: f"{900 + 3 * row}",
        "OWNX_AMT": lambda row: f"{10 + row}",
    }  # fmt: skip
    assert section(columns, write)["columns"]["cost"] == "ALLX_AMT"


@pytest.mark.parametrize(("header", "sign"), [("Gross AED", ""), ("Total xq", "₱"), ("LineAmount", "")])
def test_an_amount_is_told_by_its_currency(write: Any, header: str, sign: str) -> None:
    columns = {**STAYS, "Admitted": day, header: lambda row: f"{sign}{100 + row}.50"}
    assert section(columns, write)["columns"]["cost"] == header


def test_codes_of_diseases_need_no_more_of_a_name_than_code(write: Any) -> None:
    codes = ["I21.4", "E11.9", "J18.9", "K35.8", "I10", "N39.0", "A41.9", "S72.0", "M17.1", "K80.0", "C34.9", "I50.0"]
    found = suggest(write(export({**STAYS, "code": codes, "kind": ["ICD-10-CM"]})), today=TODAY)
    assert (found.grain, found.draft.columns["diagnosis_code"].headers) == ("diagnosis", ("code",))


def test_a_key_is_told_by_the_ids_of_another_file(tmp_path: Path) -> None:
    stays, diagnoses = tmp_path / "stays.csv", tmp_path / "diagnoses.csv"
    stays.write_bytes(export({"MRN": GERMAN["Pat.-Nr."], "Visit ID": GERMAN["Fallnummer"], "Admitted": day}))
    diagnoses.write_bytes(export({"XKEY": GERMAN["Fallnummer"], "N": ["1", "2"], "DX": ["I21.4", "E11.9", "J18.9"]}))
    told = feed_drafts.draft([stays, diagnoses], "ward", Feeds(), Limits())[1]
    assert 'encounter_id = "XKEY"' in told.section


def test_a_time_of_day_directly_behind_a_date_is_its_time(write: Any) -> None:
    columns = {
        **STAYS, "Admitted": day, "hour": lambda row: f"{row % 24:02}:15",
        "Discharged": lambda row: day(row, plus=2), "clock time": lambda row: f"{row % 24:02}h45",
    }  # fmt: skip
    drafted = section(columns, write)
    assert drafted["columns"]["admission_date"]["join"] == ["Admitted", "hour"]
    assert drafted["columns"]["discharge_date"]["join"] == ["Discharged", "clock time"]
    assert drafted["date_formats"]["discharge_date"][0] == "yyyy-MM-dd H'h'mm"


def test_the_diagnosis_at_the_end_of_a_stay_goes_before_that_at_its_beginning(write: Any) -> None:
    begun, ended = ["R07.4", "R10.4", "R55"], ["I21.4", "K35.8", "I49.9"]
    columns = {
        "MRN": GERMAN["Pat.-Nr."],
        "Admitted": day,
        "codDiagnosticoPrincipal": begun,
        "codDiagnosticoPrincipalE": ended,
    }
    found = section(columns, write)["columns"]["diagnosis_code"]
    assert found["join"][0] == "codDiagnosticoPrincipalE"
