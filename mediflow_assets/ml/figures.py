"""The table of figures of a training: the forest beside its baselines, and by group."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from mediflow_assets.ml.arrays import Floats
from mediflow_assets.ml.examples import Examples
from mediflow_assets.ml.measures import interval, resampled
from mediflow_assets.ml.spec import ModelSpec

FEWEST_IN_GROUP = 50
"""Figures of fewer rows would be noise, and could tell of a person."""
FEWEST_PEOPLE = 11
ALL = "all"


@dataclass(frozen=True)
class Figure:
    """One figure of one estimator on held-out rows; `lower` and `upper` are its 95 % interval where one was made."""

    estimator: str
    group: str
    metric: str
    value: float
    rows: int
    lower: float | None = None
    upper: float | None = None


def figures(spec: ModelSpec, test: Examples, answers: Mapping[str, Floats], served: str) -> tuple[Figure, ...]:
    """Every estimator over all usual rows; the served one with interval, with unusual rows too, and by group."""
    usual = test.take(~test.is_unusual)
    answers_usual = {name: answer[~test.is_unusual] for name, answer in answers.items()}
    found = [figure for name, answer in answers_usual.items() for figure in _of(spec, usual, answer, name)]
    found = [_with_interval(spec, usual, answers_usual[served], f) if f.estimator == served else f for f in found]
    if test.is_unusual.any():
        whole = _of(spec, test, answers[served], served)
        found += [Figure(served, "with_anomalies", f.metric, f.value, f.rows) for f in whole]
    return (*found, *_by_group(spec, usual, answers_usual[served], served))


def _of(spec: ModelSpec, rows: Examples, answer: Floats, estimator: str, group: str = ALL) -> Iterator[Figure]:
    values = spec.measures.figures(rows.target, answer)
    return (Figure(estimator, group, metric, value, len(rows)) for metric, value in values.items())


def _with_interval(spec: ModelSpec, rows: Examples, answer: Floats, figure: Figure) -> Figure:
    if figure.metric != spec.headline:
        return figure
    low, high = interval(resampled(spec.measures.metric, rows.target, rows.patient, answer)[:, 0])
    return Figure(figure.estimator, figure.group, figure.metric, figure.value, figure.rows, low, high)


def _by_group(spec: ModelSpec, rows: Examples, answer: Floats, estimator: str) -> Iterator[Figure]:
    for kind, values in rows.groups.items():
        hidden = hidden_groups(spec, rows, values)
        for value in sorted(set(values)):
            chosen = np.asarray(values == value)
            if value not in hidden:
                yield from _of(spec, rows.take(chosen), answer[chosen], estimator, f"{kind}={value}")


def hidden_groups(spec: ModelSpec, rows: Examples, values: np.ndarray) -> set[str]:
    """Groups whose figures could tell of a few people: few rows, or few of an outcome. One alone would follow from the
    figures of all: the smallest of the others goes with it."""
    sizes = {value: int((values == value).sum()) for value in set(values)}
    positive = {value: int(rows.target[values == value].sum()) for value in sizes} if spec.is_probability else {}
    hidden = {
        value
        for value, size in sizes.items()
        if size < FEWEST_IN_GROUP
        or (spec.is_probability and min(positive[value], size - positive[value]) < FEWEST_PEOPLE)
    }
    others = sorted(set(sizes) - hidden, key=lambda value: sizes[value])
    return hidden | set(others[:1]) if len(hidden) == 1 else hidden
