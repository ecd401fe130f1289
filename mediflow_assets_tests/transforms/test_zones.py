"""Local time: what Python's `zoneinfo` says of any time in any zone, on both sides of each change of the clocks."""

import datetime as dt
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from pyspark.sql import functions as F

from mediflow_assets.transforms.feeds import FeedReader
from mediflow_assets.transforms.zones import Zones

ZONES = ("America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Europe/Dublin", "America/St_Johns", "Asia/Tokyo")
NEAR_A_CHANGE = [
    dt.datetime(year, month, day, hour, minute)
    for year, month, day in ((2026, 3, 8), (2026, 3, 29), (2026, 4, 5), (2026, 10, 4), (2026, 10, 25), (2026, 11, 1))
    for hour in (0, 1, 2, 3, 23)
    for minute in (0, 15, 45)
]
FAR = [dt.datetime(1931, 7, 4, 12), dt.datetime(1950, 1, 1), dt.datetime(2000, 2, 29, 23, 59, 59)]
UTC = dt.UTC


@pytest.fixture
def computed(session):
    """Values of one expression over times, each held in a timestamp as if it were UTC."""

    def _computed(times, made):
        table = pa.table({"n": range(len(times)), "t": pa.array(times, pa.timestamp("us", "UTC"))})
        rows = session.createDataFrame(table).select("n", made(F.col("t")).cast("string").alias("v")).collect()
        return [row["v"] for row in sorted(rows, key=lambda row: row["n"])]

    return _computed


@pytest.mark.parametrize("name", ZONES)
def test_local_times_and_instants_are_those_of_zoneinfo(computed, name):
    zone, zones, times = ZoneInfo(name), Zones(name), [*NEAR_A_CHANGE, *FAR]
    instants = [time.replace(tzinfo=zone).astimezone(UTC).strftime("%F %T") for time in times]
    assert computed(times, zones.instant) == instants
    days = [str(time.replace(tzinfo=UTC).astimezone(zone).date()) for time in times]
    assert computed(times, zones.day) == days


@pytest.fixture
def read(session):
    """The instant and the local day of texts, by zone."""

    def _read(texts, timezone=None, feeds=()):
        rows = [(n, text, "north" if n % 2 else None) for n, text in enumerate(texts)]
        reader = FeedReader(feeds, timezone=timezone)
        frame = session.createDataFrame(rows, "n int, x string, _feed string")
        frame = frame.withColumn("_at", reader.timestamp("x")).withColumn("_on", reader.day("_at", "x"))
        found = frame.select("n", F.col("_at").cast("string"), F.col("_on").cast("string")).collect()
        return [(row["_at"], row["_on"]) for row in sorted(found, key=lambda row: row["n"])]

    return _read


def test_a_time_without_an_offset_is_local_and_one_with_an_offset_is_not(read):
    times = ["2026-01-10 20:00:00", "2026-01-10T20:00:00Z", "2026-01-10T20:00:00-05:00"]
    assert read([*times, "2026-01-10", "2026-01-10T02:00Z"], "America/New_York") == [
        ("2026-01-11 01:00:00", "2026-01-10"),
        ("2026-01-10 20:00:00", "2026-01-10"),
        ("2026-01-11 01:00:00", "2026-01-10"),
        ("2026-01-10 05:00:00", "2026-01-10"),
        ("2026-01-10 02:00:00", "2026-01-09"),
    ]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-01T08:00Z", "2026-03-01 08:00:00"),
        ("2026-03-01T08:00+05:30", "2026-03-01 02:30:00"),
        ("2026-03-01T08:00-0500", "2026-03-01 13:00:00"),
        ("2026-03-01T08:00", "2026-03-01 08:00:00"),
        ("2026-03-01T08:00:60Z", None),
        ("2026-03-01T08Z", None),
    ],
)
def test_minutes_are_enough(read, text, instant):
    assert read([text])[0][0] == instant


def test_where_no_zone_is_set_an_offset_tells_the_day_as_it_was_written(read):
    texts = ["2026-01-10T20:00:00-05:00", "2026-01-10T09:00:00+11:00", "2026-01-10T23:30:00Z", "2026-01-10 23:30:00"]
    assert [day for _, day in read(texts)] == ["2026-01-10"] * 4


class North:
    name, date_formats, decimal_comma, timezone = "north", ("dd.MM.yyyy HH:mm", "yyyyMMddHHmmX"), False, "Asia/Tokyo"
    values: dict = {}
    date_formats_of: dict = {}
    null_words, thousands, currency, empty_means, dates, grain = (), None, (), None, None, "encounter"
    namespace, two_digit_years = None, None


def test_the_zone_of_one_feed_changes_no_day_of_another(read):
    (of_north, day_there), (of_none, day) = read(["2026-01-10T23:30:00-05:00"] * 2, None, [North()])
    assert {of_north, of_none} == {"2026-01-11 04:30:00"}
    assert sorted((day_there, day)) == ["2026-01-10", "2026-01-11"]


def test_a_feeds_own_zone_goes_before_the_hospitals(read):
    times = read(["2026-01-10 01:00:00"] * 2, "America/New_York", [North()])
    assert times == [("2026-01-10 06:00:00", "2026-01-10"), ("2026-01-09 16:00:00", "2026-01-10")]


def test_a_feeds_own_form_is_local_unless_it_tells_an_offset(read):
    times = read(["", "10.01.2026 01:00", "", "202601100100+01"], None, [North()])
    assert times[1::2] == [("2026-01-09 16:00:00", "2026-01-10"), ("2026-01-10 00:00:00", "2026-01-10")]


def test_an_end_in_an_hour_that_is_there_twice_is_the_second_where_the_first_was_over(session):
    zones = Zones("America/New_York")
    texts = ["2026-11-01 01:10:00", "2026-11-01T01:10:00-04:00", "2026-11-01 00:10:00"]
    reader = FeedReader((), timezone="America/New_York")
    frame = session.createDataFrame([(n, text) for n, text in enumerate(texts)], "n int, x string")
    frame = frame.withColumn("_feed", F.lit(None).cast("string")).withColumn("_end", reader.timestamp("x"))
    start = F.lit("2026-11-01 05:50:00").cast("timestamp")
    found = frame.select("n", zones.not_before(start, F.col("_end"), F.col("x")).cast("string").alias("end")).collect()
    ends = {row["n"]: row["end"] for row in found}
    assert ends == {0: "2026-11-01 06:10:00", 1: "2026-11-01 05:10:00", 2: "2026-11-01 04:10:00"}
