"""Dates and amounts that can be read in one way only are read, and what may be something else is not."""

import pytest
from pyspark.sql import functions as F

from mediflow_assets.transforms import parsing, spellings

MOMENTS = {
    "2026-03-01 10:15:00+00": "2026-03-01 10:15:00",
    "2026-03-01 10:15:00-05": "2026-03-01 15:15:00",
    "2026-03-01 10:15:00.5-0530": "2026-03-01 15:45:00.5",
    "2026-03-01 10:15:00 UTC": "2026-03-01 10:15:00",
    "2026-03-01 10:15:00.000 GMT": "2026-03-01 10:15:00",
    "2026-03-01T10:15:00 +02:00": "2026-03-01 08:15:00",
    "2026-03-01T10:15:00.250Z": "2026-03-01 10:15:00.25",
    "2026-03-01 10:15:00,250": "2026-03-01 10:15:00.25",
    "2026-03-01  9:15": "2026-03-01 09:15:00",
    "20260301": "2026-03-01 00:00:00",
    "20260301101500": "2026-03-01 10:15:00",
    "20260301101500+0100": "2026-03-01 09:15:00",
    "202603011015": "2026-03-01 10:15:00",
    "20260301T101500Z": "2026-03-01 10:15:00",
    "20260301 10:15": "2026-03-01 10:15:00",
    "2026-3-1": "2026-03-01 00:00:00",
    "2026-12-1 7:05": "2026-12-01 07:05:00",
    "2026/03/01 10:15:00": "2026-03-01 10:15:00",
    "2026/3/11": "2026-03-11 00:00:00",
    "2026.03.01": "2026-03-01 00:00:00",
    "2026-03-01 24:00:00": "2026-03-02 00:00:00",
    "2026-02-28T24:00Z": "2026-03-01 00:00:00",
    "20261231240000": "2027-01-01 00:00:00",
}  # fmt: skip
NO_MOMENTS = (
    *("2026-03-01 24:00:01", "2026-03-01 24:30", "2026-02-29 24:00", "01032026", "20261301", "20260230", "1709287200"),
    *("1709287200000", "2026", "2026-03", "03/04/2026", "2026-03-01 10:15 EST", "2026-03-01x", "12026-3-1", "UTC"),
    *("2026-3-1-1", "99990101", "20260301 ", "2026030110150", "2026-03-01 10:15:00 +5", "2026--3-1", "2026-03-00"),
)
BIRTHS = {
    "1950.0": ("1950-01-01", "year"), "1980-00-00": ("1980-01-01", "year"), "19800000": ("1980-01-01", "year"),
    "1980-05-00": ("1980-05-01", "month"), "19800500": ("1980-05-01", "month"), "198005": ("1980-05-01", "month"),
    "05/1980": ("1980-05-01", "month"), "5.1980": ("1980-05-01", "month"), "00.05.1980": ("1980-05-01", "month"),
    "00.00.1980": ("1980-01-01", "year"), "1980/5/7": ("1980-05-07", "day"), "19800507": ("1980-05-07", "day"),
    "1980": ("1980-01-01", "year"),
    "200512": (None, None), "190512": (None, None), "1950.5": (None, None), "13/1980": (None, None),
    "198013": (None, None), "70": (None, None), "1980-13-00": (None, None),
}  # fmt: skip
"""And how much of it is told."""
AMOUNTS = {
    "(12.50)": "-12.50", "12.50-": "-12.50", "( 12.50 )": "-12.50", "12.5 -": "-12.50", "12.50": "12.50",
    "-12.50": "-12.50", "(-12.50)": None, "-12.50-": None, "(12.50": None, "12.50)": None, "-": None, "()": None,
}  # fmt: skip

AGES = {
    "54": 54, "54 y.o.": 54, "54 Y": 54, "54yrs": 54, "54 years old": 54, "54 Jahre": 54, "54.0": 54, "54 años": 54,
    "8 mo": 0, "8 m.o.": 0, "14 months": 1, "3 weeks": 0, "10 days": 0, "> 89": 90, ">89": 90, "90+": 90, ">=90": 90,
    "54.5": None, "12d": None, "4x": None, "> 80": None, "80+": None, "y.o.": None, "forty": None, "1500 days": None,
}  # fmt: skip


def moment():
    """The text as it is read; a column needs a session, so it is not made on import."""
    return spellings.end_of_day(spellings.moment(F.col("text")))


def test_moments(read_texts):
    wanted = MOMENTS | dict.fromkeys(NO_MOMENTS)
    found = read_texts(list(wanted), value=parsing.timestamp(moment()).cast("string"))
    assert {text: row["value"] for text, row in found.items()} == wanted


def test_births(read_texts):
    read = parsing.partial_date(moment())
    found = read_texts(list(BIRTHS), value=read.cast("string"), told=parsing.precision(moment(), read))
    assert {text: (row["value"], row["told"]) for text, row in found.items()} == BIRTHS


def test_ages(read_texts):
    found = read_texts(list(AGES), value=parsing.integer(spellings.age(F.col("text"))))
    assert {text: row["value"] for text, row in found.items()} == AGES


def test_amounts(read_texts):
    found = read_texts(list(AMOUNTS), value=parsing.money(spellings.amount(F.col("text"))).cast("string"))
    assert {text: row["value"] for text, row in found.items()} == AMOUNTS


@pytest.mark.parametrize("text", ["9999-12-31", "9999-12-31T23:59:59", "31.12.9999", "12/31/9999 00:00", "99991231"])
def test_the_last_day_of_all_is_no_end(read_texts, text):
    assert read_texts([text], value=spellings.ended(F.col("text")))[text]["value"] is None
    assert read_texts(["2026-12-31"], value=spellings.ended(F.col("text")))["2026-12-31"]["value"] == "2026-12-31"
