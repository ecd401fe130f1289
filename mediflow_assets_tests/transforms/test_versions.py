"""Which version is the newest, whatever order the rows come in."""

import datetime as dt
import itertools

import pytest
from pyspark.sql import functions as F

from mediflow_assets.transforms.versions import keep_newest, repeated_keys, split_by_keys, version_time

SCHEMA = "id string, updated_at timestamp, _ingested_at timestamp, _record_number bigint, _delivery_id string, v string"


def day(number):
    return dt.datetime(2024, 1, number)


def version(value, updated=1, ingested=1, record=1, delivery="a", id_="E1"):
    return (id_, day(updated), day(ingested), record, delivery, value)


TIES = {
    "the later update": (version("old", updated=1), version("new", updated=2)),
    "then the later delivery": (version("old", ingested=1, record=9), version("new", ingested=2)),
    "then the later record": (version("old", record=1), version("new", record=2)),
    "then the delivery's id": (version("old", delivery="a"), version("new", delivery="b")),
}


@pytest.mark.parametrize("tie", TIES)
def test_the_newest_version_is(session, tie):
    for rows in itertools.permutations(TIES[tie]):
        found = keep_newest(session.createDataFrame(list(rows), SCHEMA), ["id"]).collect()
        assert [row["v"] for row in found] == ["new"]


@pytest.fixture
def many(session):
    rows = [
        version(f"{id_} {n}" if (id_ + n) % 3 else None, updated=n % 5 + 1, record=n, id_=f"E{id_}")
        for id_ in range(200)
        for n in range(1, 8)
    ]
    return session.createDataFrame(rows, SCHEMA), rows


def test_each_key_has_one_newest_row(many):
    frame, rows = many
    wanted = {id_: max(own, key=lambda r: r[1:5]) for id_, own in itertools.groupby(rows, key=lambda row: row[0])}
    found = {row["id"]: tuple(row) for row in keep_newest(frame, ["id"]).collect()}
    assert found == {row[0]: row for row in wanted.values()} and len(found) == 200


def test_rows_of_repeated_keys_are_told_from_the_others(session):
    rows = [version("x", id_="E0"), version("a"), version("b", record=2), version("y", id_="E2")]
    frame = session.createDataFrame(rows, SCHEMA)
    alone, repeated = split_by_keys(frame, repeated_keys(frame, ["id"], F.col("v") == "y"))
    assert [row["v"] for row in alone.collect()] == ["x"]
    assert sorted(row["v"] for row in repeated.collect()) == ["a", "b", "y"]
    assert alone.columns == repeated.columns == frame.columns


def test_a_version_is_as_old_as_its_source_says_unless_that_is_after_it_arrived(session):
    frame = session.createDataFrame(
        [(1, day(1), day(2)), (2, day(3), day(2)), (3, None, day(2)), (4, day(2), day(2))],
        "n int, updated timestamp, received timestamp",
    )
    made = frame.select("n", F.dayofmonth(version_time(F.col("updated"), F.col("received"))["updated_at"]).alias("day"))
    assert {row["n"]: row["day"] for row in made.collect()} == {1: 1, 2: 2, 3: 2, 4: 2}
