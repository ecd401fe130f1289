"""Results: all reasons, the unreadable ones first, none twice."""

import pytest
from pyspark.sql import functions as F

from mediflow_assets.contracts.masks import drop
from mediflow_assets.contracts.table import Audience, Column, Privacy, RowCheck, Severity, TableContract, Type
from mediflow_assets.transforms.validation import is_accepted, validate

Q = Severity.QUARANTINE
CONTRACT = TableContract(
    ("silver", "things"),
    "for this test",
    Audience.PIPELINE,
    (Column("age", Type.INTEGER, "", Privacy.TECHNICAL, drop()),),
    checks=(
        RowCheck("age_missing", "age IS NULL", Q),
        RowCheck("age_high", "age > 120", Q),
        RowCheck("age_odd", "age % 2 = 1", Q),
        RowCheck("never_judged", "true", Severity.ERROR),
        RowCheck("only_warned", "true", Severity.WARN),
    ),
)


@pytest.fixture
def validated(session):
    frame = session.createDataFrame(
        [(40, []), (121, []), (122, ["cost_unreadable"]), (None, []), (None, ["age_unreadable"])],
        "age int, _unreadable array<string>",
    )
    return validate(frame, CONTRACT).withColumn("ok", is_accepted()).collect()


def test_a_row_has_every_reason_against_it(validated):
    assert [row["_reasons"] for row in validated] == [
        [],
        ["age_high", "age_odd"],
        ["cost_unreadable", "age_high"],
        ["age_missing"],
        ["age_unreadable"],
    ]


def test_only_a_row_without_a_reason_is_accepted(validated):
    assert [row["ok"] for row in validated] == [True, False, False, False, False]


def test_what_could_not_be_read_leaves_the_row(session):
    frame = session.createDataFrame([(1, [])], "age int, _unreadable array<string>")
    assert validate(frame, CONTRACT).columns == ["age", "_reasons"]
    assert validate(frame, CONTRACT).select(F.size("_reasons")).collect()[0][0] == 1
