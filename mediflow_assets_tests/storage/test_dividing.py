"""Large tables lie in parts by month: with the same rows, and a MERGE that leaves other months' files alone."""

import datetime as dt
from collections import Counter
from dataclasses import replace
from urllib.parse import unquote

import pyarrow as pa
import pytest
from pyspark.sql import functions as F

from mediflow_assets.contracts import TABLES, gold
from mediflow_assets.contracts.table import Audience
from mediflow_assets.storage import months
from mediflow_assets.storage.changes import files_since
from mediflow_assets.storage.damage import damage
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.dividing import divide
from mediflow_assets.storage.maintenance import maintain
from mediflow_assets.storage.rewriting import delete_rows, one_of, rewrite
from mediflow_assets.storage.tables import Tables

CONTRACT = gold.COST_ANOMALIES
KEYS = CONTRACT.primary_key


@pytest.fixture(autouse=True)
def of_few_rows(monkeypatch):
    monkeypatch.setattr(months, "FEWEST_ROWS", 4)


@pytest.fixture
def tables(tmp_path, session):
    return Tables(Lake(str(tmp_path / "lake")), lambda: session)


@pytest.fixture
def encounters(session):
    """Rows of a table of encounters: key → day of admission, or none."""

    def _encounters(cost=1, **days):
        rows = [
            {
                "encounter_key": key,
                "patient_key": f"of {key}",
                "admitted_on": day and dt.date.fromisoformat(day),
                "cost_usd": cost,
            }
            for key, day in days.items()
        ]
        schema = "encounter_key string, patient_key string, admitted_on date, cost_usd int"
        frame = session.createDataFrame(rows, schema)
        lacking = [name for name in CONTRACT.column_names if name not in frame.columns]
        return frame.withColumns({name: F.lit(None).cast("string") for name in lacking})

    return _encounters


def by_month(of, first=1):
    """Two encounters in each of so many months of 2023."""
    return {f"e{month:02}{n}": f"2023-{month:02}-1{n}" for month in range(first, first + of) for n in range(2)}


def rows_of(tables):
    rows = tables.lake.read(CONTRACT, ["encounter_key", "admitted_on", "cost_usd"]).to_pylist()
    by_engine = tables.read(CONTRACT).select(*rows[0]).collect()
    assert Counter(tuple(row.values()) for row in rows) == Counter(map(tuple, by_engine))
    return {row["encounter_key"]: (str(row["admitted_on"]), int(row["cost_usd"])) for row in rows}


def parts_of(tables):
    return months.parts_of(tables.lake.open(CONTRACT))


@pytest.fixture
def divided(tables, encounters):
    """Twelve encounters of half a year, in three parts."""
    tables.append(CONTRACT, encounters(**by_month(6)))
    assert divide(tables.lake, CONTRACT)
    assert parts_of(tables) == {"2023-01": 4, "2023-03": 4, "2023-05": 4}
    return tables


def test_months_are_gathered_until_they_have_enough_rows():
    counts = {"2023-02": 3, "2023-01": 1, "2023-03": 9, "2024-01": 1, "2024-02": 1}
    assert months.first_months(counts) == ["2023-01", "2023-03", "2024-01"]
    assert months.first_months({}) == []


def test_a_row_lies_in_the_last_part_that_begins_before_it():
    days = pa.array([dt.date(1999, 1, 1), None, dt.date(2023, 4, 30), dt.date(2023, 5, 1), dt.date(2030, 1, 1)])
    found = months.part_of(days, ["2023-01", "2023-03", "2023-05"]).to_pylist()
    assert found == ["2023-01", "2023-01", "2023-03", "2023-05", "2023-05"]


def test_both_ways_of_telling_a_part_agree(divided, encounters):
    days = {"old": "0999-01-01", "none": None, "march": "2023-03-01", "april": "2023-04-30", "late": "2031-07-01"}
    divided.append(CONTRACT, encounters(**days))
    divided.append(CONTRACT, encounters(**{f"again_{key}": day for key, day in days.items()}))
    stored = divided.lake.dataset(CONTRACT, divided.lake.open(CONTRACT)).to_table(columns=["admitted_on", months.PART])
    assert (
        stored[months.PART].to_pylist()
        == months.part_of(stored["admitted_on"].combine_chunks(), list(parts_of(divided))).to_pylist()
    )


def test_no_table_that_others_read_lies_by_date():
    assert {table.audience for table in TABLES.values() if table.period} == {Audience.PIPELINE}


def test_a_small_table_has_no_parts(tables, encounters):
    tables.append(CONTRACT, encounters(**by_month(3)))
    version = tables.lake.version(CONTRACT)
    assert not divide(tables.lake, CONTRACT) and parts_of(tables) == {}
    assert tables.lake.version(CONTRACT) == version


def test_to_divide_changes_no_row_and_no_column_that_is_read(tables, encounters):
    tables.append(CONTRACT, encounters(**by_month(6), none=None))
    tables.lake.set_properties(CONTRACT, inputs={"a": 1})
    before = rows_of(tables)
    divide(tables.lake, CONTRACT)
    assert rows_of(tables) == before
    assert tables.read(CONTRACT).columns == [*CONTRACT.column_names]
    assert not tables.lake.difference(CONTRACT)
    assert tables.lake.property_of(CONTRACT, "inputs") == {"a": 1}
    assert not divide(tables.lake, CONTRACT)


def test_rows_that_are_laid_into_other_files_count_as_no_change(tables, encounters):
    tables.append(CONTRACT, encounters(**by_month(6)))
    tables.append(CONTRACT, encounters(late="2023-06-30"))
    before = tables.lake.version(CONTRACT)
    divide(tables.lake, CONTRACT)
    tables.lake.set_properties(CONTRACT, inputs={"a": 1})
    maintain(tables.lake, 168)
    files = files_since(tables.lake, CONTRACT, before)
    assert files is not None and not files.rows_changed and sum(files.stayed.values()) == 13
    tables.append(CONTRACT, encounters(later="2023-06-30"))
    assert sum(files_since(tables.lake, CONTRACT, before).came.values()) == 1


def test_a_merge_touches_the_parts_of_its_rows_alone(divided, encounters):
    version, before = divided.lake.version(CONTRACT), rows_of(divided)
    divided.merge(CONTRACT, encounters(5, e051="2023-05-20", new="2023-05-21"), KEYS)
    assert rows_of(divided) == before | {"e051": ("2023-05-20", 5), "new": ("2023-05-21", 5)}
    files = files_since(divided.lake, CONTRACT, version)
    assert files is not None
    touched = {unquote(path).split(f"{months.PART}=")[1][:7] for path in (*files.came, *files.went)}
    assert touched == {"2023-05"} and len(files.stayed) == 2


def test_a_row_that_moves_to_another_month_stands_there_alone_after_one_commit(divided, encounters):
    version, before = divided.lake.version(CONTRACT), rows_of(divided)
    divided.merge(CONTRACT, encounters(7, e010="2023-06-30", e060=None, e061="2040-01-01"), KEYS)
    moved = {"e010": ("2023-06-30", 7), "e060": ("None", 7), "e061": ("2040-01-01", 7)}
    assert rows_of(divided) == before | moved
    assert divided.lake.rows(CONTRACT) == 12 and divided.lake.version(CONTRACT) == version + 1


def test_rows_that_leave_leave_their_part(divided, encounters):
    rows = encounters(**by_month(1)).withColumn("leaves", F.col("encounter_key") == "e010")
    gone = encounters(nowhere="2023-02-01", e050=None).withColumn("leaves", F.lit(True))
    divided.merge(CONTRACT, rows.unionByName(gone), KEYS, leaves="leaves")
    assert sorted(rows_of(divided)) == sorted({*by_month(6)} - {"e010", "e050"})


def test_a_merge_of_new_rows_alone_or_of_none(divided, encounters):
    before = rows_of(divided)
    divided.merge(CONTRACT, encounters(new="2023-02-02"), KEYS)
    divided.merge(CONTRACT, encounters(), KEYS)
    assert rows_of(divided) == before | {"new": ("2023-02-02", 1)}


def test_a_merge_divides_what_has_outgrown_its_part(tables, encounters):
    tables.append(CONTRACT, encounters(**by_month(3)))
    tables.merge(CONTRACT, encounters(**by_month(2, first=4)), KEYS)
    assert parts_of(tables) == {}
    tables.merge(CONTRACT, encounters(e060="2023-06-01"), KEYS)
    assert parts_of(tables) == {"2023-01": 4, "2023-03": 4, "2023-05": 3}
    tables.merge(CONTRACT, encounters(**by_month(3, first=7)), KEYS)
    tables.merge(CONTRACT, encounters(e091="2023-09-09"), KEYS)
    assert parts_of(tables) == {"2023-01": 4, "2023-03": 4, "2023-05": 5, "2023-08": 4}
    assert len(rows_of(tables)) == 17


def test_a_month_with_more_rows_than_a_part_is_one_part(tables, encounters):
    tables.append(CONTRACT, encounters(**{f"e{n}": f"2023-0{1 + n // 20}-01" for n in range(40)}))
    assert divide(tables.lake, CONTRACT) and parts_of(tables) == {"2023-01": 20, "2023-02": 20}
    assert not divide(tables.lake, CONTRACT)


def test_an_overwrite_keeps_the_parts(divided, encounters):
    divided.overwrite(CONTRACT, encounters(2, **by_month(8)))
    assert parts_of(divided) == {"2023-01": 4, "2023-03": 4, "2023-05": 8}
    divided.overwrite(CONTRACT, encounters())
    divided.overwrite(CONTRACT, encounters(2, **by_month(8)))
    assert len(rows_of(divided)) == 16


def test_a_column_may_come_after_a_table_was_divided(tables, encounters):
    lake, late = tables.lake, "peer_group"
    older = replace(CONTRACT, columns=tuple(column for column in CONTRACT.columns if column.name != late))
    tables.append(older, encounters(**by_month(6)))
    divide(lake, older)
    tables.merge(CONTRACT, encounters(3, e011="2023-03-03").withColumn(late, F.lit("all")), KEYS)
    tables.append(CONTRACT, encounters(3, new="2023-03-03").withColumn(late, F.lit("class")))
    found = lake.read(CONTRACT, ["encounter_key", late]).to_pylist()
    assert {row["encounter_key"]: row[late] for row in found if row[late]} == {"e011": "all", "new": "class"}
    assert rows_of(tables)["e011"] == ("2023-03-03", 3)


def test_rows_are_deleted_and_rewritten_where_they_lie(divided):
    delete_rows(divided.lake, CONTRACT, one_of("encounter_key", ["e010", "e061"]))
    assert parts_of(divided) == {"2023-01": 3, "2023-03": 4, "2023-05": 3}
    rewrite(divided.lake, CONTRACT, lambda batch: batch, "again")
    assert parts_of(divided) == {"2023-01": 3, "2023-03": 4, "2023-05": 3}
    assert sorted(rows_of(divided)) == sorted({*by_month(6)} - {"e010", "e061"})


def test_files_of_parts_are_tidied_read_and_found_whole(divided, encounters):
    for month in range(1, 7):
        divided.merge(CONTRACT, encounters(month, **{f"more{month}": f"2023-0{month}-09"}), KEYS)
    before = rows_of(divided)
    [tidied] = maintain(divided.lake, 0)
    assert tidied.failure is None and tidied.files_after == 3
    table = divided.lake.open(CONTRACT)
    assert divided.read_files(CONTRACT, table.file_uris()).count() == 18
    assert rows_of(divided) == before and damage(divided.lake, CONTRACT, deep=True) is None
