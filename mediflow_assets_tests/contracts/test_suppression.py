"""Small cells and what gives them away: rules on random aggregates, and a linear attack on them."""

import random

import numpy as np
import pytest

from mediflow_assets.contracts import masked
from mediflow_assets.contracts.suppression import hidden
from mediflow_assets.contracts.table import SmallCells

CELLS = SmallCells("patients", ("encounters",), margins=(("department", "diagnosis"), ("department",), ()))


def table(seed):
    draw = random.Random(seed)
    sizes = [1, 3, 9, 10, 11, 12, 30, 500]
    weights = draw.choice([[1] * 8, [1, 1, 1, 1, 5, 9, 40, 40], [0, 0, 0, 1, 0, 9, 90, 90]])
    return [
        {"department": d, "diagnosis": c, "gender": g, "patients": draw.choices(sizes, weights)[0]}
        for d in "ABCD"
        for c in range(draw.randint(1, 5))
        for g in "FMU"
        if draw.random() < 0.8
    ]


def totals(rows, margin):
    """The totals of groups, as another table shows them, and the cells behind each."""
    found = {}
    for at, row in enumerate(rows):
        found.setdefault(tuple(row[name] for name in margin), []).append(at)
    shown = [
        dict(zip(margin, key, strict=True)) | {"patients": sum(rows[at]["patients"] for at in members)}
        for key, members in found.items()
    ]
    wider = CELLS.margins[CELLS.margins.index(margin) + 1 :]
    flags = hidden(shown, SmallCells("patients", (), margins=wider))
    return [members for members, flag in zip(found.values(), flags, strict=True) if not flag]


@pytest.mark.parametrize("seed", range(100))
def test_no_blanked_small_cell_follows_from_all_totals_together(seed):
    """All tables of totals are open: a cell is given away if it alone is a combination of their equations."""
    rows = table(seed)
    flags = hidden(rows, CELLS)
    assert all(flag for flag, row in zip(flags, rows, strict=True) if row["patients"] < 11)
    unknown = [at for at, flag in enumerate(flags) if flag]
    known = [members for margin in CELLS.margins for members in totals(rows, margin)]
    if not unknown or not known:
        return
    equations = np.array([[float(at in set(members)) for at in unknown] for members in known])
    rank = np.linalg.matrix_rank(equations)
    for place, at in enumerate(unknown):
        is_given_away = np.linalg.matrix_rank(np.vstack([equations, np.eye(len(unknown))[place]])) == rank
        assert not (is_given_away and rows[at]["patients"] < 11), rows[at]


@pytest.mark.parametrize("seed", range(100))
def test_no_total_less_what_is_shown_leaves_one_to_ten(seed):
    rows = table(seed)
    flags = hidden(rows, CELLS)
    for margin in CELLS.margins:
        for members in totals(rows, margin):
            left = sum(rows[at]["patients"] for at in members if flags[at])
            assert left == 0 or left >= 11


def test_a_lonely_small_cell_takes_the_smallest_beside_it():
    rows = [
        {"department": "A", "diagnosis": 1, "gender": g, "patients": n} for g, n in (("F", 3), ("M", 90), ("U", 20))
    ]
    assert hidden(rows, CELLS) == [True, False, True]


def test_large_cells_lose_nothing_and_a_cell_alone_cannot_be_helped():
    rows = [{"department": "A", "diagnosis": 1, "gender": g, "patients": 11} for g in "FM"]
    assert hidden(rows, CELLS) == [False, False]
    assert hidden([rows[0] | {"patients": 4}], CELLS) == [True] and hidden([], CELLS) == []


def test_every_masked_aggregate_has_nested_margins_of_its_own_columns():
    for contract in masked.TABLES:
        cells = contract.small_cells
        for wide, narrow in zip(cells.margins[1:], cells.margins, strict=False) if cells else ():
            assert set(wide) < set(narrow) <= set(contract.primary_key), contract.name
        assert cells is None or cells.margins[-1] == ()
