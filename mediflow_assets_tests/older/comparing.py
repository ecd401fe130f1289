"""Two homes compared, table by table, row for row."""

from pathlib import Path
from typing import Any

from mediflow_assets.contracts import TABLES, silver
from mediflow_assets.contracts.judged import VERSION
from mediflow_assets.storage.delta import Lake, format_of
from mediflow_assets_tests.older import story

TOLD = ("check_results", "model_metrics", "leak_scans", "privacy_status", "stream_status")
"""Gold tables of what was done when, not of what arrived."""
ADDED = {("bronze/rejects", "lines"), ("bronze/deliveries", "skipped")}
"""Columns of Bronze that are newer than the oldest lake: what landed before them has none."""
OF_DISCARDED = {column.name for column in VERSION}
"""Columns of the quarantine that an older lake's discarded records have none of: those are never judged again."""


def rows_of(lake: Lake) -> dict[str, list[list[tuple[str, str]]]]:
    """Every table of the pipeline: its rows, in an order of their content."""
    found = {name: lake.read(contract).to_pylist() for name, contract in TABLES.items() if contract.key[1] not in TOLD}
    return {name: sorted(_told(name, row) for row in rows) for name, rows in found.items()}


def _told(name: str, row: dict[str, Any]) -> list[tuple[str, str]]:
    is_given_up = name == silver.QUARANTINE.name and row["status"] == "discarded"
    left_out = {column for table, column in ADDED if table == name} | (OF_DISCARDED if is_given_up else set())
    return sorted((column, str(value)) for column, value in row.items() if column not in left_out)


def assert_same(carried: Lake, fresh: Lake) -> None:
    """The same rows in each table."""
    found, wanted = rows_of(carried), rows_of(fresh)
    for name, rows in wanted.items():
        assert found[name] == rows, name


def assert_as_contracted(lake: Lake) -> None:
    """Each table has the columns of its contract (Bronze may keep more), and nothing that only newer readers know."""
    for name, contract in TABLES.items():
        if (table := lake.open(contract)) is not None:
            differs = lake.difference(contract)
            assert not (differs.lacking or differs.changed), name
            assert not differs.beyond or contract.key[0] == "bronze", name
            assert (table.protocol().min_reader_version, table.protocol().min_writer_version) == (1, 2), name


def formats(lake: Lake) -> set[int]:
    """The formats of the lake's tables."""
    return {format_of(table) for contract in TABLES.values() if (table := lake.open(contract)) is not None}


def tell_story(house: Any) -> None:
    """Live through the story of the older lakes; all of it is validated at once, as by who validates again."""
    runs = iter((lambda: None, house.run))
    scratch: Path = house.folder / "dropped"
    story.tell(house.lake, house.inbox, house.folder / "lake.lock", scratch, lambda: next(runs)())
    house.run()
