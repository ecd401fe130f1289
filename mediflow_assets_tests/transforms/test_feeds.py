"""A feed's own forms: dates, the decimal comma, code values; each only for its own rows."""

from dataclasses import dataclass, field

import pytest
from pyspark.sql import functions as F

from mediflow_assets.transforms import parsing
from mediflow_assets.transforms.feeds import FeedReader


@dataclass(frozen=True)
class Feed:
    name: str = "north"
    date_formats: tuple[str, ...] = ()
    date_formats_of: dict[str, tuple[str, ...]] = field(default_factory=dict)
    decimal_comma: bool = False
    thousands: str | None = None
    currency: tuple[str, ...] = ()
    null_words: tuple[str, ...] = ()
    empty_means: str | None = None
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    timezone: str | None = None
    two_digit_years: int | None = None


@pytest.fixture
def read(session):
    """One value of column `x`, read by a feed's forms, on a row of that feed and on one of none."""

    def _read(method, text, *feeds):
        reader, name = FeedReader(feeds), "cost" if method in ("money", "amount") else "x"
        frame = session.createDataFrame([(0, text, "north"), (1, text, None)], f"n int, {name} string, _feed string")
        frame = frame.withColumn("_ingested_at", F.lit("2026-11-27 12:00:00").cast("timestamp"))
        frame = reader.texts(frame, (name,), (), (name,) if method in ("date", "timestamp") else ())
        ways = {"money": parsing.money, "text": lambda column: column, "amount": lambda column: column}
        value = ways[method](F.col(name)) if method in ways else getattr(reader, method)(name)
        found = {row["n"]: row["value"] for row in frame.select("n", value.cast("string").alias("value")).collect()}
        return found[0], found[1]

    return _read


@pytest.mark.parametrize(
    ("form", "text", "moment"),
    [
        ("dd.MM.yyyy HH:mm", "29.02.2024 24:00", "2024-03-01 00:00:00"),
        ("dd.MM.yyyy HH:mm", "29.02.2024 24:01", None),
        ("M/d/yyyy H:mm:ss", "12/31/2024 24:00:00", "2025-01-01 00:00:00"),
        ("yyyyMMddHHmm", "202402292400", "2024-03-01 00:00:00"),
        ("dd-MMM-yyyy HH:mm", "31-Jan-2024 24:00", "2024-02-01 00:00:00"),
        ("dd.MM.yy 'um' HH:mm", "31.12.49 um 24:00", "1950-01-01 00:00:00"),
        ("dd.MM.yyyy HH:mmXXX", "31.01.2024 24:00+01:00", "2024-01-31 23:00:00"),
        ("epoch_ms", "1709283600000", "2024-03-01 09:00:00"),
        ("epoch_ms", "1709283600123.0", "2024-03-01 09:00:00.123"),
        ("epoch_s", "1709283600", "2024-03-01 09:00:00"),
        ("epoch_s", "-1", "1969-12-31 23:59:59"),
        ("epoch_s", "soon", None),
    ],
)
def test_the_end_of_a_day_and_epochs_are_times_in_a_feeds_own_form(read, form, text, moment):
    assert read("timestamp", text, Feed(date_formats=(form,), two_digit_years=2039))[0] == moment


def test_an_epoch_tells_an_instant_and_of_a_birth_the_day_where_the_hospital_stands(read):
    feed = Feed(date_formats=("epoch_ms",), timezone="America/New_York")
    assert read("timestamp", "1709283600000", feed)[0] == "2024-03-01 09:00:00"
    for birth in ("-14169600000", "-14151600000"):
        assert read("date", birth, feed)[0] == "1969-07-21"


def test_the_forms_of_a_feed_are_tried_in_their_order(read):
    assert read("date", "20240301", Feed(date_formats=("yyyyMMdd", "epoch_ms")))[0] == "2024-03-01"
    assert read("date", "20240301", Feed(date_formats=("epoch_s", "yyyyMMdd")))[0] == "1970-08-23"


@pytest.mark.parametrize(
    ("form", "text", "date"),
    [
        ("dd/MM/yyyy", "05/01/2024", "2024-01-05"),
        ("MM/dd/yyyy", "05/01/2024", "2024-05-01"),
        ("M/d/yyyy", "5/1/2024", "2024-05-01"),
        ("dd.MM.yyyy", "29.02.2024", "2024-02-29"),
        ("ddMMyyyy", "05012024", "2024-01-05"),
        ("dd-MMM-yyyy", "05-Jan-2024", "2024-01-05"),
        ("dd/MM/yyyy", "31/02/2024", None),
        ("dd/MM/yyyy", "soon", None),
    ],
)
def test_dates_in_a_feeds_own_form(read, form, text, date):
    assert read("date", text, Feed(date_formats=(form,))) == (date, None)


def test_the_first_form_that_fits_is_taken(read):
    feed = Feed(date_formats=("dd/MM/yyyy", "MM/dd/yyyy"))
    assert read("date", "12/31/2024", feed)[0] == "2024-12-31"
    assert read("date", "02/03/2024", feed)[0] == "2024-03-02"


def test_iso_dates_are_read_in_every_feed(read):
    assert read("date", "2024-01-05", Feed(date_formats=("dd/MM/yyyy",))) == ("2024-01-05", "2024-01-05")


def test_times_of_a_feed(read):
    found = read("timestamp", "05.01.2024 13:45", Feed(date_formats=("dd.MM.yyyy HH:mm",)))
    assert found == ("2024-01-05 13:45:00", None)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        *[("1.234,50", "1234.50"), ("1234,5", "1234.50"), ("99", "99.00"), ("-1,25", "-1.25"), ("1,2,3", None)],
        *[("1.234", "1234.00"), ("1.234.567,8", "1234567.80"), ("(12,50)", "-12.50"), ("12,50-", "-12.50")],
        *[(text, None) for text in ("1234.50", "99.90", "1,234.50", "1.23,4", "12.34.567", ".234", "1.2345")],
    ],
)
def test_the_decimal_comma(read, text, amount):
    assert read("money", text, Feed(decimal_comma=True))[0] == amount


def test_a_decimal_comma_is_the_feeds_alone(read):
    assert read("money", "1234,50", Feed(decimal_comma=True)) == ("1234.50", None)
    assert read("money", "1.50", Feed(decimal_comma=True)) == (None, "1.50")


@pytest.mark.parametrize(
    ("mark", "text", "amount"),
    [
        *[
            (",", "1,234.50", "1234.50"),
            (",", "1234.50", "1234.50"),
            (",", "1,23.50", None),
            (",", "1,234,567", "1234567.00"),
        ],
        *[("'", "1'234.50", "1234.50"), ("'", "1\u2019234.50", "1234.50"), (" ", "1\u202f234.5", "1234.50")],
    ],
)
def test_marks_between_thousands(read, mark, text, amount):
    assert read("money", text, Feed(thousands=mark))[0] == amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        *[("$12.50", "12.50"), ("12.50 usd", "12.50"), ("-$12.50", "-12.50"), ("$-12.50", "-12.50"), ("$ 12", "12.00")],
        *[("($12.50)", "-12.50"), ("$(12.50)", "-12.50"), ("12.50-USD", "-12.50"), ("12.50", "12.50")],
        *[("12$50", None), ("$", None), ("€12", None), ("$12.50 in all", None)],
    ],
)
def test_the_sign_of_a_currency_is_taken_off(read, text, amount):
    assert read("money", text, Feed(currency=("$", "USD")))[0] == amount


def test_marks_and_currency_together(read):
    feed = Feed(decimal_comma=True, currency=("Fr.",), thousands="'")
    assert read("money", "Fr. 1'234,50", feed) == ("1234.50", None)


@pytest.mark.parametrize("feed", [Feed(thousands=","), Feed(decimal_comma=True), Feed(currency=("$",))])
def test_an_amount_that_is_not_given_is_not_unreadable(read, feed):
    assert read("amount", None, feed) == (None, None)


def test_code_values_are_replaced_in_their_feed(read):
    feed = Feed(values={"x": {"W": "F", "1": "M"}})
    assert read("text", "W", feed) == ("F", "W")
    assert read("text", "w", feed) == ("F", "w")
    assert read("text", "F", feed) == ("F", "F")


def test_codes_that_differ_by_case_alone_are_told_apart(read):
    feed = Feed(values={"x": {"w": "F", "W": "M"}})
    assert (read("text", "w", feed)[0], read("text", "W", feed)[0]) == ("F", "M")


def test_every_other_value_has_a_code_of_its_own(read):
    feed = Feed(values={"x": {"W": "F", "Z": "", "*": "U"}})
    assert [read("text", text, feed)[0] for text in ("W", "Q", "Z", "-", "*")] == ["F", "U", None, None, None]


def test_a_long_list_of_codes_is_read(read):
    feed = Feed(values={"x": {f"{code:03}": "home" if code % 2 else "rehab" for code in range(400)}})
    assert [read("text", text, feed)[0] for text in ("001", "398", "400")] == ["home", "rehab", "400"]


def test_a_column_may_have_forms_of_its_own(read):
    feed = Feed(date_formats=("MM/dd/yyyy",), date_formats_of={"x": ("dd/MM/yyyy",)})
    assert read("date", "05/01/2024", feed)[0] == "2024-01-05"


def test_a_feeds_own_form_goes_before_what_else_a_text_may_be(read):
    assert read("date", "20240105", Feed(date_formats=("yyyyddMM",))) == ("2024-05-01", "2024-01-05")
    assert read("date", "2024-1-5", Feed(date_formats=("dd/MM/yyyy",))) == ("2024-01-05", "2024-01-05")


def test_feeds_do_not_read_each_others_forms(read):
    south = Feed("south", date_formats=("MM/dd/yyyy",), decimal_comma=True, values={"x": {"05/01/2024": "?"}})
    north = Feed(date_formats=("dd/MM/yyyy",))
    assert read("date", "05/01/2024", south, north)[0] == "2024-01-05"
    assert read("text", "05/01/2024", south, north)[0] == "05/01/2024"


@pytest.mark.parametrize(("text", "born"), [("07/04/58", "1958-07-04"), ("07/04/25", "2025-07-04")])
def test_a_birth_date_of_two_digits_has_passed(read, text, born):
    assert read("date", text, Feed(date_formats=("MM/dd/yy", "MM/dd/yyyy")))[0] == born


@pytest.mark.parametrize(("last", "day"), [(None, "2099-03-01"), (2049, "1999-03-01"), (2120, "2099-03-01")])
def test_other_years_of_two_digits_are_in_the_feeds_window(read, last, day):
    feed = Feed(date_formats=("MM/dd/yy HH:mm",), two_digit_years=last)
    assert read("timestamp", "03/01/99 13:45", feed)[0] == f"{day} 13:45:00"


@pytest.mark.parametrize(("text", "day"), [("1980", "1980-01-01"), ("1980-05", "1980-05-01"), ("1980-13", None)])
def test_a_date_may_tell_its_year_or_month_only(read, text, day):
    assert read("date", text) == (day, day)


def test_a_word_that_one_feed_maps_says_nothing_in_the_others(session):
    maps = Feed("north", values={"discharge_disposition": {"NA": "home", "30": "expired"}})
    other = Feed("south", values={"discharge_disposition": {"*": "home"}})
    reader = FeedReader((maps, other, Feed("west", null_words=("left",), values={"x": {"left": "home"}})))
    rows = [(n, word, feed) for n, (word, feed) in enumerate(WORDS_OF_FEEDS)]
    frame = session.createDataFrame(rows, "n int, discharge_disposition string, _feed string")
    read = reader.texts(frame.withColumn("x", F.lit("left")), ("discharge_disposition", "x"), (), ())
    found = [(row["discharge_disposition"], row["x"]) for row in read.orderBy("n").collect()]
    assert found == [
        (told, "home" if feed == "west" else "left") for told, (_, feed) in zip(TOLD, WORDS_OF_FEEDS, strict=True)
    ]


WORDS_OF_FEEDS = [(word, feed) for word in ("NA", "30") for feed in ("north", "south", "west", None)]
TOLD = ["home", None, None, None, "expired", "home", None, None]
