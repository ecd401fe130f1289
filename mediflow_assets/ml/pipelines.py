"""Preprocessing and estimators: words become the mean outcome of their training rows, absent numbers are filled."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler, TargetEncoder

from mediflow_assets.contracts.inputs import Feature

SEED = 20_240_701
TREES, LEAF, MOST_SAMPLES = 100, 50, 40_000
"""Rows a tree sees, at most: without a bound a forest grows with the data. Leaves of 50 rows keep the graph small."""


def preprocessing(features: Sequence[Feature], is_probability: bool) -> ColumnTransformer:
    """One column in, one column out, for every feature. Words outside `allowed` count as an average one."""
    folds = StratifiedKFold if is_probability else KFold
    steps: list[Any] = [
        (
            feature.name,
            TargetEncoder(
                categories=[list(feature.allowed)],
                target_type="binary" if is_probability else "continuous",
                cv=folds(5, shuffle=True, random_state=SEED),
            ),
            [feature.name],
        )
        for feature in features
        if feature.is_category
    ]
    for fill in dict.fromkeys(feature.fill for feature in features if not feature.is_category):
        names = [feature.name for feature in features if not feature.is_category and feature.fill == fill]
        step = SimpleImputer(strategy="median", keep_empty_features=True)
        if fill is not None:
            step = SimpleImputer(strategy="constant", fill_value=fill)
        steps.append(("median" if fill is None else f"fill_{fill:g}", step, names))
    return ColumnTransformer(steps, sparse_threshold=0)


def forest(
    is_probability: bool, leaf: int = LEAF, rows: int = MOST_SAMPLES, share: float = 1 / 3, is_told_apart: bool = False
) -> BaseEstimator:
    """The served estimator. `rows`: how many there are to learn from; `share` of the inputs, tried at each split of a
    regressor's tree; `is_told_apart`: it keeps for each row what the trees say that did not learn from it."""
    given: dict[str, Any] = {"n_estimators": TREES, "min_samples_leaf": leaf, "n_jobs": -1, "random_state": SEED}
    # an estimator refuses a bound above the number of its rows
    given["max_samples"] = min(rows, MOST_SAMPLES)
    if is_probability:
        return RandomForestClassifier(**given)
    return RandomForestRegressor(**given, max_features=share, oob_score=is_told_apart)


def linear(is_probability: bool) -> BaseEstimator:
    """The plain estimator to compare with."""
    model = LogisticRegression(max_iter=300) if is_probability else LinearRegression()
    return Pipeline([("scale", StandardScaler()), ("model", model)])


def boosting(is_probability: bool) -> BaseEstimator:
    """The challenger of another kind."""
    kind = HistGradientBoostingClassifier if is_probability else HistGradientBoostingRegressor
    return kind(
        max_iter=150, learning_rate=0.06, max_leaf_nodes=12, min_samples_leaf=50, max_features=0.3, random_state=SEED
    )


def pipeline(features: Sequence[Feature], is_probability: bool, estimator: BaseEstimator) -> Pipeline:
    """Preprocessing and estimator, over a frame with one column a feature."""
    return Pipeline([("inputs", preprocessing(features, is_probability)), ("model", estimator)])


def raw_scores(fitted: Pipeline, inputs: pd.DataFrame, is_probability: bool) -> Any:
    """What the estimator itself says: a share of votes, or log USD."""
    return fitted.predict_proba(inputs)[:, 1] if is_probability else fitted.predict(inputs)
