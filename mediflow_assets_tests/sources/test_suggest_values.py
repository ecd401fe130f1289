"""What only the values of a column tell: which dates are those of a stay, and in which form numbers are times."""

import datetime as dt
from typing import Any

import pytest

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
