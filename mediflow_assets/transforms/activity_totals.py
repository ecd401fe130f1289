"""Totals of activity, published by themselves: of the house and of each department, in all, by year and by month.

The blanked cells of `masked/monthly_activity` are in no sum of its cells, which so falls short of the truth.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import gold, masked
from mediflow_assets.contracts.suppression import hidden
from mediflow_assets.transforms.activity import cells_of
from mediflow_assets.transforms.published_totals import Published

ALL, HOUSE = "all", "*"
"""The period of all months; in place of a department, all of them."""
_CELL = ("month", "department", "encounter_class")
Row = dict[str, Any]
MOST_BLOCKS = 600
"""With more months of departments that hold blanked cells, the totals of just these are withheld: to tell which of them
may be published takes the cube of their number."""
Block = tuple[Any, str]
"""A month and a department: every total holds its cells all or not at all."""
Total = tuple[str, str]
"""A period (`all`, `2024`, `2024-05`) and a department or the house."""


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
    """Each total, the wider ones first: they are the first to be published where not all can be."""
    blocks: dict[Block, set[int]] = defaultdict(set)
    for number, at in enumerate(blanked):
        blocks[rows[at]["month"], rows[at]["department"]].add(number)
    number_of = {block: number for number, block in enumerate(blocks)}
    published = Published(
        [frozenset().union(*(people[cell] for cell in cells)) for cells in blocks.values()],
        [len(cells) for cells in blocks.values()],
        _groups([rows[at] for at in blanked], blocks, number_of),
    )
    cells: dict[Total, list[Row]] = defaultdict(list)
    for row in rows:
        for total in product(periods_of(row["month"]), (HOUSE, row["department"])):
            cells[total].append(row)
    for (period, department), mine in sorted(cells.items(), key=lambda each: _width(each[0])):
        hidden_in = frozenset(number_of[block] for row in mine if (block := _block(row)) in number_of)
        is_narrow = len(hidden_in) == 1 and len(period) == len("2024-05")
        is_shown = (not is_narrow or len(blocks) <= MOST_BLOCKS) and published.admits(hidden_in)
        costs = [row["cost_usd"] for row in mine if row["cost_usd"] is not None]
        yield {
            "period": period,
            "department": department,
            "encounters": sum(row["encounters"] for row in mine) if is_shown else None,
            "cost_usd": sum(costs) if is_shown and costs else None,
            "is_suppressed": not is_shown,
        }


def periods_of(month: Any) -> tuple[str, str, str]:
    """The periods that a month is in."""
    return ALL, f"{month:%Y}", f"{month:%Y-%m}"


def _width(total: Total) -> tuple[int, bool, Total]:
    period, department = total
    return (0 if period == ALL else len(period), department != HOUSE, total)


def _block(row: Row) -> Block:
    return row["month"], row["department"]


def _groups(
    cells: Sequence[Row], blocks: Mapping[Block, set[int]], number_of: Mapping[Block, int]
) -> Iterator[frozenset[int]]:
    """Every set of blanked cells that shares a period, and a department, a class or both, if it is of whole blocks."""
    found: dict[tuple[Any, ...], set[int]] = defaultdict(set)
    for at, row in enumerate(cells):
        for group in product(periods_of(row["month"]), (HOUSE, row["department"]), (HOUSE, row["encounter_class"])):
            found[group].add(at)
    for group in found.values():
        within = {_block(cells[at]) for at in group}
        if sum(len(blocks[block]) for block in within) == len(group):
            yield frozenset(number_of[block] for block in within)
