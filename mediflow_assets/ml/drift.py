"""Drift: what inputs and answers look like now, against what they looked like in training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

from mediflow_assets.contracts.inputs import MONTH, Feature
from mediflow_assets.ml.arrays import Floats

WASSERSTEIN, JENSEN_SHANNON = "wasserstein", "jensen_shannon"
LIMITS = {WASSERSTEIN: 0.3, JENSEN_SHANNON: 0.2}
"""A shift of 0.3 standard deviations; a Jensen-Shannon distance (base 2, 0 to 1) of 0.2."""
FEWEST_ROWS = 200
_QUANTILES = np.linspace(0.01, 0.99, 99)
_OTHER = "*"
ANSWER = "prediction"


@dataclass(frozen=True)
class Drift:
    """One input's distance from training; `has_drifted` above the limit."""

    input: str
    measure: str
    value: float
    limit: float

    @property
    def has_drifted(self) -> bool:
        """Whether it is beyond its limit."""
        return self.value > self.limit


def distribution(features: Sequence[Feature], inputs: pd.DataFrame, answer: Floats) -> dict[str, Any]:
    """Per input: the shares of its words, or the 1 % to 99 % quantiles of its numbers; no single row shows in it."""
    found = {
        feature.name: _words(inputs[feature.name], feature.allowed)
        if feature.is_category
        else _numbers(inputs[feature.name].to_numpy(np.float64))
        for feature in features
    }
    return found | {ANSWER: _numbers(answer)}


def _words(values: pd.Series, allowed: Sequence[str]) -> dict[str, Any]:
    shares = values.where(values.isin(allowed), _OTHER).value_counts(normalize=True)
    return {"shares": {str(word): float(share) for word, share in shares.items()}}


def _numbers(values: Floats) -> dict[str, Any]:
    given = values[~np.isnan(values)]
    if not len(given):
        return {"quantiles": [], "spread": 0.0}
    return {"quantiles": [float(q) for q in np.quantile(given, _QUANTILES)], "spread": float(given.std())}


def drift(
    features: Sequence[Feature], reference: Mapping[str, Any], inputs: pd.DataFrame, answer: Floats
) -> list[Drift]:
    """The distance of each input, and of the answers, from what `distribution` wrote."""
    # a month of the year is always another than the year's
    now = distribution([f for f in features if f.name != MONTH.name], inputs, answer)
    return [found for name in now if name in reference and (found := _distance(name, reference[name], now[name]))]


def _distance(name: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Drift | None:
    if "shares" in before:
        words = sorted({*before["shares"], *now["shares"]})
        pair = [[side["shares"].get(word, 0.0) for word in words] for side in (before, now)]
        return Drift(name, JENSEN_SHANNON, float(jensenshannon(*pair, base=2)), LIMITS[JENSEN_SHANNON])
    if not before["quantiles"] or not now["quantiles"] or not before["spread"]:
        return None
    moved = wasserstein_distance(before["quantiles"], now["quantiles"]) / before["spread"]
    return Drift(name, WASSERSTEIN, float(moved), LIMITS[WASSERSTEIN])
