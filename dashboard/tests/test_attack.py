"""No group of 1 to 10 people follows from charts, filters, pages and downloads, put together.

Everybody has one encounter here, so that people, encounters and stays all count the same heads: that helps the attacker
most. A group is told where the least and the most that it may count both lie within 1 to 10.
"""

import itertools
import random
from collections import Counter
from decimal import Decimal
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from dashboard.tests.attacker import ATOMS, Atom, everything, is_active, year_in_rows
from dashboard.tests.lakes import Row, store
from mediflow_assets.contracts import masked
from mediflow_assets.contracts.suppression import hidden
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.transforms.activity_totals import blanked_cells, totals

ASKED = 80
"""Groups that a hospital is attacked at, drawn from all."""
_SHARE = {"B": 0.5, "C": 0.12, "O": 0.08, "90+": 0.15, "Y": 0.3, "back": 0.3, "excluded": 0.3, "cancelled": 0.03}


def hospital(seed: int) -> list[int]:
    """How many people there are of each kind: many of the common ones, few of the others."""
    dice, counts = random.Random(seed), []
    for atom in ATOMS:
        expected = 60.0 * (0.15 if atom["dear"] else 1.0)
        for value in atom.values():
            expected *= _SHARE.get(str(value), 1.0)
        tries = max(1, round(2 * expected))
        counts.append(sum(dice.random() < expected / tries for _ in range(tries)))
    return counts


def build(home: Path, counts: list[int]) -> None:
    """The masked tables as the pipeline makes them, small cells blanked by the pipeline's own rule."""
    rows = [(f"p{at}-{n}", atom) for at, atom in enumerate(ATOMS) for n in range(counts[at])]
    store(home, masked.ENCOUNTERS, [_encounter(key, atom) for key, atom in rows])
    stays = [(key, a) for key, a in rows if a["class"] == "inpatient" and is_active(a)]
    store(home, masked.READMISSIONS, [_episode(key, atom) for key, atom in stays])
    store(home, masked.COST_ANOMALIES, [_anomaly(key, atom) for key, atom in rows if atom["dear"]])
    active = [atom for _, atom in rows if is_active(atom)]
    _store_cells(
        home,
        masked.MONTHLY_ACTIVITY,
        active,
        "cost_usd",
        {"month": "month", "department": "department", "encounter_class": "class"},
    )
    _store_totals(home, [(key, atom) for key, atom in rows if is_active(atom)])
    _store_cells(
        home,
        masked.DEPARTMENT_COSTS,
        active,
        "total_cost_usd",
        {"department": "department", "gender": "gender", "diagnosis_code": "code"},
    )


def _store_totals(home: Path, rows: list[tuple[str, Atom]]) -> None:
    people: dict[tuple[object, ...], set[int]] = {}
    for at, (_, atom) in enumerate(rows):
        people.setdefault((atom["month"], atom["department"], atom["class"]), set()).add(at)
    cells = [
        {
            "month": month,
            "department": department,
            "encounter_class": class_,
            "patients": len(who),
            "encounters": len(who),
            "cost_usd": Decimal(100 * len(who)),
        }
        for (month, department, class_), who in people.items()
    ]
    blanked, who = blanked_cells(cells), list(people.values())
    store(home, masked.ACTIVITY_TOTALS, list(totals(cells, blanked, [frozenset(who[at]) for at in blanked])))


def _encounter(key: str, atom: Atom) -> Row:
    return {
        "encounter_key": key,
        "patient_key": key,
        "status": "finished" if is_active(atom) else "cancelled",
        "gender": atom["gender"],
        "age_band": atom["age"],
        "admitted_year": year_in_rows(atom),
        "department": atom["department"],
        "encounter_class": atom["class"],
        "cost_usd": Decimal(100),
    }


def _episode(key: str, atom: Atom) -> Row:
    return {
        "encounter_key": key,
        "patient_key": key,
        "department": atom["department"],
        "length_of_stay_days": 3,
        "is_readmitted": {"back": True, "gone": False}.get(atom["course"]),
        "discharged_year": year_in_rows(atom),
    }


def _anomaly(key: str, atom: Atom) -> Row:
    return {
        "encounter_key": key,
        "patient_key": key,
        "department": atom["department"],
        "diagnosis_code": atom["code"],
        "encounter_class": atom["class"],
        "admitted_year": year_in_rows(atom),
        "cost_usd": Decimal(900),
        "expected_cost_usd": Decimal(100),
        "limit_usd": Decimal(500),
        "peer_group": "class",
    }


def _store_cells(home: Path, contract: TableContract, atoms: list[Atom], cost: str, by: dict[str, str]) -> None:
    cells = Counter(tuple(atom[name] for name in by.values()) for atom in atoms)
    rows = [dict(zip(by, key, strict=True)) | {"patients": count} for key, count in cells.items()]
    assert contract.small_cells
    blank = {"patients": None, "is_suppressed": True}
    store(
        home,
        contract,
        [
            row
            | (
                blank
                if flag
                else {"encounters": row["patients"], cost: Decimal(row["patients"] * 100), "is_suppressed": False}
            )
            for row, flag in zip(rows, hidden(rows, contract.small_cells), strict=True)
        ],
    )


def small_groups(counts: list[int]) -> list[tuple[Row, int]]:
    """Every group of 1 to 10 people, by up to four attributes: its attributes, and how many it counts."""
    found: list[tuple[Row, int]] = []
    for by in (names for size in range(1, 5) for names in itertools.combinations(ATOMS[0], size)):
        sums: Counter[tuple[object, ...]] = Counter()
        for count, atom in zip(counts, ATOMS, strict=True):
            sums[tuple(atom[name] for name in by)] += count
        found += [(dict(zip(by, key, strict=True)), count) for key, count in sums.items() if 1 <= count <= 10]
    return found


def _is_in(group: Row, atom: Atom) -> bool:
    return all(atom[name] == value for name, value in group.items())


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 4))])
def test_no_small_group_follows_from_everything_shown_together(seed: int, home: Path) -> None:
    counts = hospital(seed)
    build(home, counts)
    told = everything()
    truth = np.array(told.sums) @ np.array(counts)
    assert (truth >= told.least).all() and (truth <= told.most).all(), "the attacker misreads the pages"
    groups = small_groups(counts)
    assert len(groups) > 10 * ASKED
    asked = random.Random(seed).sample(groups, ASKED)
    ranges = [(group, count, told.range_of(partial(_is_in, group))) for group, count in asked]
    assert [each for each in ranges if each[2][0] > 0.5 and each[2][1] < 10.5] == []


def test_the_attack_succeeds_on_a_page_that_tells_a_total_beside_its_parts(home: Path) -> None:
    counts = hospital(1)
    build(home, counts)
    told = everything()
    group, count = next(each for each in small_groups(counts) if "department" in each[0])
    told.exactly(sum(counts), lambda _: True)
    told.exactly(sum(counts) - count, lambda atom: not _is_in(group, atom))
    least, most = told.range_of(partial(_is_in, group))
    assert (round(least), round(most)) == (count, count)
