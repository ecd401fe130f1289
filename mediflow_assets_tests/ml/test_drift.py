"""Drift is told where it is, and not where it is not."""

import numpy as np

from mediflow_assets.ml.drift import ANSWER, drift
from mediflow_assets.ml.training import Trained


def drifted(model: Trained, **changes: object) -> set[str]:
    test = model.parts.test.inputs.assign(**changes)
    reference = model.facts["distribution"]
    found = drift(model.fitted.features, reference, test, model.fitted.answer(test))
    return {each.input for each in found if each.has_drifted}


def test_later_months_of_the_same_hospital_have_not_drifted(model: Trained) -> None:
    assert drifted(model) == set()


def test_older_patients_are_told(model: Trained) -> None:
    assert "age_at_admission" in drifted(model, age_at_admission=np.float32(85))


def test_a_new_department_is_told(model: Trained) -> None:
    assert "department" in drifted(model, department="ONCOLOGY")


def test_answers_are_looked_at_too(model: Trained) -> None:
    reference = model.facts["distribution"]
    test = model.parts.test.inputs
    found = drift(model.fitted.features, reference, test, model.fitted.answer(test) * 3)
    assert ANSWER in {each.input for each in found if each.has_drifted}
