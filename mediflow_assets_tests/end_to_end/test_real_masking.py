"""The masked tables of the real files: every row stands for one, and nobody can be read from them."""

import polars as pl
import pytest

from mediflow_assets.contracts import TABLES, masked, silver
from mediflow_assets_tests.end_to_end.conftest import DATA, frame

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not DATA.is_dir(), reason="the real files are not here")]


def test_masked_rows_stand_for_every_row_and_small_cells_are_blank(made, shown):
    rows = made.house.lake.rows
    for copy, source in masked.COPIES.items():
        assert rows(copy) == rows(source), copy.name
    suppressed = frame(made, masked.DEPARTMENT_COSTS)
    groups = shown.group_by("department", "gender", "code").agg(pl.col("patient").n_unique().alias("people"))
    assert suppressed["is_suppressed"].sum() >= groups.filter(pl.col("people") < 11).height > 0
    hidden = suppressed.filter("is_suppressed")
    assert hidden.select(pl.col("patients", "encounters", "total_cost_usd").is_null().all()).row(0) == (True,) * 3
    assert suppressed.filter(~pl.col("is_suppressed"))["patients"].min() >= 11
    peers = shown.filter(pl.col("cost") > 0).select("department", "code").n_unique()
    assert rows(masked.COST_PEERS) == peers


def test_no_identifier_of_a_patient_stands_in_gold_or_masked_tables(made, expected):
    """Ids, whole names, street addresses, in any text of any table analysts or the gateway may open."""
    people = frame(made, silver.PATIENTS)
    private = set(people["patient_id"]) | set(expected["id"])
    for column in ("full_name", "address", "ssn", "drivers_license", "passport"):
        private |= set(people[column].drop_nulls())
    for name, contract in TABLES.items():
        if name.startswith(("gold/", "masked/")):
            table = frame(made, contract)
            for column in table.select(pl.col(pl.String)):
                assert private.isdisjoint(column.drop_nulls().unique()), f"{name}.{column.name}"
