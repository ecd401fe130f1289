"""Figures against scikit-learn's and against hand-made cases."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, r2_score, roc_auc_score

from mediflow_assets.ml import measures

RNG = np.random.default_rng(5)
ANSWER = np.round(RNG.random(3_000), 2)
TARGET = (RNG.random(3_000) < ANSWER * 0.6).astype(np.float64)
WEIGHT = RNG.poisson(1.0, 3_000).astype(np.float64)


def test_auc_is_scikit_learns_with_ties_and_weights() -> None:
    assert measures.auc(TARGET, ANSWER, WEIGHT) == pytest.approx(roc_auc_score(TARGET, ANSWER, sample_weight=WEIGHT))


def test_r2_is_scikit_learns_with_weights() -> None:
    assert measures.r2(TARGET, ANSWER, WEIGHT) == pytest.approx(r2_score(TARGET, ANSWER, sample_weight=WEIGHT))


def test_figures_of_a_probability() -> None:
    found = measures.of_probability(TARGET, ANSWER)
    assert found["brier"] == pytest.approx(brier_score_loss(TARGET, ANSWER))
    assert found["calibration_error"] == pytest.approx(0.4 * ANSWER.mean(), rel=0.15)
    top = np.argsort(-ANSWER, kind="stable")[:300]
    assert found["recall_top_tenth"] == pytest.approx(TARGET[top].sum() / TARGET.sum())


def test_one_class_has_no_auc() -> None:
    assert "auc" not in measures.of_probability(np.zeros(10), ANSWER[:10])


def test_the_interval_holds_the_figure_and_is_wider_with_few_patients() -> None:
    many, few = np.arange(3_000), np.arange(3_000) % 40
    wide, narrow = (
        measures.interval(measures.resampled(measures.auc, TARGET, patient, ANSWER)[:, 0]) for patient in (few, many)
    )
    assert narrow[0] < measures.auc(TARGET, ANSWER, np.ones(3_000)) < narrow[1]
    assert wide[1] - wide[0] > 0.7 * (narrow[1] - narrow[0])
