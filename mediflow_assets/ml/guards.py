"""What stops a training: too little to learn from, nothing to learn from, or an answer that is too good."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mediflow_assets.contracts.inputs import Feature
from mediflow_assets.errors import LeakSuspected, TooLittleData, TrainingRefused
from mediflow_assets.ml.arrays import Floats
from mediflow_assets.ml.examples import Examples, Parts
from mediflow_assets.ml.spec import ModelSpec

_BINS = 50
STANDS = "No champion was changed."


def require_columns(spec: ModelSpec, inputs: pd.DataFrame) -> None:
    """Raise TrainingRefused where a feature has no column, TooLittleData where a required one has no value."""
    missing = [feature.name for feature in spec.features if feature.name not in inputs]
    if missing:
        raise TrainingRefused(f"The training data lacks {', '.join(missing)}. Make gold/admission_features again.")
    for feature in spec.features:
        if not feature.optional and inputs[feature.name].isna().all():
            raise TooLittleData(
                f"{spec.name}: none of the {len(inputs)} rows to learn from has a value of '{feature.name}' "
                f"({feature.label}), which the model needs. Deliver it. {STANDS}"
            )


def constant(inputs: pd.DataFrame, features: Sequence[Feature]) -> list[str]:
    """Features that tell nothing, having one value or none."""
    return [feature.name for feature in features if inputs[feature.name].nunique(dropna=True) <= 1]


def require_enough(spec: ModelSpec, parts: Parts) -> None:
    """Raise TooLittleData where a part is too small or tells nothing: one class, one cost, one value a feature."""
    few = spec.guards
    for name, part, fewest, positive in (
        ("to learn from", parts.train, few.fewest_rows, few.fewest_positive),
        ("to calibrate on", parts.calibration, few.fewest_tested, few.fewest_tested_positive),
        ("to be judged on", parts.test, few.fewest_tested, few.fewest_tested_positive),
    ):
        usual = int((~part.is_unusual).sum())
        if usual < fewest:
            raise TooLittleData(
                f"{spec.name}: {usual} rows {name}, at least {fewest} are needed. Ingest more encounters. {STANDS}"
            )
        if spec.is_probability:
            _require_both_classes(spec, name, part, positive)
        elif np.ptp(part.target[~part.is_unusual]) == 0:
            raise TooLittleData(f"{spec.name}: all rows {name} {few.alike}, so nothing can be learned. {STANDS}")
    if len(constant(parts.train.inputs, spec.features)) == len(spec.features):
        raise TooLittleData(
            f"{spec.name}: every feature has one value throughout, so there is nothing to learn from. {STANDS}"
        )


def _require_both_classes(spec: ModelSpec, name: str, part: Examples, fewest: int) -> None:
    positive = int(part.target.sum())
    if positive in (0, len(part)):
        raise TooLittleData(
            f"{spec.name}: the rows {name} are of one class only, so nothing can be learned from them. {STANDS}"
        )
    if min(positive, len(part) - positive) < fewest:
        raise TooLittleData(
            f"{spec.name}: {positive} of {len(part)} rows {name} are positive; {fewest} of each class are needed. "
            f"Ingest more encounters. {STANDS}"
        )


def refuse_leak(spec: ModelSpec, test: Examples, answer: Floats) -> None:
    """Raise LeakSuspected where held-out rows are foretold better than the data of any hospital allow, by the model or
    by one feature alone."""
    ones = np.ones(len(test))
    reached = spec.measures.metric(test.target, answer, ones)
    name, alone = strongest(spec, test)
    if max(reached, alone) <= spec.most:
        return
    raise LeakSuspected(
        f"{spec.name}: {spec.headline.upper()} {max(reached, alone):.3f} on held-out rows is above {spec.most}. "
        "Look for a leak: the "
        f"strongest single feature is '{name}' ({spec.headline.upper()} {alone:.3f} alone). No champion was changed."
    )


def strongest(spec: ModelSpec, rows: Examples) -> tuple[str, float]:
    """The feature that tells most by itself: through the mean outcome of its categories or of fifty bins, or, for an
    amount, on a straight line."""
    found = {feature.name: _alone(spec, rows, feature) for feature in spec.features}
    name = max(found, key=lambda each: found[each])
    return name, found[name]


def _alone(spec: ModelSpec, rows: Examples, feature: Feature) -> float:
    values = rows.inputs[feature.name]
    is_coarse = feature.is_category or values.nunique() <= _BINS
    groups = values if is_coarse else pd.qcut(values, _BINS, labels=False, duplicates="drop")
    groups = groups if feature.is_category else groups.fillna(-1)
    means = pd.Series(rows.target).groupby(groups.to_numpy()).transform("mean").to_numpy()
    ones = np.ones(len(rows))
    reached = spec.measures.metric(rows.target, means, ones)
    is_word = feature.is_category or spec.is_probability
    return reached if is_word else max(reached, _along(values, rows.target))


def _along(values: pd.Series, target: Floats) -> float:
    """R² of a straight line; 0 where the values are constant."""
    filled = values.fillna(values.mean()).to_numpy(np.float64)
    return float(np.corrcoef(filled, target)[0, 1] ** 2) if np.ptp(filled) > 0 else 0.0
