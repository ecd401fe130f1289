"""The model of the hospital: `hospital.toml` as typed constants and tables to draw from."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

DAY = 24 * 60  # minutes: all times of the simulation are minutes since 1970-01-01 UTC
UNPLANNED_STAY, PLANNED_STAY, EMERGENCY, URGENTCARE, OUTPATIENT = range(5)  # rows of [[setting]]
PEOPLE = ("child", "mother", "adult", "senior")
CAUSES = ("stay", "planned", "emergency", "visit", "wellness")
CAUSE_OF_SETTING = np.array([0, 1, 2, 3, 3, 3, 4])
STATUSES = ("finished", "cancelled", "in-progress")
FINISHED, CANCELLED, OPEN = range(3)


class DrawTable:
    """Weighted choice, one row of weights per group; draws by index, so that a million cost milliseconds."""

    SLOTS = 8192

    def __init__(self, weights: Floats) -> None:
        """Weights by group and choice; each group needs one above zero."""
        shares = np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True)
        middles = (np.arange(self.SLOTS) + 0.5) / self.SLOTS
        self._choices = np.stack([np.searchsorted(row, middles) for row in shares])

    def draw(self, rng: np.random.Generator, groups: Ints) -> Ints:
        """One choice for each entry of `groups`."""
        drawn: Ints = self._choices[groups, rng.integers(0, self.SLOTS, len(groups))]
        return drawn


@dataclass(frozen=True)
class Hospital:
    """Constants of `hospital.toml`; an index into a tuple of names stands for the name in every array."""

    constants: dict[str, Any]
    first_minute: int
    last_minute: int
    classes: tuple[str, ...]
    class_of_setting: Ints
    admission_types: tuple[str, ...]
    admission_type: DrawTable  # group: setting
    setting: DrawTable  # group: number of chronic conditions
    visit_hours: Floats  # median, by setting
    setting_cost: Floats  # USD, by setting
    codes: tuple[str, ...]
    conditions: tuple[int, ...]  # diagnoses that are chronic conditions, in order of their bits
    diagnosis: DrawTable  # group: cause * len(PEOPLE) + people
    diagnosis_department: Ints
    diagnosis_risk: Floats
    diagnosis_days: Floats
    diagnosis_cost: Floats
    departments: tuple[str, ...]
    department_cost: Floats
    dispositions: tuple[str, ...]
    disposition: DrawTable  # group: people


@cache
def load_hospital() -> Hospital:
    """The hospital of `hospital.toml`."""
    constants = tomllib.loads(files(__package__).joinpath("hospital.toml").read_text(encoding="utf-8"))
    departments = tuple(constants["departments"]["cost"])
    return Hospital(
        constants=constants,
        first_minute=minute_of(constants["window"]["first_day"]),
        last_minute=minute_of(constants["window"]["last_day"]) + DAY - 1,
        departments=departments,
        department_cost=np.array(list(constants["departments"]["cost"].values())),
        dispositions=tuple(constants["stay"]["dispositions"]),
        disposition=DrawTable(np.array([constants["stay"][people] for people in PEOPLE])),
        **_settings(constants["setting"], len(constants["conditions"]["prevalence"])),
        **_diagnoses(constants["conditions"], departments),
    )


def minute_of(day: date) -> int:
    """The first minute of a day, in minutes since 1970-01-01 UTC."""
    return (day - date(1970, 1, 1)).days * DAY


def _settings(settings: list[dict[str, Any]], conditions: int) -> dict[str, Any]:
    classes = tuple(dict.fromkeys(each["encounter_class"] for each in settings))
    types = tuple(dict.fromkeys(name for each in settings for name in each["admission_types"]))
    weights = [[s["weight"] * s["growth"] ** count for s in settings] for count in range(conditions + 1)]
    return {
        "classes": classes,
        "class_of_setting": np.array([classes.index(each["encounter_class"]) for each in settings]),
        "admission_types": types,
        "admission_type": DrawTable(
            np.array([[each["admission_types"].get(name, 0.0) for name in types] for each in settings])
        ),
        "setting": DrawTable(np.array(weights)),
        "visit_hours": np.array([each.get("hours", 0.0) for each in settings]),
        "setting_cost": np.array([each["cost_usd"] for each in settings]),
    }


def _diagnoses(section: dict[str, Any], departments: tuple[str, ...]) -> dict[str, Any]:
    rows = section["diagnosis"]
    codes = tuple(row["code"] for row in rows)
    weights = [
        [row.get(cause, 0.0) if people in row["people"].split() else 0.0 for row in rows]
        for cause in CAUSES
        for people in PEOPLE
    ]
    return {
        "codes": codes,
        "conditions": tuple(codes.index(code) for code in section["prevalence"]),
        "diagnosis": DrawTable(np.array(weights)),
        "diagnosis_department": np.array([departments.index(row["department"]) for row in rows]),
        "diagnosis_risk": np.array([row["risk"] for row in rows], dtype=np.float64),
        "diagnosis_days": np.array([row["days"] for row in rows], dtype=np.float64),
        "diagnosis_cost": np.array([row["cost"] for row in rows], dtype=np.float64),
    }
