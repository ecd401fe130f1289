"""What a model specification is made of: contract, rows to learn from, estimators, baselines, measures, guards."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
from sklearn.base import BaseEstimator

from mediflow_assets.contracts.inputs import Feature
from mediflow_assets.contracts.model import ModelContract
from mediflow_assets.ml import pipelines
from mediflow_assets.ml.arrays import Floats
from mediflow_assets.ml.measures import Measures
from mediflow_assets.ml.population import Population

Rule = Callable[[pd.DataFrame, Floats, pd.DataFrame], Floats]
"""Training inputs, their targets, and other inputs → answers for the latter."""
COMPARED: Mapping[str, Callable[[bool], BaseEstimator]] = {
    "linear": pipelines.linear,
    "gradient_boosting": pipelines.boosting,
}


@dataclass(frozen=True)
class Guards:
    """How many rows there have to be, how many of each class where something happens or not, and the headline above
    which an answer is too good to be true; None for that of the measures."""

    fewest_rows: int = 1_000
    fewest_tested: int = 200
    fewest_positive: int = 50
    fewest_tested_positive: int = 15
    most: float | None = None
    alike: str = "have the same outcome"
    """What is said of rows whose amounts do not differ."""


@dataclass(frozen=True)
class ModelSpec:
    """How a model is trained and judged. What it takes and answers is its contract's. The served estimator is a random
    forest; `compared` are judged beside it, and so are the `baselines`, which it has to beat."""

    contract: ModelContract
    population: Population
    measures: Measures
    baselines: Mapping[str, Rule]
    forest: Callable[..., BaseEstimator] = pipelines.forest
    compared: Mapping[str, Callable[[bool], BaseEstimator]] = field(default_factory=lambda: COMPARED)
    guards: Guards = Guards()
    is_logged: bool = True
    """Whether an amount is learned by its logarithm."""

    @property
    def name(self) -> str:
        """The model's name."""
        return self.contract.name

    @property
    def features(self) -> Sequence[Feature]:
        """What it takes."""
        return self.contract.features

    @property
    def is_probability(self) -> bool:
        """Whether it answers how likely something is; else an amount."""
        return self.contract.answer.is_probability

    @property
    def unit(self) -> str:
        """Of its answers."""
        return self.contract.answer.unit

    @property
    def by(self) -> str | None:
        """The input by whose words the spread of an amount is told, where it is learned."""
        return self.contract.by

    @property
    def headline(self) -> str:
        """The figure by which versions are compared."""
        return self.measures.headline

    @property
    def most(self) -> float:
        """The headline above which a leak is suspected."""
        return self.measures.most if self.guards.most is None else self.guards.most
