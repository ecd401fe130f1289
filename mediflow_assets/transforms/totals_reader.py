"""What somebody reads out of totals beside cells: sums of blanked cells, and what narrower totals leave of one."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from mediflow_assets.transforms.published_totals import Published

ALL, HOUSE = "all", "*"
"""The period of all months; in place of a department, all of them."""
MOST_BLOCKS = 600
"""With more months of departments that hold blanked cells, the totals of just these are withheld: to tell which of them
may be published takes the cube of their number."""
Row = dict[str, Any]
Block = tuple[Any, str]
"""A month and a department: every total holds its cells all or not at all."""
Total = tuple[str, str]
"""A period (`all`, `2024`, `2024-05`) and a department or the house."""


def periods_of(month: Any) -> tuple[str, str, str]:
    """The periods that a month is in, the widest first."""
    return ALL, f"{month:%Y}", f"{month:%Y-%m}"


class Reader:
    """Somebody who knows every cell but some blanked ones, and the totals published so far."""

    def __init__(self, totals: Mapping[Total, Sequence[Row]], blanked: Sequence[tuple[Row, frozenset[int]]]) -> None:
        cells: dict[Block, set[int]] = defaultdict(set)
        for at, (row, _) in enumerate(blanked):
            cells[_block(row)].add(at)
        number = {block: n for n, block in enumerate(cells)}
        people = [frozenset().union(*(blanked[at][1] for at in mine)) for mine in cells.values()]
        groups = _groups([row for row, _ in blanked], cells, number)
        self._published = Published(people, [len(mine) for mine in cells.values()], groups)
        self._blocks = {
            total: frozenset(number[block] for row in rows if (block := _block(row)) in number)
            for total, rows in totals.items()
        }
        self._parts: dict[Total, tuple[list[Total], list[Total]]] = defaultdict(lambda: ([], []))
        """Of each total the departments of its period, and the next narrower periods of its department."""
        for total in totals:
            for wider, kind in _next_wider(total):
                self._parts[wider][kind].append(total)
        self._shown: set[Total] = set()
        self._is_bounded = len(cells) > MOST_BLOCKS

    def admits(self, total: Total) -> bool:
        """Whether the total may be published beside those that are."""
        blocks = self._blocks[total]
        if blocks and self._is_bounded and total[0].count("-") and total[1] != HOUSE:
            return False
        if not self._published.admits(blocks):
            return False
        shown = self._shown | {total} if blocks else self._shown
        wider = [each for each in _wider(total) if each in shown]
        return not blocks or all(
            self._published.hides(self._blocks[each] - self._told_of(each, kind, shown))
            for each in wider
            for kind in (0, 1)
        )

    def publish(self, total: Total) -> None:
        """Publish the total that was admitted last."""
        self._published.publish()
        self._shown.add(total)

    def _told_of(self, total: Total, kind: int, shown: set[Total]) -> frozenset[int]:
        """The blocks of a total that narrower ones tell: by department, or by period."""
        told: set[int] = set()
        for part in self._parts[total][kind] if total in self._parts else ():
            if part in shown:
                told |= self._blocks[part]
            elif self._blocks[part]:
                told |= self._told_of(part, 1 if part[1] != HOUSE else 0, shown)
        return frozenset(told)


def _next_wider(total: Total) -> Iterator[tuple[Total, int]]:
    period, department = total
    if department != HOUSE:
        yield (period, HOUSE), 0
    if period != ALL:
        yield (period[:4] if "-" in period else ALL, department), 1


def _wider(total: Total) -> list[Total]:
    """The total itself and all that hold it."""
    period, department = total
    periods = [ALL] if period == ALL else [ALL, period] if "-" not in period else [ALL, period[:4], period]
    return list(product(periods, dict.fromkeys((HOUSE, department))))


def _block(row: Row) -> Block:
    return row["month"], row["department"]


def _groups(
    cells: Sequence[Row], blocks: Mapping[Block, set[int]], number: Mapping[Block, int]
) -> Iterator[frozenset[int]]:
    """Every set of blanked cells that shares a period, and a department, a class or both, if it is of whole blocks."""
    found: dict[tuple[Any, ...], set[int]] = defaultdict(set)
    for at, row in enumerate(cells):
        for group in product(periods_of(row["month"]), (HOUSE, row["department"]), (HOUSE, row["encounter_class"])):
            found[group].add(at)
    for members in found.values():
        within = {_block(cells[at]) for at in members}
        if sum(len(blocks[block]) for block in within) == len(members):
            yield frozenset(number[block] for block in within)
