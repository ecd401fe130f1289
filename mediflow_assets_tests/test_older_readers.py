"""What reads the lake without the pipeline shows a table that an older MediFlow wrote: what it lacks is empty."""

import polars as pl
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from dashboard import lake as dashboard
from mediflow_assets.contracts import masked
from mediflow_assets.storage.schemas import arrow_schema
from serving.lake import LakeReader

LACKING = ("average_cost_usd", "is_suppressed")


@pytest.fixture
def older(tmp_path, monkeypatch):
    """The lake with one analyst table, of which two columns are not there yet."""
    schema = pa.schema([field for field in arrow_schema(masked.DEPARTMENT_COSTS) if field.name not in LACKING])
    rows = pa.Table.from_pylist([{"department": "CARDIOLOGY", "gender": "F", "encounters": 12}], schema)
    write_deltalake(tmp_path / "lake" / masked.DEPARTMENT_COSTS.name, rows)
    monkeypatch.setenv("MEDIFLOW_LAKE", str(tmp_path / "lake"))
    return str(tmp_path / "lake")


def test_the_dashboard(older):
    table = dashboard.open_table(masked.DEPARTMENT_COSTS)
    shown = table.collect(table.scan("department", *LACKING))
    assert shown.rows() == [("CARDIOLOGY", None, None)]
    assert shown.schema["average_cost_usd"] == pl.Decimal(12, 2)


def test_the_gateway(older):
    shown = LakeReader(older).read(masked.DEPARTMENT_COSTS)
    assert [(row["encounters"], row["average_cost_usd"]) for row in shown.rows] == [(12, None)]
    found = LakeReader(older).rows_of(masked.DEPARTMENT_COSTS, "department", "CARDIOLOGY")
    assert len(found.rows) == 1 and found.rows[0]["is_suppressed"] is None
