"""Fitting: the features a version learns, its forest, and how the forest's score becomes an answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from mediflow_assets.contracts.inputs import Feature
from mediflow_assets.ml.examples import Examples
from mediflow_assets.ml.pipelines import LEAF, pipeline, raw_scores
from mediflow_assets.ml.tasks import Floats, Task
from mediflow_assets.scoring.response import CostResponse, PlainResponse, ProbabilityResponse, Response, log_odds

COVERAGE = 0.9
HIGH, MODERATE = 0.9, 0.7
"""The riskiest tenth is High, the next fifth Moderate."""


@dataclass(frozen=True)
class Fitted:
    """A pipeline over named features, and its response."""

    features: tuple[Feature, ...]
    pipeline: Pipeline
    response: Response
    is_probability: bool

    def raw(self, inputs: pd.DataFrame) -> Floats:
        """The estimator's own scores."""
        return np.asarray(raw_scores(self.pipeline, inputs, self.is_probability), dtype=np.float64)

    def answer(self, inputs: pd.DataFrame) -> Floats:
        """USD, or a probability."""
        return self.response.value(self.raw(inputs))


def learned(features: Sequence[Feature], inputs: pd.DataFrame, fewest: int = LEAF) -> tuple[Feature, ...]:
    """The features with the categories that enough rows have; rarer ones count as an average one."""
    return tuple(
        replace(feature, allowed=_common(inputs[feature.name], fewest)) if feature.is_category else feature
        for feature in features
    )


def _common(words: pd.Series, fewest: int) -> tuple[str, ...]:
    counts = words.value_counts()
    return tuple(sorted(counts[counts >= fewest].index)) or (str(counts.index[0]),)


def fit(task: Task, features: tuple[Feature, ...], estimator: BaseEstimator, train: Examples,
        calibration: Examples) -> Fitted:  # fmt: skip
    """Learn on `train`; learn the response on `calibration`, which the estimator does not see."""
    made = pipeline(features, task.is_probability, estimator)
    is_plain = task.is_probability or not task.is_logged
    made.fit(train.inputs, train.target if is_plain else np.log(train.target))
    if not task.is_probability and not task.is_logged:
        return Fitted(features, made, PlainResponse(), False)
    raw = np.asarray(raw_scores(made, calibration.inputs, task.is_probability), dtype=np.float64)
    response = platt(raw, calibration.target) if task.is_probability else conformal(raw, calibration)
    return Fitted(features, made, response, task.is_probability)


def platt(raw: Floats, target: Floats) -> ProbabilityResponse:
    """Platt scaling (1999): a logistic curve over the score's log-odds."""
    odds = log_odds(raw).reshape(-1, 1)
    model = LogisticRegression(C=np.inf, max_iter=200).fit(odds, target)
    return ProbabilityResponse(float(model.coef_[0, 0]), float(model.intercept_[0]))


def conformal(raw: Floats, calibration: Examples) -> CostResponse:
    """Smearing (Duan 1983) from the usual rows; split conformal ends (Lei et al. 2018) from all, 5 % beyond each."""
    residual = np.log(calibration.target) - raw
    count = len(residual)
    share = min(1.0, np.ceil((count + 1) * (1 + COVERAGE) / 2) / count)
    return CostResponse(
        smearing=float(np.exp(residual[~calibration.is_unusual]).mean()),
        below=float(-np.quantile(residual, 1 - share, method="lower")),
        above=float(np.quantile(residual, share, method="higher")),
        coverage=COVERAGE,
    )


def cutoffs(fitted: Fitted, calibration: Examples) -> dict[str, float]:
    """From which risk on a stay is Moderate or High."""
    if not fitted.is_probability:
        return {}
    risk = fitted.answer(calibration.inputs)
    return {"moderate": float(np.quantile(risk, MODERATE)), "high": float(np.quantile(risk, HIGH))}


def reference(features: Sequence[Feature], inputs: pd.DataFrame) -> dict[str, Any]:
    """An average row: medians and the most frequent words. Explanations start from it."""
    found: dict[str, Any] = {}
    for feature in features:
        values = inputs[feature.name]
        if feature.is_category:
            found[feature.name] = str(values.mode().iloc[0])
        else:
            middle = values.median()
            found[feature.name] = None if np.isnan(middle) else float(middle)
    return found
