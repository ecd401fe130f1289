"""The two predictions: what each takes, what it predicts, and the plain rules it has to beat."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from mediflow_assets.contracts.inputs import (
    CLASS,
    COST_FEATURES,
    COST_MODEL,
    READMISSION_FEATURES,
    READMISSION_MODEL,
    Feature,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Rule = Callable[[pd.DataFrame, Floats, pd.DataFrame], Floats]
"""Training inputs, their targets, and other inputs → answers for the latter."""


@dataclass(frozen=True)
class Task:
    """One prediction. `is_probability`: whether something happens; else an amount, modelled by its logarithm."""

    name: str
    features: Sequence[Feature]
    is_probability: bool
    unit: str
    target: str
    rules: Mapping[str, Rule] = field(default_factory=dict)
    is_logged: bool = True
    """Whether an amount is learned by its logarithm."""
    by: str | None = None
    """The input by whose words the spread of an amount is told, where it is learned."""

    @property
    def headline(self) -> str:
        """The figure by which versions are compared."""
        return "auc" if self.is_probability else "r2"


def mean_rule(_: pd.DataFrame, target: Floats, rows: pd.DataFrame) -> Floats:
    """The mean of the training rows, for everyone."""
    return np.full(len(rows), target.mean())


def group_mean_rule(*columns: str) -> Rule:
    """The mean of the training rows of the same group; of all, where the group has none."""

    def rule(inputs: pd.DataFrame, target: Floats, rows: pd.DataFrame) -> Floats:
        means = pd.Series(target).groupby([inputs[column].to_numpy() for column in columns]).mean()
        found = rows[list(columns)].merge(means.rename("mean"), how="left", left_on=list(columns), right_index=True)
        return np.asarray(found["mean"].fillna(target.mean()), dtype=np.float64)

    return rule


def lace_points(rows: pd.DataFrame) -> Floats:
    """A score after LACE (van Walraven et al., CMAJ 2010;182:551-7): length of stay, acuity, comorbidity, emergency.

    The comorbidity part counts Charlson groups instead of weighing them, for only their number is at hand.
    """
    days = rows["length_of_stay_days"].fillna(0).to_numpy(np.float64)
    stay = np.select([days < 1, days < 2, days < 3, days < 4, days < 7, days < 14], [0, 1, 2, 3, 4, 5], 7)
    acute = np.where(rows["admission_type"].isin(["emergency", "urgent", "trauma"]), 3, 0)
    groups = rows["comorbidity_count"].fillna(0).to_numpy(np.float64)
    visits = rows["prior_emergency_6m"].fillna(0).to_numpy(np.float64)
    return np.asarray(stay + acute + np.where(groups >= 4, 5, groups) + np.minimum(visits, 4), dtype=np.float64)


def lace_rule(inputs: pd.DataFrame, target: Floats, rows: pd.DataFrame) -> Floats:
    """The share readmitted among training rows of as many points."""
    points = lace_points(inputs)
    share = pd.Series(target).groupby(points).agg(["sum", "count"])
    # a score that few have takes on the mean
    smoothed = (share["sum"] + 20 * target.mean()) / (share["count"] + 20)
    return np.asarray(pd.Series(lace_points(rows)).map(smoothed).fillna(target.mean()), dtype=np.float64)


COST = Task(
    COST_MODEL, COST_FEATURES, False, "USD", "billed amount of the encounter, known at its end",
    {"mean": mean_rule, "department_diagnosis_mean": group_mean_rule("department", "admitting_diagnosis_code")},
    by=CLASS,
)  # fmt: skip
READMISSION = Task(
    READMISSION_MODEL, READMISSION_FEATURES, True, "probability",
    "an unplanned inpatient admission within 30 days of discharge", {"prevalence": mean_rule, "lace": lace_rule},
)  # fmt: skip
TASKS = {task.name: task for task in (COST, READMISSION)}
