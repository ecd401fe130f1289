"""Figures of a model on held-out rows. Intervals come from a bootstrap over patients, not rows."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

from mediflow_assets.ml.arrays import Flags, Floats

TOP_SHARE = 0.1
BINS = 10
RESAMPLES = 200
PREDICTED_TO_ACTUAL = "predicted_to_actual"
Metric = Callable[[Floats, Floats, Floats], float]
"""Targets, answers, weights → a figure."""


def auc(target: Floats, answer: Floats, weight: Floats) -> float:
    """Area under the ROC curve: the share of pairs in order, ties counting half. Weighted as scikit-learn's, and six
    times as fast, for a bootstrap takes it hundreds of times."""
    order = np.argsort(answer, kind="stable")
    starts = np.flatnonzero(np.diff(answer[order], prepend=-np.inf))
    happened, weighed = (target[order] != 0), weight[order]
    positive = np.add.reduceat(np.where(happened, weighed, 0.0), starts)
    negative = np.add.reduceat(np.where(happened, 0.0, weighed), starts)
    below = np.cumsum(negative) - negative / 2
    return float((positive @ below) / (positive.sum() * negative.sum()))


def r2(target: Floats, answer: Floats, weight: Floats) -> float:
    """Share of the variance explained."""
    mean = np.average(target, weights=weight)
    return float(1 - (weight * (target - answer) ** 2).sum() / (weight * (target - mean) ** 2).sum())


def ratio(target: Floats, answer: Floats, weight: Floats) -> float:
    """All that was answered over all that came: below 1 the answers are too low."""
    return float((weight @ answer) / (weight @ target))


def calibration_curve(target: Floats, answer: Floats) -> list[tuple[float, float, int]]:
    """Ten bins of equal size by answer: mean answer, share that happened, rows."""
    order = np.argsort(answer, kind="stable")
    return [
        (float(answer[part].mean()), float(target[part].mean()), len(part))
        for part in np.array_split(order, BINS)
        if len(part)
    ]


def of_probability(target: Floats, answer: Floats) -> dict[str, float]:
    """AUC and average precision (None where all are alike), Brier score, calibration error, precision and recall among
    the top tenth."""
    curve = calibration_curve(target, answer)
    top = np.argsort(-answer, kind="stable")[: max(1, round(TOP_SHARE * len(answer)))]
    happened = float(target.sum())
    found = {
        "brier": float(((answer - target) ** 2).mean()),
        "calibration_error": sum(abs(mean - share) * rows for mean, share, rows in curve) / len(answer),
        "mean_predicted": float(answer.mean()),
        "mean_observed": float(target.mean()),
        "precision_top_tenth": float(target[top].mean()),
    }
    if 0 < happened < len(target):
        found |= {
            "auc": auc(target, answer, np.ones(len(target))),
            "average_precision": float(average_precision_score(target, answer)),
            "recall_top_tenth": float(target[top].sum()) / happened,
        }
    return found


def of_amount(target: Floats, answer: Floats) -> dict[str, float]:
    """R², predicted over actual, mean and median absolute error and root mean square error in its unit."""
    error = np.abs(target - answer)
    found = {
        "mae": float(error.mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "median_error": float(np.median(error)),
        PREDICTED_TO_ACTUAL: ratio(target, answer, np.ones(len(target))),
    }
    if np.ptp(target) > 0:
        found["r2"] = r2(target, answer, np.ones(len(target)))
    return found


@dataclass(frozen=True)
class Measures:
    """By what a model is judged: the headline by which versions are compared, all figures, and the headline above which
    a leak is suspected, for the data of no hospital allow it."""

    headline: str
    metric: Metric
    figures: Callable[[Floats, Floats], dict[str, float]]
    most: float


OF_PROBABILITY = Measures("auc", auc, of_probability, 0.95)
OF_AMOUNT = Measures("r2", r2, of_amount, 0.98)


def resampled(
    metric: Metric, target: Floats, patient: np.ndarray, *answers: Floats, seed: int = 0, resamples: int = RESAMPLES
) -> np.ndarray:
    """The figure of each answer over bootstrap samples of patients: resamples × answers.

    The Poisson bootstrap: each patient counts Poisson(1) times, all of a patient's rows alike.
    """
    number = pd.factorize(patient)[0]
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(resamples):
        weight = rng.poisson(1.0, number.max() + 1)[number].astype(np.float64)
        if weight @ (target != target[0]) and weight @ (target == target[0]):
            found.append([metric(target, answer, weight) for answer in answers])
    return np.array(found).reshape(len(found), len(answers))


def interval(values: Floats, share: float = 0.95) -> tuple[float, float]:
    """The middle `share` of resampled figures."""
    low, high = np.quantile(values, [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)


def coverage(target: Floats, lower: Floats, upper: Floats, among: Flags | None = None) -> float:
    """Share of targets within their intervals."""
    inside = (lower <= target) & (target <= upper)
    return float((inside if among is None else inside[among]).mean())
