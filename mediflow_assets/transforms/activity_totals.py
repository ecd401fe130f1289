"""Totals of activity, published by themselves: of the house and of each department, in all, by year and by month.

The blanked cells of `masked/monthly_activity` are in no sum of its cells, which so falls short of the truth.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import gold, masked
from mediflow_assets.contracts.suppression import hidden
from mediflow_assets.transforms.activity import cells_of
from mediflow_assets.transforms.totals_reader import ALL, HOUSE, Reader, Total, periods_of

INPATIENT = "inpatient"
_CELL = ("month", "department", "encounter_class")
Row = dict[str, Any]


def activity_totals(encounters: DataFrame, cells: DataFrame) -> DataFrame:
    """The rows of `masked/activity_totals`, from Silver's encounters and `gold/monthly_activity`."""
    rows = cells.select(*_CELL, "patients", "encounters", "cost_usd").toArrow().to_pylist()
    contract = masked.ACTIVITY_TOTALS
    if not rows:
        # a frame without rows cannot be handed to the engine
        nothing = (F.lit(None).cast(column.type.value).alias(column.name) for column in contract.columns)
        return cells.select(*nothing).where(F.lit(False))
    blanked = blanked_cells(rows)
    made = list(totals(rows, blanked, people_in(encounters, [rows[at] for at in blanked])))
    schema = ", ".join(f"{column.name} {column.type.value}" for column in contract.columns)
    return cells.sparkSession.createDataFrame([tuple(map(row.get, contract.column_names)) for row in made], schema)


def blanked_cells(rows: Sequence[Row]) -> list[int]:
    """The places of the cells that `masked/monthly_activity` blanks, by the rule by which it does."""
    cells = gold.MONTHLY_ACTIVITY.small_cells
    assert cells is not None
    named = [{name: row[name] for name in (*_CELL, cells.people)} for row in rows]
    return [at for at, is_blanked in enumerate(hidden(named, cells)) if is_blanked]


def people_in(encounters: DataFrame, cells: Sequence[Row]) -> list[frozenset[int]]:
    """For each cell who is in it, as numbers."""
    if not cells:
        return []
    keys = pa.table({name: [row[name] for row in cells] for name in _CELL})
    wanted = encounters.sparkSession.createDataFrame(keys)
    rows = wanted.join(cells_of(encounters), [*_CELL]).select(*_CELL, "patient_key").distinct().toArrow().to_pylist()
    found: dict[tuple[Any, ...], set[int]] = defaultdict(set)
    numbers: dict[str, int] = {}
    for row in rows:
        found[tuple(row[name] for name in _CELL)].add(numbers.setdefault(row["patient_key"], len(numbers)))
    return [frozenset(found[tuple(row[name] for name in _CELL)]) for row in cells]


def totals(rows: Sequence[Row], blanked: Sequence[int], people: Sequence[frozenset[int]]) -> Iterator[Row]:
    """Each total, the wider and larger ones first: they are the first to be published where not all can be."""
    cells: dict[Total, list[Row]] = defaultdict(list)
    for row in rows:
        for total in product(periods_of(row["month"]), (HOUSE, row["department"])):
            cells[total].append(row)
    who = dict(zip(blanked, people, strict=True))
    # `masked/monthly_census` tells the admissions of inpatients: each total has to hold with and without it
    others = [at for at in blanked if rows[at]["encounter_class"] != INPATIENT]
    readers = [Reader(cells, [(rows[at], who[at]) for at in known]) for known in (blanked, others)]
    for total, mine in sorted(cells.items(), key=_width):
        is_shown = all(reader.admits(total) for reader in readers)
        if is_shown:
            for reader in readers:
                reader.publish(total)
        costs = [row["cost_usd"] for row in mine if row["cost_usd"] is not None]
        yield {
            "period": total[0],
            "department": total[1],
            "encounters": sum(row["encounters"] for row in mine) if is_shown else None,
            "cost_usd": sum(costs) if is_shown and costs else None,
            "is_suppressed": not is_shown,
        }


def _width(each: tuple[Total, list[Row]]) -> tuple[int, bool, int, Total]:
    (period, department), rows = each
    size = sum(row["encounters"] for row in rows)
    return 0 if period == ALL else len(period), department != HOUSE, -size, (period, department)
