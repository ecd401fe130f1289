"""What a Silver table keeps of versions: where several make up a row, each of these, as it was said."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mediflow_assets.contracts.masks import drop
from mediflow_assets.contracts.table import Audience, Column, Privacy, TableContract, Type

VERSION_NUMBER = Column("version_number", Type.LONG, "which version of its record it is, as its source counts",
                        Privacy.TECHNICAL, drop())  # fmt: skip
CLAIMS = (
    Column("claimed_at", Type.TIMESTAMP, "time of this version as its source claims it", Privacy.DATE, drop()),
    VERSION_NUMBER,
)
"""With `updated_at`, what a source says of a version's place among its own."""
OUTCOMES = {
    "new": "the first of their key",
    "newer": "newer than what was known",
    "older": "older than what was known",
    "same": "with nothing that was not known",
    "conflicting": "of the same time as what was known, and different",
    "ended": "that end what they name",
}
"""What a version may be to its table when it arrives."""
MOST_CONFLICTS = 0.2
"""Of the records of a delivery that touch what was known: where more are conflicting, that is told."""
ORDER = ("updated_at", "claimed_at", "version_number", "_ingested_at", "_record_number", "_delivery_id")
"""Which of two versions is the newer one: nulls come first."""
PLACE = ("_delivery_id", "_record_number", "_ingested_at")
END = Column("is_end", Type.BOOLEAN, "whether the version ends what it names, and says nothing else", Privacy.TECHNICAL,
             drop())  # fmt: skip


def contradicts(outcomes: Mapping[str, Any]) -> Any:
    """Whether more of a delivery is conflicting, by how many of its records were what: numbers, or columns of them."""
    touching = sum(count for outcome, count in outcomes.items() if outcome != "new")
    return outcomes["conflicting"] > MOST_CONFLICTS * touching


def versions_of(table: TableContract, name: str, computed: tuple[str, ...] = ()) -> TableContract:
    """The versions that make up rows of a table, where it takes several: its columns, but those that are computed."""
    required = {*table.primary_key, *PLACE, "updated_at"}
    columns = tuple(
        replace(column, nullable=column.name not in required) for column in table.columns if column.name not in computed
    )
    return TableContract(
        ("silver", name),
        f"The versions of which several make up one row of {table.name}, and ends: each as it was said.",
        Audience.PIPELINE,
        (*columns, replace(END, derived_from=table.by_name["version_number"].derived_from)),
        (*table.primary_key, "_delivery_id", "_record_number"),
    )
