"""Each guard fires on what it is there for, and names it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mediflow_assets.contracts import gold
from mediflow_assets.errors import GraphWrong, LeakSuspected, TooLittleData, TrainingRefused
from mediflow_assets.ml import graph, training
from mediflow_assets.ml.examples import Examples
from mediflow_assets.ml.figures import FEWEST_IN_GROUP
from mediflow_assets.ml.specs.readmission_risk import SPEC as READMISSION
from mediflow_assets.ml.specs.treatment_cost import SPEC as COST
from mediflow_assets.ml.training import Trained, train
from mediflow_assets.ml.training_step import lesson
from mediflow_assets.storage.delta import Lake
from mediflow_assets_tests.rehearsal import fill, hospital


def test_too_few_rows_are_refused(stays: Examples) -> None:
    with pytest.raises(TooLittleData, match="at least 1000 are needed"):
        train(READMISSION, stays.take(np.arange(900)))


def without_stays(lake: Lake, encounter_class: str) -> Lake:
    """The made-up hospital with no stay that ended, and one class of encounter."""
    features = hospital(300)[gold.ADMISSION_FEATURES]
    at = features.column_names.index("encounter_class")
    lake.overwrite(gold.ADMISSION_FEATURES, features.set_column(at, "encounter_class", [[encounter_class] * 300]))
    return lake


def test_the_true_reason_is_told_where_there_is_nothing_to_learn(tmp_path: Path) -> None:
    reasons = {"unknown": "no inpatient stays: none of the 300 encounters", "inpatient": "no inpatient stay has ended"}
    for kind, reason in reasons.items():
        with pytest.raises(TooLittleData, match=reason):
            lesson(without_stays(Lake(str(tmp_path / kind)), kind), READMISSION)
    for task in (COST, READMISSION):
        with pytest.raises(TooLittleData, match="no encounter to learn from yet"):
            lesson(Lake(str(tmp_path / "empty")), task)


def test_stays_without_a_known_outcome_are_no_fault_of_the_class(tmp_path: Path) -> None:
    lake = fill(Lake(str(tmp_path / "lake")), 300)
    stays = lake.read(gold.READMISSIONS)
    at = stays.column_names.index("is_readmitted")
    unknown = pa.nulls(len(stays), pa.bool_())
    lake.overwrite(gold.READMISSIONS, stays.set_column(at, "is_readmitted", unknown))
    with pytest.raises(TooLittleData, match="of the 300 inpatient stays that ended, none has an outcome"):
        lesson(lake, READMISSION)


def test_encounters_without_a_bill_are_told(tmp_path: Path) -> None:
    lake = fill(Lake(str(tmp_path / "lake")), 300)
    features = lake.read(gold.ADMISSION_FEATURES)
    at = features.column_names.index("cost_usd")
    free = pa.nulls(300, features.schema.field("cost_usd").type)
    lake.overwrite(gold.ADMISSION_FEATURES, features.set_column(at, "cost_usd", free))
    with pytest.raises(TooLittleData, match="none of the 300 encounters has a billed amount"):
        lesson(lake, COST)


def test_bills_that_are_all_alike_are_too_little(bills: Examples) -> None:
    with pytest.raises(TooLittleData, match="cost the same"):
        train(COST, replace(bills, target=np.full(len(bills), 100.0)))


def test_one_class_only_is_refused(stays: Examples) -> None:
    with pytest.raises(TooLittleData, match="one class only"):
        train(READMISSION, replace(stays, target=np.zeros(len(stays))))


def test_too_few_of_one_class_are_refused(stays: Examples) -> None:
    rare = np.zeros(len(stays))
    rare[::200] = 1
    with pytest.raises(TooLittleData, match="of each class are needed"):
        train(READMISSION, replace(stays, target=rare))


def test_a_missing_feature_is_named(bills: Examples) -> None:
    with pytest.raises(TrainingRefused, match="lacks department"):
        train(COST, replace(bills, inputs=bills.inputs.drop(columns="department")))


def test_a_required_feature_without_values_is_named(bills: Examples) -> None:
    with pytest.raises(TooLittleData, match="age_at_admission"):
        train(COST, replace(bills, inputs=bills.inputs.assign(age_at_admission=np.float32(np.nan))))


def test_features_that_all_are_constant_are_refused(bills: Examples) -> None:
    constant = {name: bills.inputs[name].iloc[1] for name in bills.inputs}
    with pytest.raises(TooLittleData, match="nothing to learn from"):
        train(COST, replace(bills, inputs=bills.inputs.assign(**constant)))


def test_a_planted_leak_fails_the_training_and_is_named(stays: Examples) -> None:
    leaking = stays.inputs.assign(diastolic_mmhg=(60 + 40 * stays.target).astype(np.float32))
    with pytest.raises(LeakSuspected, match=r"Look for a leak.*diastolic_mmhg"):
        train(READMISSION, replace(stays, inputs=leaking))


def test_a_planted_leak_of_the_cost_fails_the_training(bills: Examples) -> None:
    leaking = bills.inputs.assign(prior_mean_cost_usd=(bills.target * 0.9).astype(np.float32))
    with pytest.raises(LeakSuspected, match="prior_mean_cost_usd"):
        train(COST, replace(bills, inputs=leaking))


def test_a_graph_that_answers_otherwise_fails_the_training(bills: Examples, monkeypatch: pytest.MonkeyPatch) -> None:
    real = training.scores_of
    monkeypatch.setattr(training, "scores_of", lambda *given: real(*given) + 0.01)
    with pytest.raises(GraphWrong, match=r"differs from the trained model by 0\.01"):
        train(COST, bills)


def test_a_graph_that_is_too_large_fails_the_training(bills: Examples, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "MOST_BYTES", 10_000)
    with pytest.raises(GraphWrong, match="larger leaves"):
        train(COST, bills)


def test_no_group_of_few_people_has_figures(model: Trained) -> None:
    groups = [figure for figure in model.figures if "=" in figure.group]
    assert groups and min(figure.rows for figure in groups) >= FEWEST_IN_GROUP
