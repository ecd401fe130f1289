"""How a draft says that values are written: in one way that next month's file is read by too, or not at all."""

import tomllib
from typing import Any

import pytest

from mediflow_assets.sources import Feeds, recognise
from mediflow_assets.sources.drafting.amounts import amounts_of, are_commas_usual
from mediflow_assets.sources.feed_section import feed_of
from mediflow_assets.sources.suggest import suggest
from mediflow_assets_tests.sources.test_suggest import GERMAN, TODAY, born, day, export, section
from mediflow_assets_tests.sources.workbooks import workbook

PATIENTS = GERMAN["Pat.-Nr."]
WHOLE = [f"{n}.{317 + n}" for n in range(1, 15)]


@pytest.mark.parametrize("values", [WHOLE, [*WHOLE, "850"], [f"{whole} €" for whole in WHOLE]])
@pytest.mark.parametrize(("form", "mark"), [("%d.%m.%Y", ","), ("%Y-%m-%d", ";")])
def test_whole_amounts_in_a_file_of_a_decimal_comma_are_thousands(
    write: Any, values: list[str], form: str, mark: str
) -> None:
    drafted = section({"MRN": PATIENTS, "Eintritt": lambda row: day(row, form), "Erlös": values}, write, mark)
    assert drafted["decimal_comma"] and "cost" in drafted["columns"]


@pytest.mark.parametrize("columns", [{}, {"Temperature": ["37.5", "38.12"]}])
def test_amounts_of_which_nothing_tells_what_their_mark_divides_are_left_out(
    write: Any, columns: dict[str, Any]
) -> None:
    found = suggest(write(export({"MRN": PATIENTS, "Admit Date": day, "Cost": WHOLE, **columns})), today=TODAY)
    assert "cost" not in tomllib.loads(found.section)["feeds"]["new_feed"]["columns"]
    assert 'check: nothing tells whether 1.234 is more than a thousand in "Cost"' in found.section


@pytest.mark.parametrize(
    ("values", "are_commas", "read"),
    [
        (["1.234", "12.5"], True, (False, None)),
        (["0.123", "1.234"], True, (False, None)),
        (["1.234.567", "850"], None, (True, ".")),
        (["1.234", "1.234,50"], None, (True, ".")),
        (["1,234", "850"], None, (False, ",")),
        (["1,234", "850"], True, (False, None)),
        (["1317", "1.317"], True, (True, ".")),
        (["1317", "1.317"], None, (False, None)),
        (["1317", "850"], True, (False, None)),
    ],
)
def test_amounts_are_read_by_what_all_of_them_tell(values: list[str], are_commas: bool | None, read: Any) -> None:
    found = amounts_of(values, are_commas)
    assert (found.decimal_comma, found.thousands) == read


@pytest.mark.parametrize(
    ("columns", "dates", "delimiter", "told"),
    [
        ([["37,5"]], [], ",", True),
        ([["37.5"]], ["dd.MM.yyyy"], ";", False),
        ([], ["dd.MM.yyyy HH:mm"], "\t", True),
        ([], ["dd.MM.yy"], None, True),
        ([], ["MM/dd/yyyy"], ";", True),
        ([], ["dd-MM-yyyy"], ",", None),
    ],
)
def test_a_file_tells_its_decimal_mark(
    columns: list[list[str]], dates: list[str], delimiter: str | None, told: bool | None
) -> None:
    assert are_commas_usual(columns, dates, delimiter) is told


def test_years_of_two_digits_mean_the_same_next_year(write: Any) -> None:
    columns = {
        "MRN": PATIENTS,
        "Admit Date": lambda row: day(row, "%m/%d/%y 08:00"),
        "Date of Birth": lambda row: born(row % 40, "%m/%d/%y"),
    }
    drafted = section(columns, write)
    assert drafted["two_digit_years"] == TODAY.year + 20
    assert drafted["date_formats"] == {"admission_date": ["MM/dd/yy HH:mm"], "birth_date": ["MM/dd/yy"]}


def test_a_sign_that_is_no_word_for_nothing_is_said_to_be_one(write: Any) -> None:
    columns = {"MRN": PATIENTS, "Admit Date": day, "Disch Date": lambda row: day(row, plus=2) if row % 12 else "@"}
    assert section(columns, write)["null_words"] == ["@"]


@pytest.mark.parametrize("above", [0, 1, 2])
def test_the_file_of_next_month_comes_in_by_the_draft(write: Any, above: int) -> None:
    rows = [line.split(";") for line in export(GERMAN, ";").decode().splitlines()]

    def month(name: str, titles: int) -> Any:
        return write(workbook({name: [["Report"]] * titles + rows}), f"{name}.xlsx")

    drafted = tomllib.loads(suggest(month("January", 1), today=TODAY).section)["feeds"]["new_feed"]
    feeds = Feeds((feed_of("new_feed", drafted),))
    assert recognise(month("February", above), feeds).feed == "new_feed"


def test_one_of_two_like_sheets_is_named(write: Any) -> None:
    names = ["MRN", "Admit Date"]
    some, more = ([[f"P{n}", day(n)] for n in range(count)] for count in (5, 20))
    path = write(workbook({"Old": [names, *some], "New": [names, *more], "Notes": [["x", "y"]]}), "book.xlsx")
    assert tomllib.loads(suggest(path, today=TODAY).section)["feeds"]["new_feed"]["sheet"] == "New"
