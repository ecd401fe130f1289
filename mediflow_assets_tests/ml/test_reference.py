"""The reference evaluation runs on data of the public sets' shape, and refuses others."""

import csv
from pathlib import Path

import numpy as np
import pytest

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.ml.reference import _GONE, _NUMBERS, REFERENCES, evaluate, read_uci

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(9)


def insurance(folder: Path, rows: int = 400) -> Path:
    file = folder / "insurance.csv"
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["age", "sex", "bmi", "children", "smoker", "region", "charges"])
        for _ in range(rows):
            age, smoker = int(RNG.integers(18, 65)), RNG.random() < 0.2
            charges = 250 * age + 24_000 * smoker + RNG.normal(0, 1_500)
            smokes, bmi = ("yes" if smoker else "no"), round(RNG.normal(30, 6), 1)
            writer.writerow([age, "male", bmi, 0, smokes, "north", round(charges + 3_000, 2)])
    return folder


def diabetes(folder: Path, rows: int = 900) -> Path:
    columns = [
        "encounter_id",
        "patient_nbr",
        "age",
        "discharge_disposition_id",
        "diag_1",
        "diag_2",
        "diag_3",
        "insulin",
        "readmitted",
        *_NUMBERS,
    ]
    with (folder / "encounters.csv").open("w", newline="") as out:
        writer = csv.DictWriter(out, columns)
        writer.writeheader()
        for number in range(rows):
            visits = int(RNG.poisson(0.8))
            back = RNG.random() < 0.08 + 0.1 * visits
            row = {name: int(RNG.integers(1, 9)) for name in _NUMBERS} | {"number_inpatient": visits}
            row |= {"encounter_id": number, "patient_nbr": number // 2, "age": "[60-70)", "insulin": "Up"}
            row |= {"discharge_disposition_id": 11 if number % 50 == 0 else 1, "readmitted": "<30" if back else "NO"}
            writer.writerow(row | {"diag_1": "250.01", "diag_2": "?", "diag_3": "428"})
    return folder


def test_the_insurance_table_is_computed(tmp_path: Path) -> None:
    found = {result.name: result for result in evaluate("insurance", insurance(tmp_path))}
    assert set(found) == set(REFERENCES["insurance"].estimators)
    assert found["random forest"].figures["r2"] > 0.8 and found["random forest"].spread > 0


def test_the_diabetes_table_is_computed_without_those_who_cannot_come_back(tmp_path: Path) -> None:
    examples = read_uci(diabetes(tmp_path))
    assert len(examples) == 900 - 18 and "11" in _GONE
    assert set(examples.inputs["diag_1"]) == {"250"} and "patient_nbr" not in examples.inputs
    found = evaluate("uci-diabetes", tmp_path)
    assert all(0.5 < result.figures["auc"] < 0.95 for result in found)


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DeliveryRefused, match="lacks the columns"):
        evaluate("insurance", tmp_path / "other.csv")
    with pytest.raises(DeliveryRefused, match="no file"):
        evaluate("uci-diabetes", tmp_path / "absent")
