"""Tables without an engine: append, read, versions, notes."""

import shutil

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable

from mediflow_assets.contracts import TABLES, bronze, operational, silver
from mediflow_assets.errors import LakeTooNew
from mediflow_assets.storage.delta import FORMAT, Lake
from mediflow_assets.storage.rewriting import delete_rows, one_of
from mediflow_assets.storage.schemas import arrow_schema

PROCESSED = {
    "target_table": "silver/encounters",
    "_delivery_id": "d1",
    "through_record": 1,
    "records": 1,
    "accepted": 1,
    "quarantined": 0,
}


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path / "lake"))


def reject(number, delivery="d1"):
    """One row of the table of rejects."""
    row = {"source": "admissions", "reason": "r", "raw": b"\xff", "_delivery_id": delivery, "_record_number": number}
    return pa.Table.from_pylist([row | {"_ingested_at": 0}], schema=arrow_schema(bronze.REJECTS))


def test_a_table_that_does_not_exist_has_no_rows(lake):
    assert lake.open(silver.PROCESSED) is None
    assert (lake.rows(silver.PROCESSED), lake.version(silver.PROCESSED)) == (0, -1)
    assert lake.read(silver.PROCESSED).num_rows == 0
    assert lake.read(silver.PROCESSED, ["records"]).column_names == ["records"]
    assert lake.property_of(silver.PROCESSED, "anything") is None


@pytest.mark.parametrize("contract", TABLES.values(), ids=lambda contract: contract.name)
def test_a_table_is_created_with_its_contracts_columns(lake, contract):
    lake.ensure(contract)
    table = lake.open(contract)
    assert tuple(field.name for field in table.schema().fields) == contract.column_names
    assert table.protocol().min_reader_version == 1


def test_what_another_process_writes_is_seen(lake):
    lake.append_rows(silver.PROCESSED, [PROCESSED])
    assert lake.rows(silver.PROCESSED) == 1
    Lake(lake.root).append_rows(silver.PROCESSED, [PROCESSED | {"_delivery_id": "d2"}])
    Lake(lake.root).set_properties(silver.PROCESSED, noted=True)
    assert lake.rows(silver.PROCESSED) == 2
    assert lake.property_of(silver.PROCESSED, "noted")


def test_a_table_that_is_removed_and_made_again_is_seen_as_it_is_now(lake):
    lake.append_rows(silver.PROCESSED, [PROCESSED])
    assert (lake.rows(silver.PROCESSED), lake.version(silver.PROCESSED)) == (1, 1)
    shutil.rmtree(lake.uri(silver.PROCESSED))
    assert (lake.rows(silver.PROCESSED), lake.version(silver.PROCESSED)) == (0, -1)
    Lake(lake.root).append_rows(silver.PROCESSED, [PROCESSED] * 3)
    assert (lake.rows(silver.PROCESSED), lake.version(silver.PROCESSED)) == (3, 1)


def test_a_table_is_opened_once_for_many_questions(lake, monkeypatch):
    lake.append_rows(silver.PROCESSED, [PROCESSED])
    opened, asked = [], Lake(lake.root)
    monkeypatch.setattr(Lake, "open", lambda self, of, real=Lake.open: opened.append(of) or real(self, of))
    assert [asked.rows(silver.PROCESSED) for _ in range(3)] == [1, 1, 1]
    assert not asked.difference(silver.PROCESSED) and asked.version(silver.PROCESSED) == 1
    assert opened == [silver.PROCESSED]


def test_small_files_do_not_pile_up(lake, monkeypatch):
    monkeypatch.setattr("mediflow_assets.storage.delta.MANY_FILES", 5)
    for n in range(12):
        lake.append_rows(silver.PROCESSED, [PROCESSED | {"_delivery_id": f"d{n}"}], transaction=f"t{n}")
        assert len(lake.open(silver.PROCESSED).file_uris()) < 5
    assert sorted(lake.read(silver.PROCESSED)["_delivery_id"].to_pylist()) == sorted(f"d{n}" for n in range(12))
    assert all(lake.holds(silver.PROCESSED, f"t{n}") for n in range(12))


def test_ensuring_a_table_again_changes_nothing(lake):
    lake.ensure(silver.PROCESSED)
    lake.append_rows(silver.PROCESSED, [PROCESSED])
    version = lake.version(silver.PROCESSED)
    lake.ensure(silver.PROCESSED)
    assert (lake.version(silver.PROCESSED), lake.rows(silver.PROCESSED)) == (version, 1)


def test_rows_are_appended_and_read(lake):
    lake.append_rows(silver.PROCESSED, [PROCESSED])
    lake.append_rows(silver.PROCESSED, [PROCESSED | {"_delivery_id": "d2"}] * 2)
    assert lake.rows(silver.PROCESSED) == 3
    assert sorted(lake.read(silver.PROCESSED)["_delivery_id"].to_pylist()) == ["d1", "d2", "d2"]


def test_overwriting_leaves_only_the_new_rows(lake):
    lake.append_rows(silver.PROCESSED, [PROCESSED] * 3)
    lake.overwrite_rows(silver.PROCESSED, [PROCESSED | {"records": 7}])
    assert lake.read(silver.PROCESSED)["records"].to_pylist() == [7] and lake.rows(silver.PROCESSED) == 1


def test_what_a_delivery_left_is_removed_and_nothing_else(lake):
    for number, delivery in ((1, "d1"), (2, "d1"), (1, "d2")):
        lake.append(bronze.REJECTS, reject(number, delivery), transaction=delivery)
    lake.delete_delivery(bronze.REJECTS, "d1")
    assert lake.read(bronze.REJECTS)["_delivery_id"].to_pylist() == ["d2"]
    assert lake.rows(bronze.REJECTS) == 1


def test_removing_an_unknown_delivery_writes_nothing(lake):
    lake.delete_delivery(bronze.REJECTS, "d1")
    lake.append(bronze.REJECTS, reject(1), transaction="d1")
    version = lake.version(bronze.REJECTS)
    lake.delete_delivery(bronze.REJECTS, "d9")
    assert lake.version(bronze.REJECTS) == version


@pytest.mark.parametrize("value", [7, "text", None, True, [1, 2], {"b": 1, "a": {"c": "ü'\"\\"}}])
def test_what_is_noted_is_read_back(lake, value):
    lake.set_properties(silver.PROCESSED, thing=value)
    assert lake.property_of(silver.PROCESSED, "thing") == value
    assert lake.property_of(silver.PROCESSED, "other") is None


def test_a_note_survives_rows_and_is_replaced_by_the_next(lake):
    lake.set_properties(silver.PROCESSED, first=1, second=2)
    lake.append_rows(silver.PROCESSED, [PROCESSED])
    lake.set_properties(silver.PROCESSED, second=3)
    lake.overwrite_rows(silver.PROCESSED, [])
    assert (lake.property_of(silver.PROCESSED, "first"), lake.property_of(silver.PROCESSED, "second")) == (1, 3)


def test_a_lake_of_a_newer_mediflow_is_not_touched(lake):
    lake.ensure(silver.PROCESSED)
    lake.open(silver.PROCESSED).alter.set_table_properties(
        {"mediflow.format": str(FORMAT + 1)}, raise_if_not_exists=False
    )
    for act in (lake.open, lake.ensure, lake.read, lake.rows, lake.version):
        with pytest.raises(LakeTooNew, match="newer MediFlow"):
            act(silver.PROCESSED)
    with pytest.raises(LakeTooNew):
        lake.append_rows(silver.PROCESSED, [PROCESSED])


def test_tables_lie_where_their_names_say(lake, tmp_path):
    lake.ensure(operational.CHECK_RESULTS)
    assert (tmp_path / "lake" / "gold" / "check_results" / "_delta_log").is_dir()
    assert Lake("s3://bucket/lake/").uri(operational.CHECK_RESULTS) == "s3://bucket/lake/gold/check_results"


def test_secrets_of_the_storage_do_not_show():
    assert "canary" not in repr(Lake("s3://b", {"AWS_SECRET_ACCESS_KEY": "canary"}))


def test_a_table_that_is_written_whole_takes_a_new_column(lake):
    schema = arrow_schema(silver.PROCESSED)
    DeltaTable.create(lake.uri(silver.PROCESSED), schema=schema.remove(schema.get_field_index("accepted")))
    lake.set_properties(silver.PROCESSED, inputs={"a": 1})
    lake.overwrite_rows(silver.PROCESSED, [PROCESSED])
    assert lake.read(silver.PROCESSED).select(silver.PROCESSED.column_names).to_pylist()[0]["accepted"] == 1
    assert lake.property_of(silver.PROCESSED, "inputs") == {"a": 1}


HELD = {
    "target_table": "silver/encounters",
    "source": "bronze/admissions",
    "_delivery_id": "d1",
    "payload": "{}",
    "reasons": ["cost_malformed"],
    "status": "open",
}


def held_by(*statuses):
    return [HELD | {"_record_number": n, "status": status} for n, status in enumerate(statuses, 1)]


WRITERS = {
    "an update": lambda table: table.update(new_values={"status": "discarded"}, predicate="_record_number = 2"),
    "a deletion": lambda table: table.delete("_record_number = 2"),
    "a merge": lambda table: (
        table.merge(pa.table({"n": [2]}), "t._record_number = s.n", source_alias="s", target_alias="t")
        .when_matched_update({"status": "'discarded'"})
        .execute()
    ),
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS.keys())
def test_a_table_can_be_filtered_by_any_column_whoever_wrote_it(lake, write):
    lake.append_rows(silver.QUARANTINE, held_by("open", "open", "waiting"))
    write(lake.open(silver.QUARANTINE))
    lake.append_rows(silver.QUARANTINE, [HELD | {"_record_number": 4}])
    is_open = pc.field("status").isin(["open"])
    assert sorted(lake.read(silver.QUARANTINE, ["_record_number"], is_open)["_record_number"].to_pylist()) == [1, 4]
    by_text = (pc.field("_delivery_id") == "d1") & (pc.field("payload") != "x") & ~pc.field("status").is_null()
    found = lake.read(silver.QUARANTINE, where=by_text)
    assert found.schema.equals(arrow_schema(silver.QUARANTINE)) and found.num_rows in (3, 4)
    assert delete_rows(lake, silver.QUARANTINE, one_of("status", ["open"])) == 2
    assert lake.read(silver.QUARANTINE, where=is_open).num_rows == 0
