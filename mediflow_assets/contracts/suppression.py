"""Which cells of an aggregate are blanked: those of 1 to 10 people, and others that would give one of them away."""

from collections.abc import Mapping, Sequence
from typing import Any

from mediflow_assets.contracts.table import SmallCells

K = 11
"""The smallest count of people that may be shown."""
Row = Mapping[str, Any]
Key = tuple[Any, ...]


def hidden(rows: Sequence[Row], cells: SmallCells) -> list[bool]:
    """Per row, whether it is blanked.

    `margins` are nested groups, the narrowest first, whose totals may be known from another table. Within each, the
    parts that are unknown are none, or at least two that count eleven people together: the total less what is known
    then tells a sum only. Where they are too few or too small, the smallest known part is given up, whole. A table of
    those totals, validated by the wider margins alone, gives up the same parts.
    """
    found = [row[cells.people] < K for row in rows]
    parts: dict[Key, list[int]] = {(at,): [at] for at in range(len(rows))}
    unknown = {key for key in parts if found[key[0]]}
    for margin in cells.margins:
        within: dict[Key, dict[Key, list[int]]] = {}
        for key, members in parts.items():
            within.setdefault(tuple(rows[members[0]][name] for name in margin), {})[key] = members
        for group in within.values():
            given_up = _given_up(rows, cells, group, unknown)
            if given_up is not None:
                unknown.add(given_up)
                for at in group[given_up]:
                    found[at] = True
        parts = {key: [at for members in group.values() for at in members] for key, group in within.items()}
        unknown = {key for key, members in parts.items() if _people(rows, cells, members) < K}
    return found


def _given_up(rows: Sequence[Row], cells: SmallCells, group: Mapping[Key, list[int]], unknown: set[Key]) -> Key | None:
    """The smallest known part of a group, if what is unknown of it would else be told by its total."""
    hidden_people = [_people(rows, cells, members) for key, members in group.items() if key in unknown]
    known = [key for key in group if key not in unknown]
    if not hidden_people or not known or (len(hidden_people) > 1 and sum(hidden_people) >= K):
        return None
    return min(known, key=lambda key: (_people(rows, cells, group[key]), _named(rows, cells, group[key])))


def _people(rows: Sequence[Row], cells: SmallCells, members: Sequence[int]) -> int:
    return sum(rows[at][cells.people] for at in members)


def _named(rows: Sequence[Row], cells: SmallCells, members: Sequence[int]) -> str:
    """What a part's rows have in common, so that the same part is given up wherever it is a row or a group."""
    names = sorted(name for name in rows[members[0]] if name != cells.people)
    shared = [n for n in names if len({rows[at][n] for at in members}) == 1]
    return "|".join(str(rows[members[0]][name]) for name in names if name in shared)
