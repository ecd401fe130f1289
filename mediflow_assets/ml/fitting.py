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
from mediflow_assets.ml.arrays import Floats
from mediflow_assets.ml.examples import Examples
from mediflow_assets.ml.pipelines import LEAF, pipeline, raw_scores
from mediflow_assets.ml.spec import ModelSpec
from mediflow_assets.scoring.response import (
    CostResponse,
    PlainResponse,
    ProbabilityResponse,
    Response,
    Spread,
    log_odds,
)

COVERAGE = 0.9
FEWEST_IN_SPREAD = 100
"""Rows of a group to tell its own spread from: five are beyond each end."""
HALF_LIFE_DAYS = 180
SLOPE_SPREAD = 0.2
"""How far from 1 a slope is expected to lie before any row is seen."""
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
        return self.response.value(self.raw(inputs), inputs)


def learned(features: Sequence[Feature], inputs: pd.DataFrame, fewest: int = LEAF) -> tuple[Feature, ...]:
    """The features with the categories that enough rows have; rarer ones count as an average one."""
    return tuple(
        replace(feature, allowed=_common(inputs[feature.name], fewest)) if feature.is_category else feature
        for feature in features
    )


def _common(words: pd.Series, fewest: int) -> tuple[str, ...]:
    counts = words.value_counts()
    return tuple(sorted(counts[counts >= fewest].index)) or (str(counts.index[0]),)


def fit(
    spec: ModelSpec, features: tuple[Feature, ...], estimator: BaseEstimator, train: Examples, calibration: Examples
) -> Fitted:
    """Learn on `train`; learn the response on `calibration`, which the estimator does not see."""
    made = pipeline(features, spec.is_probability, estimator)
    is_plain = spec.is_probability or not spec.is_logged
    made.fit(train.inputs, train.target if is_plain else np.log(train.target))
    if not spec.is_probability and not spec.is_logged:
        return Fitted(features, made, PlainResponse(), False)
    raw = np.asarray(raw_scores(made, calibration.inputs, spec.is_probability), dtype=np.float64)
    if spec.is_probability:
        return Fitted(features, made, platt(raw, calibration.target), True)
    by = spec.by if spec.by in {feature.name for feature in features} else None
    apart = residuals_of(raw, calibration, by, is_apart=True)
    # what each row's cost is to those trees of a forest that did not learn from it
    own = getattr(made.named_steps["model"], "oob_prediction_", None)
    rows = apart if own is None else pd.concat([apart, residuals_of(own, train, by, is_apart=False)])
    return Fitted(features, made, spreads(rows, by), False)


def platt(raw: Floats, target: Floats) -> ProbabilityResponse:
    """Platt scaling (1999): a logistic curve over the score's log-odds."""
    odds = log_odds(raw).reshape(-1, 1)
    model = LogisticRegression(C=np.inf, max_iter=200).fit(odds, target)
    return ProbabilityResponse(float(model.coef_[0, 0]), float(model.intercept_[0]))


def residuals_of(raw: Floats, examples: Examples, by: str | None, *, is_apart: bool) -> pd.DataFrame:
    """Scores of rows that were not learned from, beside what came. `is_apart`: nor was anything of their patients."""
    return pd.DataFrame(
        {
            "raw": raw,
            "target": np.log(examples.target),
            "at": examples.at,
            "is_usual": ~examples.is_unusual,
            "word": examples.inputs[by].to_numpy() if by else "",
            "is_apart": is_apart,
        }
    )


def spreads(rows: pd.DataFrame, by: str | None) -> CostResponse:
    """How costs lie around the score: of all rows, and of each group that has enough of them."""
    groups = {}
    for word, group in rows.groupby("word") if by else ():
        if (group["is_apart"] & group["is_usual"]).sum() >= FEWEST_IN_SPREAD:
            groups[str(word)] = spread_of(group)
    return CostResponse(spread_of(rows), COVERAGE, by, groups)


def spread_of(rows: pd.DataFrame) -> Spread:
    """Line and smearing (Duan 1983) from the usual rows, late ones counting more, for prices rise; split conformal ends
    (Lei et al. 2018) from all rows of patients apart, 5 % beyond each. All in log USD."""
    slope, intercept, smearing = _line(rows[rows["is_usual"]])
    apart = rows[rows["is_apart"]]
    residual = (apart["target"] - intercept - slope * apart["raw"]).to_numpy()
    count = len(residual)
    share = min(1.0, np.ceil((count + 1) * (1 + COVERAGE) / 2) / count)
    return Spread(
        smearing=smearing,
        below=float(-np.quantile(residual, 1 - share, method="lower")),
        above=float(np.quantile(residual, share, method="higher")),
        slope=slope,
        intercept=intercept,
    )


def _line(rows: pd.DataFrame) -> tuple[float, float, float]:
    """Slope, intercept and smearing. The slope is drawn to 1 the less the scores differ: where they hardly do, chance
    alone would tilt it."""
    raw, target, at = (rows[name].to_numpy(np.float64) for name in ("raw", "target", "at"))
    weight = 0.5 ** ((at.max() - at) / HALF_LIFE_DAYS)
    # as many as the weighted rows are worth
    weight *= weight.sum() / (weight @ weight)
    away = raw - np.average(raw, weights=weight)
    off = target - raw
    slope = 1.0 + float((weight * away) @ off / (weight @ away**2 + off.var() / SLOPE_SPREAD**2))
    intercept = float(np.average(target - slope * raw, weights=weight))
    return slope, intercept, float(np.average(np.exp(target - intercept - slope * raw), weights=weight))


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
