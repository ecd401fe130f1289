"""The parts: apart in patients and in time."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mediflow_assets.ml.examples import EMBARGO_DAYS, Examples, split, split_by_patient
from mediflow_assets.ml.reading import read_examples
from mediflow_assets.ml.spec import ModelSpec
from mediflow_assets.ml.specs.readmission_risk import SPEC as READMISSION
from mediflow_assets.ml.specs.treatment_cost import SPEC as COST
from mediflow_assets.storage.delta import Lake
from mediflow_assets_tests.rehearsal import hospital


def test_no_patient_is_in_two_parts(stays: Examples) -> None:
    parts = split(stays)
    people = [set(part.patient) for part in (parts.train, parts.calibration, parts.test)]
    assert all(people) and not people[0] & people[1] and not people[0] & people[2] and not people[1] & people[2]


def test_the_test_is_later_than_all_that_was_learned_and_outcomes_were_known_by_then(stays: Examples) -> None:
    parts = split(stays)
    learned = max(parts.train.at.max(), parts.calibration.at.max())
    assert learned + EMBARGO_DAYS < parts.cut <= parts.test.at.min()


def test_a_patient_kept_for_tests_stays_so_for_later_versions(stays: Examples) -> None:
    tested = set(split(stays).test.patient)
    fewer = stays.take(np.arange(len(stays)) % 3 > 0)
    assert not tested & {*split(fewer).train.patient, *split(fewer).calibration.patient}


def test_a_part_is_bounded(stays: Examples) -> None:
    parts = split(stays, most={"train": 500, "calibration": 100, "test": 50})
    assert (len(parts.train), len(parts.calibration), len(parts.test)) == (500, 100, 50)


def test_data_without_a_time_are_split_by_patient_alone(stays: Examples) -> None:
    timeless = replace(stays, at=np.zeros(len(stays), np.int64))
    parts = split_by_patient(timeless, 1, 0.15)
    assert len(parts.train) + len(parts.calibration) + len(parts.test) == len(stays)
    assert not set(parts.train.patient) & set(parts.test.patient)
    assert 0.15 < len(parts.test) / len(stays) < 0.25


@pytest.mark.parametrize("task", [COST, READMISSION], ids=lambda task: task.name)
def test_the_order_of_a_tables_rows_decides_nothing(task: ModelSpec, gold_lake: Lake, tmp_path: Path) -> None:
    other, rng = Lake(str(tmp_path / "lake")), np.random.default_rng(1)
    for contract, rows in hospital().items():
        other.overwrite(contract, rows.take(rng.permutation(len(rows))))
    one, same = read_examples(gold_lake, task), read_examples(other, task)
    pd.testing.assert_frame_equal(one.inputs, same.inputs)
    for name in ("target", "patient", "at", "is_unusual"):
        assert np.array_equal(getattr(one, name), getattr(same, name))
    assert one.groups.keys() == same.groups.keys()
    assert all(np.array_equal(one.groups[name], same.groups[name]) for name in one.groups)
