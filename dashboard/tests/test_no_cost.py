"""Encounters without a cost have none: what they cost is not zero."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from dashboard.figures import clinical, executive
from dashboard.lake import Snapshot
from dashboard.tests.lakes import Row, store
from mediflow_assets.contracts import masked
from mediflow_assets.contracts.table import TableContract

ANY = executive.Chosen(2024, executive.ALL, executive.ALL)


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Snapshot]:
    """A table of an analyst with these rows."""

    def _table(contract: TableContract, *rows: Row) -> Snapshot:
        store(tmp_path, contract, list(rows))
        return Snapshot(str(tmp_path / "lake" / contract.name), 0, dt.datetime.now(dt.UTC))

    return _table


@pytest.fixture
def activity(table: Callable[..., Snapshot]) -> Callable[[Decimal | None], executive.Activity]:
    """The activity of a year in which so much was billed."""

    def _activity(cost: Decimal | None) -> executive.Activity:
        cell = {"month": dt.date(2024, 1, 1), "department": "ICU", "encounter_class": "inpatient", "encounters": 50}
        cells = table(masked.MONTHLY_ACTIVITY, cell | {"cost_usd": cost, "is_suppressed": False})
        return executive.activity_of(cells, table(masked.ACTIVITY_TOTALS), ANY)

    return _activity


def test_without_a_cost_there_is_none(activity: Callable[..., executive.Activity]) -> None:
    found = activity(None)
    assert (found.encounters, found.cost_usd, found.average_cost_usd, found.lacks_cost) == (50, None, None, True)


def test_a_cost_is_told(activity: Callable[..., executive.Activity]) -> None:
    found = activity(Decimal(100))
    assert (found.cost_usd, found.average_cost_usd, found.lacks_cost) == (100, 2, False)


def test_a_diagnosis_without_a_cost_has_none(table: Callable[..., Snapshot]) -> None:
    cell = {"diagnosis_code": "I10", "encounters": 50, "is_suppressed": False}
    costs = table(masked.DEPARTMENT_COSTS, cell, cell | {"diagnosis_code": "I21", "total_cost_usd": Decimal(50)})
    found = {row["diagnosis_code"]: row["total_cost_usd"] for row in clinical.diagnoses(costs).to_dicts()}
    assert found == {"I10": None, "I21": 50}
