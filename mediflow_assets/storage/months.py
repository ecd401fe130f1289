"""Where the rows of a large table lie: in parts of some months each, by a date of their own.

A MERGE rewrites every file that it cannot rule out: with the parts in its condition, those of the touched months alone.
A part bears the name of its first month, so that the log of the table tells what parts there are, and one commit begins
a new one. Where a row lies decides nothing: one that stands in another part than its month's is found all the same. No
reader outside of this folder sees the column.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

PART = "lake_part"
"""The column beside those of the contract by which the files lie apart."""
FEWEST_ROWS = 150_000
"""Months are gathered until they have so many rows: as files, some 8 to 32 MB."""
OUTGROWN = 2
"""A part, or a table that has none yet, is divided once it has so many times the fewest rows."""
_FIRST = "0000-00"
"""The part of a divided table that has no row any more, and the month of a row without a date."""


def parts_of(table: DeltaTable) -> dict[str, int]:
    """How many rows each part has, in the order of their months; none of a table that is not divided."""
    if table.metadata().partition_columns != [PART]:
        return {}
    actions = pa.table(table.get_add_actions(flatten=True))
    if not actions.num_rows:
        return {_FIRST: 0}
    sums = actions.group_by(f"partition.{PART}").aggregate([("num_records", "sum")]).to_pylist()
    return dict(sorted((each[f"partition.{PART}"], each["num_records_sum"]) for each in sums))


def part_of(dates: Any, parts: Sequence[str]) -> Any:
    """The part of each row by its date: the last that begins with its month or before it, else, and where no date is
    told, the first."""
    month = _months(dates)
    of_first = pa.array([parts[0]] * len(dates), pa.string())
    return reduce(lambda found, part: pc.if_else(pc.greater_equal(month, part), part, found), parts[1:], of_first)


def month_counts(batches: Iterator[pa.RecordBatch]) -> dict[str, int]:
    """How many rows each month has, by batches of one column of dates."""
    counts: dict[str, int] = {}
    for batch in batches:
        for each in pc.value_counts(_months(batch.column(0))).to_pylist():
            counts[each["values"]] = counts.get(each["values"], 0) + each["counts"]
    return counts


def first_months(counts: Mapping[str, int]) -> list[str]:
    """The parts into which months of so many rows are gathered."""
    parts: list[str] = []
    gathered = FEWEST_ROWS
    for month in sorted(counts):
        if gathered >= FEWEST_ROWS:
            parts.append(month)
            gathered = 0
        gathered += counts[month]
    return parts


def has_outgrown(rows: int) -> bool:
    """Whether so many rows are too many for one part."""
    return rows >= OUTGROWN * FEWEST_ROWS


def _months(dates: Any) -> Any:
    return pc.fill_null(pc.utf8_slice_codeunits(pc.cast(dates, pa.string()), 0, 7), _FIRST)
