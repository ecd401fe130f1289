"""Totals by themselves: true where they are shown, and no small group follows from all that is shown together."""

import datetime as dt
import itertools
import random
from collections import defaultdict
from decimal import Decimal

import numpy as np
import pytest
from scipy.optimize import linprog

from mediflow_assets.contracts import gold, masked
from mediflow_assets.transforms.activity import monthly_activity
from mediflow_assets.transforms.activity_totals import activity_totals, blanked_cells, periods_of, totals
from mediflow_assets.transforms.published_totals import Published

CLASSES = ("inpatient", "emergency", "ambulatory", "urgentcare")
MONTHS = [dt.date(year, month, 1) for year in (2023, 2024) for month in (1, 2, 3)]


def cells(seed, small=0.35):
    """A hospital's cells: most of many people, some of few; each person in one cell."""
    chance = random.Random(seed)
    made, people = [], []
    for month, department, class_ in itertools.product(MONTHS, "ABCD", CLASSES):
        count = chance.randint(1, 10) if chance.random() < small else chance.randint(11, 60)
        first = sum(map(len, people))
        people.append(frozenset(range(first, first + count)))
        made.append(
            {
                "month": month,
                "department": department,
                "encounter_class": class_,
                "patients": count,
                "encounters": count,
                "cost_usd": Decimal(count * 100),
            }
        )
    return made, people


def published(rows, people):
    blanked = blanked_cells(rows)
    return blanked, {(t["period"], t["department"]): t for t in totals(rows, blanked, [people[at] for at in blanked])}


def members(rows):
    found = defaultdict(list)
    for at, row in enumerate(rows):
        for period, department, class_ in itertools.product(
            periods_of(row["month"]), ("*", row["department"]), ("*", row["encounter_class"])
        ):
            found[period, department, class_].append(at)
    return found


@pytest.mark.parametrize("seed", range(6))
def test_a_total_that_is_shown_is_the_truth_and_most_are_shown(seed):
    rows, people = cells(seed)
    _, made = published(rows, people)
    for (period, department, class_), mine in members(rows).items():
        total = made[period, department]
        if class_ == "*" and not total["is_suppressed"]:
            assert total["encounters"] == sum(rows[at]["encounters"] for at in mine)
            assert total["cost_usd"] == sum(rows[at]["cost_usd"] for at in mine)
    assert not made["all", "*"]["is_suppressed"]
    # a third of these cells are small: of so small a hospital a part of the totals has to stay withheld
    assert sum(not total["is_suppressed"] for total in made.values()) > 0.5 * len(made)
    assert all((total["encounters"] is None) == total["is_suppressed"] for total in made.values())


@pytest.mark.parametrize("seed", range(6))
def test_no_small_group_follows_from_cells_and_totals_together(seed):
    """An attacker by linear programming, who knows every shown cell and total, and that nothing is below zero."""
    rows, people = cells(seed)
    blanked, made = published(rows, people)
    groups, sums, told = members(rows), [], []
    for at, row in enumerate(rows):
        # the monthly census tells inpatients, where they are eleven or more
        if row["encounter_class"] == "inpatient" and row["patients"] > 10 and at in blanked:
            sums.append([float(other == at) for other in range(len(rows))])
            told.append(row["patients"])
    for at in set(range(len(rows))) - set(blanked):
        sums.append([float(other == at) for other in range(len(rows))])
        told.append(rows[at]["patients"])
    for (period, department), total in made.items():
        if not total["is_suppressed"]:
            mine = set(groups[period, department, "*"])
            sums.append([float(at in mine) for at in range(len(rows))])
            told.append(total["encounters"])
    # what is left of the house by the departments that are shown is a group too
    left = {}
    for period, department in made:
        if department == "*":
            hidden = [key for key in made if key[0] == period and made[key]["is_suppressed"]]
            left[period, "left", "*"] = [at for key in hidden for at in groups[(*key, "*")]]
    for group, mine in (groups | left).items():
        count = sum(rows[at]["patients"] for at in mine)
        if 0 < count < 11:
            aim = np.array([float(at in mine) for at in range(len(rows))])
            least, most = (linprog(sign * aim, A_eq=np.array(sums), b_eq=np.array(told)).fun for sign in (1, -1))
            assert not (least > 0.5 and -most < 10.5), (group, count, least, -most)


def test_what_a_combination_of_totals_would_tell_is_withheld():
    eleven, small = frozenset(range(11)), frozenset(range(100, 103))
    people = [eleven, small, frozenset(range(200, 211)), frozenset(range(300, 311))]
    told = Published(people, [1, 1, 1, 1], [frozenset({at}) for at in range(4)])
    for pair in ({0, 1}, {1, 2}, {2, 3}):
        assert told.admits(frozenset(pair))
        told.publish()
    # the small one is half of what the three pairs come to
    assert not told.admits(frozenset({0, 2}))
    assert not told.admits(frozenset({1})) and told.admits(frozenset())


def test_people_who_come_often_are_not_counted_twice():
    same = frozenset(range(6))
    assert not Published([same, same], [1, 1], []).admits(frozenset({0, 1}))
    assert Published([same, frozenset(range(5, 11))], [1, 1], []).admits(frozenset({0, 1}))


def test_where_there_are_too_many_to_judge_months_of_departments_are_withheld(monkeypatch):
    rows, people = cells(1)
    monkeypatch.setattr("mediflow_assets.transforms.totals_reader.MOST_BLOCKS", 1)
    blanked, made = published(rows, people)
    of_blanked = {(f"{rows[at]['month']:%Y-%m}", rows[at]["department"]) for at in blanked}
    assert {key for key, total in made.items() if total["is_suppressed"]} >= of_blanked
    assert not made["all", "*"]["is_suppressed"] and not made["2024", "*"]["is_suppressed"]


def test_the_table_is_made_from_encounters_with_their_people(encounters, frame):
    def stay(number, department, month=1, **more):
        admitted = dt.datetime(2024, month, 10, tzinfo=dt.UTC)
        return {
            "encounter_id": f"{department}{number}{month}",
            "patient_id": f"{department}{number}",
            "department": department,
            "admitted_at": admitted,
            "cost_usd": Decimal("10.00"),
        } | more

    rows = encounters(
        *(stay(n, "BIG") for n in range(30)),
        *(stay(n, "SMALL", month) for n in range(9) for month in (1, 2, 3)),
        *(stay(n, "RARE", n % 4 + 1) for n in range(12)),
        *(stay(n, "THIN", n % 4 + 1) for n in range(14)),
        stay(99, "BIG", status="cancelled"),
    )
    none = [frame(table, {}).where("false") for table in (gold.READMISSIONS, gold.COST_ANOMALIES)]
    active = monthly_activity(rows, *none)
    made = {(row["period"], row["department"]): row for row in activity_totals(rows, active).collect()}
    assert set(activity_totals(rows, active).columns) == set(masked.ACTIVITY_TOTALS.column_names)
    shown = {key: row["encounters"] for key, row in made.items() if key[0] == "2024"}
    # nine people who came three times are nine; twelve of whom few came in any month are twelve; the last one would
    # tell the nine, as what is left of the house
    assert shown == {
        ("2024", "*"): 83,
        ("2024", "BIG"): 30,
        ("2024", "RARE"): None,
        ("2024", "SMALL"): None,
        ("2024", "THIN"): 14,
    }
    assert made["2024", "*"]["cost_usd"] == Decimal("830.00")


def test_no_encounters_make_an_empty_table(encounters, frame):
    none = encounters({}).where("false"), frame(gold.MONTHLY_ACTIVITY, {}).where("false")
    assert activity_totals(*none).count() == 0
