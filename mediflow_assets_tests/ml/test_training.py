"""The models find the signal, say how sure they are, and are served as they were judged."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mediflow_assets.contracts.served.readmission_risk import READMISSION_MODEL
from mediflow_assets.contracts.served.treatment_cost import COST_MODEL
from mediflow_assets.ml.card import as_markdown, card
from mediflow_assets.ml.examples import Examples
from mediflow_assets.ml.gate import Decision, decide
from mediflow_assets.ml.graph import TOLERANCE
from mediflow_assets.ml.measures import coverage
from mediflow_assets.ml.specs.readmission_risk import SPEC as READMISSION
from mediflow_assets.ml.specs.treatment_cost import SPEC as COST
from mediflow_assets.ml.training import SERVED, Trained, train
from mediflow_assets_tests.rehearsal import NOW


def value(model: Trained, metric: str, estimator: str = SERVED) -> float:
    found = model.figure(metric, estimator)
    assert found is not None
    return found.value


def test_the_risk_is_better_than_prevalence_and_than_a_score_of_points(models: dict[str, Trained]) -> None:
    risk = models[READMISSION_MODEL]
    assert value(risk, "auc") > value(risk, "auc", "prevalence") + 0.1
    assert value(risk, "brier") < value(risk, "brier", "prevalence")
    assert {"prevalence", "lace", "linear", "gradient_boosting"} <= {figure.estimator for figure in risk.figures}


def test_the_risk_is_calibrated(models: dict[str, Trained]) -> None:
    risk = models[READMISSION_MODEL]
    assert abs(value(risk, "mean_predicted") - value(risk, "mean_observed")) < 0.04
    assert value(risk, "calibration_error") < 0.06


def test_the_cost_is_better_than_the_mean_of_its_group(models: dict[str, Trained]) -> None:
    cost = models[COST_MODEL]
    assert value(cost, "r2") > value(cost, "r2", "department_diagnosis_mean") > value(cost, "r2", "mean")
    usual = cost.parts.test
    assert cost.answer.mean() == pytest.approx(usual.target.mean(), rel=0.05)


def test_nine_of_ten_costs_lie_within_the_interval(models: dict[str, Trained]) -> None:
    cost = models[COST_MODEL]
    test = cost.parts.test.inputs
    ends = cost.fitted.response.interval(cost.fitted.raw(test), test)
    assert ends is not None
    assert value(cost, "interval_coverage") == pytest.approx(coverage(cost.parts.test.target, *ends))
    assert 0.86 < value(cost, "interval_coverage") < 0.94


CLASSES = ("inpatient", "outpatient")


def in_class(model: Trained, word: str) -> np.ndarray:
    return np.asarray(model.parts.test.inputs["encounter_class"] == word)


@pytest.mark.parametrize("word", CLASSES)
def test_the_costs_of_each_class_add_up_and_nine_of_ten_lie_within(models: dict[str, Trained], word: str) -> None:
    cost, chosen = models[COST_MODEL], in_class(models[COST_MODEL], word)
    target, answer = cost.parts.test.target[chosen], cost.answer[chosen]
    found = {f.metric: f.value for f in cost.figures if f.group == f"encounter_class={word}"}
    assert 0.9 < answer.sum() / target.sum() < 1.1
    assert found["predicted_to_actual"] == pytest.approx(answer.sum() / target.sum())
    assert 0.86 < found["interval_coverage"] < 0.94


def test_each_class_has_its_own_smearing_and_interval(models: dict[str, Trained]) -> None:
    spreads = models[COST_MODEL].facts["response"]["groups"]
    for word, deviation in zip(CLASSES, (0.4, 0.15), strict=True):
        # the mean of exp(normal) is exp(variance / 2)
        assert spreads[word]["smearing"] == pytest.approx(math.exp(deviation**2 / 2), abs=0.03)
    assert spreads["inpatient"]["above"] > 1.4 * spreads["outpatient"]["above"]


def test_a_class_of_few_rows_takes_the_spread_of_all(bills: Examples) -> None:
    words = bills.inputs["encounter_class"].to_numpy(object).copy()
    words[::100] = "hospice"
    response = train(COST, replace(bills, inputs=bills.inputs.assign(encounter_class=words))).facts["response"]
    assert set(response["groups"]) == set(CLASSES) and response["smearing"] > 1


def test_without_classes_there_is_one_spread_and_none_is_asked_for(bills: Examples) -> None:
    made = train(COST, replace(bills, inputs=bills.inputs.assign(encounter_class="UNKNOWN")))
    assert made.facts["response"]["by"] is None
    assert "encounter_class" not in {feature.name for feature in made.fitted.features}


def planted(model: Trained, word: str, factor: float) -> np.ndarray:
    """The answers, those of one class off by a factor."""
    return np.where(in_class(model, word), model.answer * factor, model.answer)


@pytest.mark.parametrize(("word", "factor"), [("inpatient", 0.75), ("outpatient", 0.8), ("outpatient", 1.3)])
def test_a_class_whose_costs_do_not_add_up_is_not_promoted(
    models: dict[str, Trained], word: str, factor: float
) -> None:
    cost = models[COST_MODEL]
    verdict = decide(COST, cost.parts.test, planted(cost, word, factor), dict(cost.baselines), None)
    assert not verdict.is_promoted
    assert f"encounter_class {word}" in verdict.reason and "0.9 to 1.1" in verdict.reason


def test_costs_that_do_not_add_up_in_all_are_not_promoted(models: dict[str, Trained]) -> None:
    cost = models[COST_MODEL]
    unsorted = replace(cost.parts.test, groups={})
    verdict = decide(COST, unsorted, cost.answer * 1.4, dict(cost.baselines), None)
    assert not verdict.is_promoted and "for all rows" in verdict.reason


def test_few_rows_of_a_class_refuse_nothing(models: dict[str, Trained]) -> None:
    cost, test = models[COST_MODEL], models[COST_MODEL].parts.test
    words = np.where(np.arange(len(test)) < 40, "hospice", test.groups["encounter_class"])
    answer = np.where(words == "hospice", cost.answer * 0.5, cost.answer)
    marked = replace(test, groups={"encounter_class": words})
    assert decide(COST, marked, answer, {}, None).is_promoted


def test_a_champion_whose_costs_do_not_add_up_is_no_rival(models: dict[str, Trained]) -> None:
    cost, test = models[COST_MODEL], models[COST_MODEL].parts.test
    better = np.where(in_class(cost, "inpatient"), test.target * 0.8, test.target)
    verdict = decide(COST, test, cost.answer, dict(cost.baselines), better)
    assert verdict.is_promoted and "the champion's amounts do not add up" in verdict.reason


def test_graph_and_forest_agree(model: Trained) -> None:
    assert model.agreement <= TOLERANCE
    assert np.allclose(model.answer, model.fitted.answer(model.parts.test.inputs), rtol=1e-4)


def test_headlines_have_intervals(model: Trained) -> None:
    found = model.figure(model.spec.headline)
    assert found is not None and found.lower is not None and found.upper is not None
    assert found.lower < found.value < found.upper


def test_a_worse_challenger_stays_challenger(models: dict[str, Trained]) -> None:
    risk = models[READMISSION_MODEL]
    noisy = risk.answer + np.random.default_rng(1).normal(0, 0.1, len(risk.answer))
    verdict = decide(READMISSION, risk.parts.test, noisy, {}, risk.answer)
    assert not verdict.is_promoted and "worse than the champion" in verdict.reason


def test_what_does_not_beat_its_baseline_is_not_promoted(models: dict[str, Trained]) -> None:
    risk = models[READMISSION_MODEL]
    verdict = decide(READMISSION, risk.parts.test, risk.baselines["prevalence"], dict(risk.baselines), None)
    assert not verdict.is_promoted and "baseline" in verdict.reason


def close_call(risk: Trained) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Answers that beat a baseline on the held-out rows, by what may be chance."""
    noise = np.random.default_rng(3).normal(0, 0.02, len(risk.answer))
    rivals = {"close": risk.answer + noise, "prevalence": risk.baselines["prevalence"]}
    return risk.answer, rivals


def test_a_first_model_that_is_better_perhaps_by_chance_is_provisional(models: dict[str, Trained]) -> None:
    test = models[READMISSION_MODEL].parts.test
    answer, rivals = close_call(models[READMISSION_MODEL])
    first = decide(READMISSION, test, answer, rivals, None)
    assert first.is_promoted and first.is_provisional and first.reason.startswith("Provisional")
    against_a_champion = decide(READMISSION, test, answer, rivals, rivals["prevalence"])
    assert not against_a_champion.is_promoted and "baseline 'close'" in against_a_champion.reason


def test_a_version_that_passes_the_gate_replaces_a_provisional_one(models: dict[str, Trained]) -> None:
    risk = models[READMISSION_MODEL]
    provisional = close_call(risk)[1]["close"]
    verdict = decide(READMISSION, risk.parts.test, risk.answer, dict(risk.baselines), provisional)
    assert verdict.is_promoted and not verdict.is_provisional


def test_a_first_model_that_is_worse_than_its_baseline_does_not_answer(models: dict[str, Trained]) -> None:
    risk = models[READMISSION_MODEL]
    worse = -risk.answer
    verdict = decide(READMISSION, risk.parts.test, worse, dict(risk.baselines), None)
    assert not verdict.is_promoted and not verdict.is_provisional


def test_the_card_of_a_provisional_version_says_so(model: Trained) -> None:
    told = [
        as_markdown(card(model, "1", "run", Decision(True, "Provisional.", is_provisional), {}, NOW))
        for is_provisional in (True, False)
    ]
    assert ["This version is provisional" in text for text in told] == [True, False]


def test_the_same_model_again_is_not_worse_and_the_first_needs_only_the_baseline(model: Trained) -> None:
    test, baselines = model.parts.test, dict(model.baselines)
    assert decide(model.spec, test, model.answer, baselines, None).is_promoted
    assert decide(model.spec, test, model.answer, baselines, model.answer).is_promoted


def test_unusual_costs_are_judged_apart(bills: Examples) -> None:
    from mediflow_assets.ml.figures import figures

    marked = Examples(bills.inputs, bills.target, bills.patient, bills.at, np.arange(len(bills)) % 10 == 0)
    table = figures(COST, marked, {SERVED: bills.target * 0.9}, SERVED)
    rows = {figure.group: figure.rows for figure in table}
    assert rows["with_anomalies"] == len(bills) and rows["all"] == (~marked.is_unusual).sum()


def test_the_card_fills_all_31_source_attributes(model: Trained) -> None:
    data = card(model, "3", "run", Decision(True, "It beats the mean."), {"gold/admission_features": 4}, NOW)
    attributes = data["source_attributes"]
    assert len(attributes) == 31 and all(text.strip() for text in attributes.values())
    applicable = [text for text in attributes.values() if text.startswith("not applicable")]
    assert all("because" in text for text in applicable)
    text = as_markdown(data)
    assert "version 3" in text and "| random_forest | all |" in text and all(name in text for name in attributes)


def test_facts_hold_no_row_of_a_person(model: Trained) -> None:
    """Reference and distribution are of many: medians, shares and inner quantiles."""
    facts = model.facts
    ages = model.parts.train.inputs["age_at_admission"]
    quantiles = facts["distribution"]["age_at_admission"]["quantiles"]
    assert ages.min() <= quantiles[0] and quantiles[-1] <= ages.max() and len(quantiles) == 99
    assert math.isfinite(facts["reference"]["age_at_admission"])
    assert set(model.importance) == {feature.name for feature in model.fitted.features}
    assert sum(model.importance.values()) == pytest.approx(1)
    assert isinstance(model.parts.train.inputs, pd.DataFrame)
