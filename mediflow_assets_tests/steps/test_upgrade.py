"""A lake that an older MediFlow wrote, or that was written under other contracts, lives on with the rows of a fresh one."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from mediflow_assets.contracts import TABLES, bronze, erasure, events, gold, house, models, silver
from mediflow_assets.contracts.masks import drop
from mediflow_assets.contracts.table import Column, Privacy, Type
from mediflow_assets.errors import LakeTooNew, UpgradeNeeded
from mediflow_assets.steps import rebuild, upgrade
from mediflow_assets.storage.delta import FORMAT, format_of
from mediflow_assets_tests.house import House
from mediflow_assets_tests.older import story, unpack

TOLD = {
    house.CHECK_RESULTS.name, models.MODEL_METRICS.name, "gold/leak_scans", "gold/privacy_status", "gold/stream_status"
}  # fmt: skip
"""Tables of what was done when, not of what arrived."""


def rows_of(home: House) -> dict[str, list[list[tuple[str, str]]]]:
    """Every table of the pipeline, row for row."""
    return {
        name: sorted(sorted((column, str(value)) for column, value in row.items()) for row in home.rows(contract))
        for name, contract in TABLES.items()
        if name not in TOLD
    }


def assert_same(carried: House, fresh: House) -> None:
    found, wanted = rows_of(carried), rows_of(fresh)
    for name, rows in wanted.items():
        assert found[name] == rows, name


@pytest.fixture(scope="module")
def fresh(open_house, tmp_path_factory) -> House:
    """The story of the older lakes, told to this version."""
    home = open_house(tmp_path_factory.mktemp("fresh") / "home")
    story.tell(home.lake, home.inbox, home.folder / "lake.lock", home.folder / "dropped", home.run)
    home.run()
    return home


@pytest.fixture
def older(tmp_path, session) -> House:
    """A home of which an older MediFlow wrote the lake."""
    unpack(1, tmp_path / "older")
    return House(tmp_path / "older", session)


def formats(home: House) -> set[int]:
    opened = (home.lake.open(contract) for contract in TABLES.values())
    return {format_of(table) for table in opened if table is not None}


def test_there_is_a_step_from_each_format_to_the_next():
    assert sorted(upgrade.STEPS) == list(range(1, FORMAT))


def test_a_lake_of_format_1_is_carried_forward_by_a_run(older, fresh):
    assert formats(older) == {1}
    assert any("format 1 to 2" in task.says for task in upgrade.plan(older.lake))
    older.run()
    assert formats(older) == {FORMAT} and upgrade.plan(older.lake) == []
    assert_same(older, fresh)
    older.assert_balanced()
    assert older.row(silver.QUARANTINE, status="discarded")["_record_number"] == story.DISCARDED


def test_a_step_that_is_cut_short_is_done_again(older, monkeypatch):
    asked: list[str] = []

    def ask(lake, contract):
        asked.append(contract.name)
        if len(asked) == 2:
            raise KeyboardInterrupt
        rebuild.ask(lake, contract)

    with monkeypatch.context() as patched:
        patched.setattr(upgrade.rebuild, "ask", ask)
        with pytest.raises(KeyboardInterrupt):
            upgrade.carry_forward(older.lake, older.folder)
    assert formats(older) == {1}
    upgrade.carry_forward(older.lake, older.folder)
    assert formats(older) == {FORMAT} and all(rebuild.is_asked_for(older.lake, table) for table in silver.JUDGED)
