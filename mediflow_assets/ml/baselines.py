"""Plain rules that a model has to beat."""

import numpy as np
import pandas as pd

from mediflow_assets.ml.arrays import Floats
from mediflow_assets.ml.spec import Rule


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
