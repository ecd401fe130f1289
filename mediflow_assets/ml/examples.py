"""Examples: inputs and what came of them; and their parts, apart in time and in patients."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mediflow_assets.ml.arrays import Flags, Floats, Ints

TEST_PATIENTS, CALIBRATION_PATIENTS, TEST_TIME = 0.3, 0.15, 0.3
EMBARGO_DAYS = 30
"""What came of an encounter is known 30 days after it: training ends so long before the test begins."""
MOST_ROWS = {"train": 240_000, "calibration": 40_000, "test": 60_000}
"""Beyond these a part is a random sample: training takes as long for five million encounters as for one."""


@dataclass(frozen=True)
class Examples:
    """One row an example: `inputs` by feature; `target` in USD, or 0 and 1; `patient` keys; `at`, the day of the
    prediction since 1970; `is_unusual` marks targets that no model is asked to foresee; `groups` for figures apart."""

    inputs: pd.DataFrame
    target: Floats
    patient: np.ndarray
    at: Ints
    is_unusual: Flags
    groups: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.target)

    def take(self, rows: np.ndarray) -> "Examples":
        """Some of the rows, by place or by flag."""
        groups = {name: values[rows] for name, values in self.groups.items()}
        inputs = self.inputs.iloc[np.flatnonzero(rows) if rows.dtype == np.bool_ else rows].reset_index(drop=True)
        return Examples(inputs, self.target[rows], self.patient[rows], self.at[rows], self.is_unusual[rows], groups)


@dataclass(frozen=True)
class Parts:
    """To learn from, to calibrate on, to judge on. No patient is in two parts; the test is later than the others."""

    train: Examples
    calibration: Examples
    test: Examples
    cut: int
    """The day on which the test begins."""


def split(examples: Examples, seed: int = 0, most: Mapping[str, int] = MOST_ROWS) -> Parts:
    """By patient, through a hash of the key: a patient kept for tests stays so for every version to come. By time:
    the test is the last 30 %, and training ends 30 days before it."""
    share = pd.util.hash_array(examples.patient.astype(object)) / 2.0**64
    cut = int(np.quantile(examples.at, 1 - TEST_TIME)) if len(examples) else 0
    is_tested = share < TEST_PATIENTS
    is_calibrating = ~is_tested & (share < TEST_PATIENTS + CALIBRATION_PATIENTS)
    is_early = examples.at < cut - EMBARGO_DAYS
    rng = np.random.default_rng(seed)

    def part(name: str, chosen: Flags) -> Examples:
        places = np.flatnonzero(chosen)
        if len(places) > most[name]:
            places = np.sort(rng.choice(places, most[name], replace=False))
        return examples.take(places)

    return Parts(
        part("train", ~is_tested & ~is_calibrating & is_early),
        part("calibration", is_calibrating & is_early),
        part("test", is_tested & (examples.at >= cut)),
        cut,
    )


def split_by_patient(examples: Examples, seed: int, calibration: float, test: float = 0.2) -> Parts:
    """For data without a time: patients drawn at random, a fifth of them for the test."""
    patients, number = np.unique(examples.patient, return_inverse=True)
    share = np.random.default_rng(seed).random(len(patients))[number]
    is_calibrating = (share >= test) & (share < test + calibration)
    is_training = share >= test + calibration
    return Parts(examples.take(is_training), examples.take(is_calibrating), examples.take(share < test), 0)
