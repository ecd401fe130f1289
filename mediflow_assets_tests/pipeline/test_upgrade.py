"""A lake of an older MediFlow, or of other contracts, lives on with the rows of a fresh one."""

import contextlib
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from mediflow_assets.contracts import TABLES, bronze, links, models, silver
from mediflow_assets.contracts import gold as gold_tables
from mediflow_assets.contracts import omop as omop_tables
from mediflow_assets.contracts.events import ENCOUNTER_EVENTS, STREAM_ALERTS
from mediflow_assets.contracts.origin import MADE_WHOLE
from mediflow_assets.defs.operational import OPERATIONAL
from mediflow_assets.errors import UpgradeNeeded
from mediflow_assets.pipeline import gold, rebuild, upgrade
from mediflow_assets.pipeline.omop import tables as omop
from mediflow_assets.storage.delta import FORMAT, FORMAT_NOTE, Lake
from mediflow_assets.storage.schemas import arrow_schema
from mediflow_assets.streaming.status_table import status_table
from mediflow_assets_tests.house import House
from mediflow_assets_tests.older import comparing, story, unpack

REPO = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def fresh(open_house, tmp_path_factory) -> House:
    """The story of the older lakes, told to this version."""
    home = open_house(tmp_path_factory.mktemp("fresh") / "home").with_feeds(story.FEEDS)
    comparing.tell_story(home)
    return home


def home_of(format_, folder, session) -> House:
    unpack(format_, folder)
    return House(folder, session, story.FEEDS)


@pytest.fixture
def older(tmp_path, session) -> House:
    """A home of which an older MediFlow wrote the lake."""
    return home_of(1, tmp_path / "older", session)


def test_the_tables_that_are_made_whole_are_those_that_a_step_writes_so():
    builds = (*gold.GOLD, *gold.MASKED, *omop.TABLES, *OPERATIONAL, status_table("off", {}))
    made = {build.contract.name for build in builds}
    assert made | {models.RISK_SCORES.name, links.MERGED_PATIENTS.name} == MADE_WHOLE


def test_there_is_a_step_from_each_format_to_the_next():
    assert sorted(upgrade.STEPS) == list(range(1, FORMAT))


def assert_same_omop(older, fresh):
    """Once they are asked for, the OMOP tables of a carried lake are those of a fresh one."""
    for house in (older, fresh):
        assert [each.contract.name for each in house.make_omop() if each.has_failed] == []
    told = {contract: older.rows(contract) for contract in omop_tables.TABLES}
    assert told == {contract: fresh.rows(contract) for contract in omop_tables.TABLES}
    assert told[omop_tables.PERSON] and told[omop_tables.VISIT_OCCURRENCE] and told[omop_tables.CONDITION_OCCURRENCE]


@pytest.mark.slow
@pytest.mark.parametrize("format_", range(1, FORMAT))
def test_an_older_lake_is_carried_forward_by_a_run(tmp_path, session, format_, fresh):
    older = home_of(format_, tmp_path / "older", session)
    assert comparing.formats(older.lake) == {format_}
    assert any(f"format {format_} to {format_ + 1}" in task.says for task in upgrade.plan(older.lake))
    older.run()
    assert comparing.formats(older.lake) == {FORMAT} and upgrade.plan(older.lake) == []
    comparing.assert_same(older.lake, fresh.lake)
    older.assert_balanced()
    assert older.row(silver.QUARANTINE, status="discarded")["_record_number"] == story.DISCARDED
    assert_same_omop(older, fresh.copy(f"asked_{format_}"))


def test_a_step_that_is_cut_short_is_done_again(older, monkeypatch):
    asked: list[str] = []
    ask = rebuild.ask

    def _cut_short(lake, contract):
        asked.append(contract.name)
        if len(asked) == 2:
            raise KeyboardInterrupt
        ask(lake, contract)

    with monkeypatch.context() as patched:
        patched.setattr(rebuild, "ask", _cut_short)
        with pytest.raises(KeyboardInterrupt):
            upgrade.carry_forward(older.lake, older.folder)
    assert comparing.formats(older.lake) == {1}
    upgrade.carry_forward(older.lake, older.folder)
    assert comparing.formats(older.lake) == {FORMAT}
    assert all(rebuild.is_asked_for(older.lake, table) for table in silver.VALIDATED if older.lake.open(table))


@pytest.mark.parametrize("contract", [silver.PATIENTS, gold_tables.DEPARTMENT_COSTS, ENCOUNTER_EVENTS, STREAM_ALERTS])
def test_the_service_is_asked_for_its_tables_only_where_they_are_to_be_changed(tmp_path, monkeypatch, contract):
    asked = []
    monkeypatch.setattr(upgrade, "events_asked_for", lambda *_: asked.append(True) or contextlib.nullcontext())
    lake = Lake(str(tmp_path / "lake"))
    noted = {f"mediflow.{FORMAT_NOTE}": str(FORMAT)}
    DeltaTable.create(
        lake.uri(contract), arrow_schema(contract).remove(1), configuration=noted, raise_if_key_not_exists=False
    )
    for other in (ENCOUNTER_EVENTS, STREAM_ALERTS):
        lake.ensure(other)
    assert [task.place for task in upgrade.carry_forward(lake, tmp_path)] == [contract.name]
    assert bool(asked) == (contract in (ENCOUNTER_EVENTS, STREAM_ALERTS))


@pytest.mark.slow
def test_a_column_that_is_new_in_every_contract_comes_into_every_table(older, tmp_path):
    wider = [sys.executable, "-m", "mediflow_assets_tests.older.wider", older.folder, tmp_path / "anew"]
    ended = subprocess.run(wider, cwd=REPO, capture_output=True, text=True, timeout=240)
    assert ended.returncode == 0, ended.stderr[-3000:]


def distort(lake) -> None:
    """Store every whole number of every table as a text, and a column more that no contract names."""
    for name, contract in TABLES.items():
        table = lake.open(contract)
        rows = lake.read(contract)
        if table is not None:
            for at, field in enumerate(rows.schema):
                if pa.types.is_integer(field.type):
                    rows = rows.set_column(at, field.name, rows[field.name].cast(pa.string()))
            rows = rows.append_column("given_up", pa.array(["x"] * rows.num_rows, pa.string()))
            write_deltalake(table, rows, mode="overwrite", schema_mode="overwrite")
            assert lake.difference(contract).beyond == ("given_up",), name


@pytest.mark.slow
def test_types_that_changed_and_columns_that_were_removed_in_every_table(fresh):
    carried = fresh.copy("distorted")
    distort(carried.lake)
    with pytest.raises(UpgradeNeeded, match="bronze/admissions has in another type _record_number"):
        carried.run()
    upgrade.carry_forward(carried.lake, carried.folder, is_asked=True)
    carried.run()
    comparing.assert_as_contracted(carried.lake)
    comparing.assert_same(carried.lake, fresh.lake)
    # Bronze is what arrived: what its contract gave up stays, unread
    kept = DeltaTable(carried.lake.uri(bronze.ADMISSIONS)).to_pyarrow_table(columns=["given_up"])
    assert set(kept["given_up"].to_pylist()) == {"x"}


def test_a_value_that_does_not_fit_its_new_type_changes_nothing(house):
    schema = arrow_schema(bronze.REJECTS)
    at = schema.get_field_index("_record_number")
    rows = pa.table({name: ["canary" if name == "_record_number" else None] for name in schema.names})
    stored = rows.cast(schema.set(at, pa.field("_record_number", pa.string())))
    write_deltalake(house.lake.uri(bronze.REJECTS), stored)
    with pytest.raises(UpgradeNeeded, match="values of _record_number do not fit") as told:
        upgrade.carry_forward(house.lake, house.folder, is_asked=True)
    assert "canary" not in str(told.value)
    assert DeltaTable(house.lake.uri(bronze.REJECTS)).to_pyarrow_table().num_rows == 1
