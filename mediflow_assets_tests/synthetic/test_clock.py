"""Hospitals whose times are local: Silver reads back the instants and the days that the truth tells."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow.parquet as pq
import pytest

from mediflow_assets.contracts import silver
from mediflow_assets.sources import Feeds
from mediflow_assets.synthetic import generate
from mediflow_assets.synthetic.clock import clock_of
from mediflow_assets.synthetic.hospital import load_hospital, minute_of

ZONE = "America/New_York"
AFTER = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


def minutes(*texts):
    return np.array([int(np.datetime64(text, "m").astype(int)) for text in texts])


def test_clocks_never_show_an_hour_that_is_left_out_and_mean_the_first_of_two():
    clock = clock_of(load_hospital(), ZONE)
    times = minutes("2025-03-09T01:59", "2025-03-09T02:30", "2025-03-09T03:10", "2025-11-02T01:30")
    shown = ["2025-03-09T01:59", "2025-03-09T03:00", "2025-03-09T03:10", "2025-11-02T01:30"]
    assert [str(np.datetime64(int(each), "m")) for each in clock.shown(times)] == shown
    meant = ["2025-03-09T06:59", "2025-03-09T07:00", "2025-03-09T07:10", "2025-11-02T05:30"]
    assert [str(np.datetime64(int(each), "m")) for each in clock.instants(times)] == meant


@pytest.mark.parametrize("zone", [ZONE, "Australia/Lord_Howe", "Asia/Kolkata"])
def test_clocks_are_those_of_the_zone_and_nothing_ends_before_it_began(zone):
    clock = clock_of(load_hospital(), zone)
    times = np.arange(minute_of(dt.date(2025, 1, 1)), minute_of(dt.date(2025, 12, 31)), 7)
    told = clock.instants(times)
    assert (np.diff(told) >= 0).all()
    shown = [dt.datetime(1970, 1, 1) + dt.timedelta(minutes=int(each)) for each in clock.shown(times)]
    meant = [int(each.replace(tzinfo=ZoneInfo(zone)).timestamp()) // 60 for each in shown]
    assert told.tolist() == meant


def test_silver_has_the_instants_and_local_days_of_the_truth(house, tmp_path):
    made = generate(tmp_path / "out", 300, 7, timezone=ZONE)
    house = house.with_feeds(Feeds(timezone=ZONE))
    for path in made.deliveries:
        assert b":00Z" not in path.read_bytes()
        house.receive(path.read_bytes(), AFTER)
    house.land()
    house.make_silver()
    truth = {row["encounter_id"]: row for row in pq.read_table(made.truth / "encounters.parquet").to_pylist()}
    held = {row["encounter_id"]: row for row in house.rows(silver.ENCOUNTERS)}
    assert held.keys() == truth.keys()
    for name in ("admitted_at", "discharged_at", "updated_at"):
        assert {key: row[name] for key, row in held.items()} == {key: row[name] for key, row in truth.items()}
    there = {key: row["admitted_at"].astimezone(ZoneInfo(ZONE)).date() for key, row in truth.items()}
    assert {key: row["admitted_on"] for key, row in held.items()} == there
    house.assert_balanced()
