"""Tables through the engine: conformed before each write, merged by key."""

import pyarrow as pa
import pytest
from pyspark.sql import functions as F

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.errors import ContractViolated, EngineFailed
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.schemas import ARROW, arrow_schema
from mediflow_assets.storage.tables import Tables, conform

NAMES = [field.name for field in arrow_schema(silver.PROCESSED)]


@pytest.fixture
def tables(tmp_path, session):
    return Tables(Lake(str(tmp_path / "lake")), lambda: session)


@pytest.fixture
def processed(session):
    """Rows of `silver/processed`: delivery → records."""

    def _processed(**records):
        rows = [("t", delivery, 1, number, number, 0) for delivery, number in records.items()]
        frame = session.createDataFrame(rows, NAMES[:6])
        return frame.withColumns({name: F.lit(None).cast("bigint") for name in NAMES[6:]})

    return _processed


def stored(tables):
    rows = tables.lake.read(silver.PROCESSED).to_pylist()
    return {row["_delivery_id"]: row["records"] for row in rows}


def test_a_frame_is_conformed_to_order_and_types(processed):
    frame = processed(d1=1).select(*reversed(NAMES)).withColumns({"records": F.lit("5"), "more": F.lit(1)})
    made = conform(frame, silver.PROCESSED)
    assert made.columns == NAMES
    assert made.collect()[0]["records"] == 5


def test_a_frame_that_lacks_a_column_is_not_written(tables, processed):
    with pytest.raises(ContractViolated, match="lacks accepted"):
        tables.append(silver.PROCESSED, processed(d1=1).drop("accepted"))
    assert stored(tables) == {}


def test_no_step_may_forget_a_column_that_may_be_empty(tables, session):
    for contract in (silver.ENCOUNTERS, silver.PATIENTS):
        nullable = next(column.name for column in contract.columns if column.nullable)
        with pytest.raises(ContractViolated, match=f"{contract.name}: the frame lacks {nullable}"):
            tables.append(contract, tables.read(contract).drop(nullable))


def test_append_and_overwrite(tables, processed):
    tables.append(silver.PROCESSED, processed(d1=1))
    tables.append(silver.PROCESSED, processed(d2=2))
    assert stored(tables) == {"d1": 1, "d2": 2}
    tables.overwrite(silver.PROCESSED, processed(d3=3))
    assert stored(tables) == {"d3": 3}


def test_merge_updates_where_it_may_and_inserts_the_rest(tables, processed):
    tables.append(silver.PROCESSED, processed(d1=1, d2=9))
    keys, allowed = ("target_table", "_delivery_id"), "s.records >= t.records"
    tables.merge(silver.PROCESSED, processed(d1=5, d2=5, d3=5), keys, allowed)
    assert stored(tables) == {"d1": 5, "d2": 9, "d3": 5}
    tables.merge(silver.PROCESSED, processed(d1=1), keys, updates={"records": "t.records + s.records"})
    assert stored(tables)["d1"] == 6


def test_two_lakes_of_one_session_are_not_mixed_up(tmp_path, session, processed):
    one, two = (Tables(Lake(str(tmp_path / name)), lambda: session) for name in ("one", "two"))
    for tables, number in ((one, 1), (two, 2)):
        tables.merge(silver.PROCESSED, processed(d1=number), ("target_table", "_delivery_id"))
    assert (stored(one), stored(two)) == ({"d1": 1}, {"d1": 2})


def test_a_value_that_does_not_fit_is_not_written_and_not_told(tables, processed):
    frame = processed(d1=1).withColumn("records", F.concat(F.lit("canary"), "_delivery_id"))
    with pytest.raises(EngineFailed) as told:
        tables.append(silver.PROCESSED, frame)
    assert "canary" not in str(told.value)
    assert stored(tables) == {}


def test_reading_a_table_that_does_not_exist_gives_no_rows(tables):
    assert tables.read(bronze.REJECTS).count() == 0


def test_every_type_of_a_contract_has_an_arrow_type_the_engine_reads(tables):
    assert set(ARROW) == set(type(silver.PATIENTS.columns[0].type))
    schema = arrow_schema(silver.ENCOUNTERS)
    assert schema.field("cost_usd").type == pa.decimal128(12, 2)
    assert schema.field("admitted_at").type == pa.timestamp("us", tz="UTC")
