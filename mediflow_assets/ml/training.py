"""One training: parts, forest, baselines, figures, graph. Nothing is written; what fails leaves all as it was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mediflow_assets.contracts.inputs import Feature
from mediflow_assets.ml import drift, fitting, guards
from mediflow_assets.ml.arrays import Floats
from mediflow_assets.ml.examples import Examples, Parts, split
from mediflow_assets.ml.figures import ALL, Figure, figures, hidden_groups
from mediflow_assets.ml.fitting import Fitted
from mediflow_assets.ml.graph import require_agreement, to_onnx
from mediflow_assets.ml.measures import calibration_curve, coverage
from mediflow_assets.ml.spec import ModelSpec
from mediflow_assets.scoring.bundle import Bundle, open_graph
from mediflow_assets.scoring.encoding import Columns

SERVED = "random_forest"
COMPARED = 1_000
"""Held-out rows on which graph and scikit-learn have to agree."""


@dataclass(frozen=True)
class Trained:
    """What a training made: the forest, its graph, its figures, and its answers to the held-out rows."""

    spec: ModelSpec
    parts: Parts
    fitted: Fitted
    graph: bytes
    figures: tuple[Figure, ...]
    answer: Floats
    baselines: Mapping[str, Floats]
    agreement: float
    constant: tuple[str, ...]
    known_until: int
    """The newest day of any example: outcomes that come later are news to this version."""

    def figure(self, metric: str, estimator: str = SERVED, group: str = ALL) -> Figure | None:
        """One figure of the table, if it is there."""
        wanted = (estimator, group, metric)
        return next((f for f in self.figures if (f.estimator, f.group, f.metric) == wanted), None)

    @property
    def metrics(self) -> dict[str, float]:
        """The served estimator's figures over all usual held-out rows."""
        return {f.metric: f.value for f in self.figures if f.estimator == SERVED and f.group == ALL}

    @property
    def facts(self) -> dict[str, Any]:
        """What the bundle holds beside the graph, but for its version."""
        train = self.parts.train
        return {
            "name": self.spec.name,
            "unit": self.spec.unit,
            "features": self.fitted.features,
            "response": self.fitted.response.as_json(),
            "reference": fitting.reference(self.fitted.features, train.inputs),
            "distribution": drift.distribution(self.fitted.features, train.inputs, self.fitted.answer(train.inputs)),
            "cutoffs": fitting.cutoffs(self.fitted, self.parts.calibration),
            "metrics": self.metrics,
            "known_until": self.known_until,
        }

    @property
    def importance(self) -> dict[str, float]:
        """Each feature's share in the forest's splits, largest first."""
        names = [f.name for f in self.fitted.features if f.is_category]
        for fill in dict.fromkeys(f.fill for f in self.fitted.features if not f.is_category):
            names += [f.name for f in self.fitted.features if not f.is_category and f.fill == fill]
        shares = self.fitted.pipeline.named_steps["model"].feature_importances_
        return dict(sorted(zip(names, map(float, shares), strict=True), key=lambda pair: -pair[1]))

    @property
    def curve(self) -> list[tuple[float, float, int]]:
        """Ten bins of held-out rows by answer: mean answer, mean target, rows."""
        usual = ~self.parts.test.is_unusual
        return calibration_curve(self.parts.test.target[usual], self.answer[usual])


def learnable(spec: ModelSpec, examples: Examples) -> Parts:
    """The parts of the examples, once there is enough in each. Raises TooLittleData, TrainingRefused."""
    guards.require_columns(spec, examples.inputs)
    parts = split(examples)
    guards.require_enough(spec, parts)
    return parts


def train(spec: ModelSpec, examples: Examples, parts: Parts | None = None) -> Trained:
    """Learn, calibrate, judge, export. Raises TrainingRefused, TooLittleData, LeakSuspected, GraphWrong."""
    parts = parts or learnable(spec, examples)
    constant = guards.constant(parts.train.inputs, spec.features)
    features = fitting.learned([f for f in spec.features if f.name not in constant], parts.train.inputs)
    usual = parts.train.take(~parts.train.is_unusual)
    test = parts.test.inputs
    forest = spec.forest(spec.is_probability, rows=len(usual), is_told_apart=True)
    fitted = fitting.fit(spec, features, forest, usual, parts.calibration)
    graph = to_onnx(fitted.pipeline, features)
    # what is judged is what will be served
    raw = scores_of(graph, features, test)
    agreement = require_agreement(raw[:COMPARED], fitted.pipeline, test.iloc[:COMPARED], spec.is_probability)
    answer = fitted.response.value(raw, test)
    guards.refuse_leak(spec, parts.test.take(~parts.test.is_unusual), answer[~parts.test.is_unusual])
    rules = {name: rule(usual.inputs, usual.target, test) for name, rule in spec.baselines.items()}
    others = {
        name: fitting.fit(spec, features, estimator(spec.is_probability), usual, parts.calibration).answer(test)
        for name, estimator in spec.compared.items()
    }
    table = figures(spec, parts.test, {SERVED: answer, **others, **rules}, SERVED)
    table += _interval_figures(spec, fitted, raw, parts.test)
    return Trained(spec, parts, fitted, graph, table, answer, rules, agreement, tuple(constant), int(examples.at.max()))


def _interval_figures(spec: ModelSpec, fitted: Fitted, raw: Floats, test: Examples) -> tuple[Figure, ...]:
    """Coverage and width of the intervals, unusual rows among them: of all, and by class where enough have it."""
    ends = fitted.response.interval(raw, test.inputs)
    if ends is None:
        return ()
    low, high = ends
    width, words = (high - low) / fitted.response.value(raw, test.inputs), test.groups.get(spec.by or "")
    found = [(ALL, np.ones(len(test), np.bool_))]
    if words is not None:
        hidden = hidden_groups(spec, test.take(~test.is_unusual), words[~test.is_unusual])
        found += [(f"{spec.by}={word}", words == word) for word in sorted(set(words) - hidden)]
    return tuple(
        Figure(SERVED, group, metric, value, int(chosen.sum()))
        for group, chosen in found
        for metric, value in (
            ("interval_coverage", coverage(test.target, low, high, chosen)),
            ("interval_width", float(np.median(width[chosen]))),
        )
    )


def scores_of(graph: bytes, features: Sequence[Feature], rows: pd.DataFrame) -> Floats:
    """A graph's own scores of a frame."""
    session = open_graph(graph, "the graph")
    feed = {name: values.reshape(-1, 1) for name, values in columns_of(features, rows).items()}
    return np.asarray(session.run([session.get_outputs()[-1].name], feed)[0], dtype=np.float64)[:, -1]


def columns_of(features: Sequence[Feature], inputs: pd.DataFrame) -> Columns:
    """A frame's columns as a graph takes them."""
    return {f.name: inputs[f.name].to_numpy(object if f.is_category else np.float32) for f in features}


def answers_of(bundle: Bundle, inputs: pd.DataFrame) -> Floats:
    """A bundle's answers to a frame; an input that the frame lacks counts as absent."""
    missing = {f.name: "" if f.is_category else np.nan for f in bundle.features if f.name not in inputs}
    return bundle.predict_columns(columns_of(bundle.features, inputs.assign(**missing))).values
