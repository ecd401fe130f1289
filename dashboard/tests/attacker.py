"""An attacker who puts together every count that the dashboard tells.

Each count is an equation (an exact sum) or an interval (a count to the nearest twenty) over all combinations of
attributes. A linear program asks of any group of people the least and the most that it may count.
"""

import datetime as dt
import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import polars as pl
from scipy.optimize import linprog

from dashboard.cells import NEAREST, rounded
from dashboard.figures import clinical, executive, quality
from dashboard.figures.executive import ALL, NO_YEAR, Chosen
from dashboard.lake import Snapshot, open_table
from mediflow_assets.contracts import masked

Atom = dict[str, Any]
Means = Callable[[Atom], bool]

MONTHS = [dt.date(year, month, 1) for year in (2023, 2024) for month in (1, 7)]
DEPARTMENTS, CLASSES, GENDERS, AGES, CODES = ("A", "B", "C"), ("inpatient", "outpatient"), "FO", ("40-44", "90+"), "XY"
COURSES = [
    ("inpatient", "excluded"),
    ("inpatient", "gone"),
    ("inpatient", "back"),
    ("inpatient", "cancelled"),
    ("outpatient", "none"),
    ("outpatient", "cancelled"),
]
ATOMS: list[Atom] = [
    {
        "month": month,
        "year": month.year,
        "department": department,
        "class": course[0],
        "course": course[1],
        "gender": gender,
        "age": age,
        "code": code,
        "dear": dear,
    }
    for month, department, course, gender, age, code in itertools.product(
        MONTHS, DEPARTMENTS, COURSES, GENDERS, AGES, CODES
    )
    for dear in ((False,) if course[1] == "cancelled" else (False, True))
]
"""Everything an encounter may be. Rows of people of 90 and over show no year."""


class Attacker:
    """What was told so far."""

    def __init__(self) -> None:
        self.sums: list[list[float]] = []
        self.least: list[float] = []
        self.most: list[float] = []

    def exactly(self, value: int | None, means: Means) -> None:
        """An exact count of the atoms that are meant; None where it is not shown."""
        self._told(value, 1, means)

    def nearly(self, value: int | None, means: Means) -> None:
        """The same, to the nearest twenty."""
        self._told(value, NEAREST, means)

    def _told(self, value: int | None, width: int, means: Means) -> None:
        if value is None:
            return
        least = value - width // 2
        self.sums.append([float(means(atom)) for atom in ATOMS])
        self.least.append(least)
        self.most.append(least + width - 1)

    def range_of(self, means: Means) -> tuple[float, float]:
        """The least and the most that a group may count."""
        aim, sums = np.array([float(means(atom)) for atom in ATOMS]), np.array(self.sums)
        limits = {"A_ub": np.vstack([sums, -sums]), "b_ub": np.array([*self.most, *(-each for each in self.least)])}
        least, most = linprog(aim, **limits, method="highs"), linprog(-aim, **limits, method="highs")
        assert least.status == 0 and most.status in (0, 3)
        return float(least.fun), float(-most.fun) if most.status == 0 else float("inf")


def is_active(atom: Atom) -> bool:
    """Neither cancelled nor planned."""
    return bool(atom["course"] != "cancelled")


def year_in_rows(atom: Atom) -> int | None:
    """The year that rows show."""
    return None if atom["age"] == "90+" else int(atom["year"])


def everything() -> Attacker:
    """All counts of all pages under all filters, and the sizes of tables that the quality page tells."""
    attacker = Attacker()
    for read in (_months, _filters, _clinical, _anomalies, _sizes):
        read(attacker)
    return attacker


def _months(told: Attacker) -> None:
    tables = open_table(masked.MONTHLY_ACTIVITY), open_table(masked.ACTIVITY_TOTALS)
    for month, department, class_ in itertools.product(MONTHS, (ALL, *DEPARTMENTS), (ALL, *CLASSES)):
        shown = executive.by_month(*tables, Chosen(month.year, department, class_)).filter(
            (pl.col("month") == month) & (pl.col("department") == department)
        )
        of = Chosen(month.year, department, class_)
        if shown.height or ALL not in (department, class_):
            told.exactly(shown["encounters"].item() if shown.height else 0, partial(_is_in_month, month, of))
    for year, department in itertools.product((None, 2023, 2024), (ALL, *DEPARTMENTS)):
        activity = executive.activity_of(*tables, Chosen(year, department))
        if activity.is_exact:
            told.exactly(activity.encounters, partial(_is_in_month, None, Chosen(year, department)))


def _is_in_month(month: dt.date | None, of: Chosen, atom: Atom) -> bool:
    return (
        is_active(atom)
        and month in (None, atom["month"])
        and of.year in (None, atom["year"])
        and of.department in (ALL, atom["department"])
        and of.encounter_class in (ALL, atom["class"])
    )


def _filters(told: Attacker) -> None:
    activity, encounters = open_table(masked.MONTHLY_ACTIVITY), open_table(masked.ENCOUNTERS)
    readmissions, anomalies = open_table(masked.READMISSIONS), open_table(masked.COST_ANOMALIES)
    people = executive._people(encounters).select("year", "department", "encounter_class").unique()
    shown_people = {(int(row[0]), *map(str, row[1:])) for row in people.rows()}
    stays = _shown(executive.readmission_cells(readmissions, activity), "year", "department")
    for year, department, class_ in itertools.product((None, 2023, 2024), (ALL, *DEPARTMENTS), (ALL, *CLASSES)):
        chosen = Chosen(year, department, class_)
        told.nearly(executive.patients_of(encounters, chosen), partial(_is_person, chosen, shown_people))
        rate = executive.readmission_of(readmissions, activity, chosen)
        told.exactly(rate.whole, partial(_is_stay, chosen, stays, ("gone", "back")))
        told.exactly(rate.part, partial(_is_stay, chosen, stays, ("back",)))
        by = ("year", "department") if class_ == ALL else ("year", "department", "encounter_class")
        dear = _shown(executive._anomaly_cells(anomalies, class_ != ALL), *by)
        told.exactly(executive.anomalies_of(anomalies, chosen)[0], partial(_is_dear, chosen, dear))


def _shown(cells: pl.DataFrame, *by: str) -> set[tuple[object, ...]]:
    return set(cells.filter(~pl.col("is_hidden")).select(by).rows())


def _is_of(chosen: Chosen, atom: Atom) -> bool:
    return (
        (chosen.year is None or year_in_rows(atom) == chosen.year)
        and chosen.department in (ALL, atom["department"])
        and chosen.encounter_class in (ALL, atom["class"])
    )


def _is_person(chosen: Chosen, shown: set[tuple[object, ...]], atom: Atom) -> bool:
    cell = (year_in_rows(atom) or NO_YEAR, atom["department"], atom["class"])
    return is_active(atom) and _is_of(chosen, atom) and cell in shown


def _is_stay(chosen: Chosen, shown: set[tuple[object, ...]], courses: tuple[str, ...], atom: Atom) -> bool:
    is_of = _is_of(Chosen(chosen.year, chosen.department), atom)
    return atom["course"] in courses and is_of and (year_in_rows(atom) or NO_YEAR, atom["department"]) in shown


def _is_dear(chosen: Chosen, shown: set[tuple[object, ...]], atom: Atom) -> bool:
    cell: tuple[object, ...] = (year_in_rows(atom) or NO_YEAR, atom["department"])
    return bool(atom["dear"]) and _is_of(chosen, atom) and (cell in shown or (*cell, atom["class"]) in shown)


def _clinical(told: Attacker) -> None:
    encounters, readmissions = open_table(masked.ENCOUNTERS), open_table(masked.READMISSIONS)
    ages = clinical.people_by_age(encounters)
    groups = _shown(ages, "age_band", "gender")
    for row in ages.to_dicts():
        group = (row["age_band"], row["gender"])
        told.nearly(row["patients"], lambda a, of=group: is_active(a) and (a["age"], a["gender"]) == of)  # type: ignore[misc]
    for row in clinical.cost_by_age(encounters).to_dicts():
        mine = {group for group in groups if group[0] == row["age_band"]}
        told.nearly(row["encounters"], lambda a, of=mine: is_active(a) and (a["age"], a["gender"]) in of)  # type: ignore[misc]
    for row in clinical.stay_by_department(readmissions).to_dicts():
        told.nearly(row["stays"], partial(_is_episode, row["department"]))
    costs = open_table(masked.DEPARTMENT_COSTS)
    cells = costs.collect(costs.scan("department", "gender", "diagnosis_code", "is_suppressed"))
    shown = set(cells.filter(~pl.col("is_suppressed")).drop("is_suppressed").rows())
    for row in clinical.diagnoses(costs).to_dicts():
        told.exactly(row["encounters"], partial(_is_diagnosed, row["diagnosis_code"], shown))


def _is_episode(department: str | None, atom: Atom) -> bool:
    return atom["class"] == "inpatient" and is_active(atom) and department in (None, atom["department"])


def _is_diagnosed(code: str, shown: set[tuple[object, ...]], atom: Atom) -> bool:
    cell = (atom["department"], atom["gender"], atom["code"])
    return is_active(atom) and atom["code"] == code and cell in shown


def _anomalies(told: Attacker) -> None:
    rows = quality.anomalies(open_table(masked.COST_ANOMALIES)).to_dicts()
    named = {(row["department"], row["diagnosis_code"]) for row in rows}
    for row in rows:
        group = (row["department"], row["diagnosis_code"])
        told.exactly(row["anomalies"], partial(_is_of_group, group, named))


def _is_of_group(group: tuple[str, str], named: set[tuple[str, str]], atom: Atom) -> bool:
    own = (atom["department"], atom["code"])
    return bool(atom["dear"]) and group == (own if own in named else (atom["department"], quality.OTHERS))


def _sizes(told: Attacker) -> None:
    sizes: list[tuple[Snapshot, Means]] = [
        (open_table(masked.ENCOUNTERS), lambda _: True),
        (open_table(masked.READMISSIONS), partial(_is_episode, None)),
        (open_table(masked.COST_ANOMALIES), lambda atom: bool(atom["dear"])),
    ]
    for table, means in sizes:
        told.nearly(rounded(table.rows), means)
