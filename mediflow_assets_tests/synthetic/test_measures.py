"""The best that models can do, worked out again; and the anomalies they should find."""

from bisect import bisect_left, bisect_right
from statistics import mean

import numpy as np
import pytest

from mediflow_assets.synthetic.measures import area_under_curve, explained_share


def test_the_best_possible_auc_leaves_room_for_models_but_not_for_miracles(large_hospital):
    stays = [row for row in large_hospital.truth.values() if row["is_index_stay"]]
    negative = sorted(row["p_readmission"] for row in stays if not row["readmitted"])
    positive = [row["p_readmission"] for row in stays if row["readmitted"]]
    auc = mean((bisect_left(negative, p) + bisect_right(negative, p)) / 2 / len(negative) for p in positive)
    assert 0.70 <= auc <= 0.80
    assert auc == pytest.approx(large_hospital.summary["best_auc"])


def billed(output):
    rows = [r for r in output.truth.values() if r["status"] == "finished" and not r["is_anomaly"]]
    return np.array([r["expected_cost"] for r in rows]), np.array([float(r["cost"]) for r in rows])


def test_the_best_possible_r2_is_that_of_real_bills(large_hospital):
    expected, cost = billed(large_hospital)
    r2 = 1 - ((cost - expected) ** 2).sum() / ((cost - cost.mean()) ** 2).sum()
    assert 0.4 <= r2 <= 0.7
    assert r2 == pytest.approx(large_hospital.summary["best_r2"])


def test_expected_costs_are_honest(large_hospital):
    expected, cost = billed(large_hospital)
    assert cost.mean() == pytest.approx(expected.mean(), rel=0.03)


def test_exactly_one_encounter_in_a_hundred_is_an_anomaly(hospital):
    listed = hospital.listed("anomalies")
    assert len(listed) == 50 == hospital.summary["anomalies"]
    assert {row["encounter_id"] for row in listed} == {k for k, v in hospital.truth.items() if v["is_anomaly"]}


def test_an_anomaly_costs_2_to_30_times_as_much(large_hospital):
    factors = [float(row["factor"]) for row in large_hospital.listed("anomalies")]
    assert 2 <= min(factors) < 4 and 20 < max(factors) <= 30
    assert np.median(factors) == pytest.approx(60**0.5, rel=0.2)


def test_an_anomaly_is_seen_against_its_expected_cost(large_hospital):
    ratio = [
        float(large_hospital.newest[row["encounter_id"]]["cost"]) / float(row["expected_cost"]) / float(row["factor"])
        for row in large_hospital.listed("anomalies")
    ]
    assert mean(ratio) == pytest.approx(1, abs=0.12)


def test_measures_without_anything_to_measure_are_none():
    nothing = np.array([])
    assert area_under_curve(nothing, nothing.astype(bool)) is None
    assert explained_share(nothing, nothing) is None


def test_equal_probabilities_tell_nothing():
    assert area_under_curve(np.full(4, 0.5), np.array([True, False, True, False])) == 0.5
