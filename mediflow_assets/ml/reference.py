"""Reference data: the same pipelines, split and figures on public data, beside what others published."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mediflow_assets.contracts.inputs import Feature, FeatureType
from mediflow_assets.contracts.vocabulary import UNKNOWN
from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.ml import fitting, pipelines
from mediflow_assets.ml.examples import Examples, split_by_patient
from mediflow_assets.ml.spec import ModelSpec
from mediflow_assets.ml.specs import readmission_risk, treatment_cost


@dataclass(frozen=True)
class Result:
    """One estimator's figures: means over the splits, and their standard deviation of the first."""

    name: str
    figures: Mapping[str, float]
    spread: float
    published: str


@dataclass(frozen=True)
class Reference:
    """A public data set: how it is read, how it is split, and what was published."""

    name: str
    splits: int
    read: Callable[[Path], Examples]
    like: ModelSpec
    """The model that asks the same of this hospital's data."""
    estimators: Mapping[str, tuple[Callable[[], Any], str]]
    described: str


_GONE = {"11", "13", "14", "19", "20", "21"}
"""Discharged dead or to a hospice: these cannot come back."""
_NUMBERS = (
    "time_in_hospital",
    "num_lab_procedures",
    "num_procedures",
    "num_medications",
    "number_outpatient",
    "number_emergency",
    "number_inpatient",
    "number_diagnoses",
)
_NOT_USED = {"encounter_id", "patient_nbr", "readmitted", "weight", *_NUMBERS}


def _feature(name: str, is_category: bool) -> Feature:
    kind = FeatureType.CATEGORY if is_category else FeatureType.NUMBER
    return Feature(name, name.replace("_", " "), kind, name)


def _read(path: Path, needed: set[str]) -> pd.DataFrame:
    file = path / "encounters.csv" if path.is_dir() and "patient_nbr" in needed else path
    file = path / "insurance.csv" if file.is_dir() else file
    if not file.is_file():
        raise DeliveryRefused(f"There is no file {file.name} at the path given.")
    try:
        rows = pd.read_csv(file, dtype=str, keep_default_na=False)
    except (ValueError, UnicodeDecodeError) as error:
        raise DeliveryRefused(f"{file.name} cannot be read as CSV ({type(error).__name__}).") from None
    if missing := needed - set(rows.columns):
        raise DeliveryRefused(f"{file.name} lacks the columns {', '.join(sorted(missing))}: another data set?")
    return rows


def _numbers(rows: pd.DataFrame, name: str) -> pd.Series:
    return pd.to_numeric(rows[name], errors="coerce").astype(np.float32)


def read_uci(path: Path) -> Examples:
    """Diabetes 130-US hospitals (UCI 296, CC BY 4.0; Strack et al. 2014): readmitted within 30 days or not."""
    rows = _read(path, {"patient_nbr", "readmitted", "discharge_disposition_id", "age", *_NUMBERS})
    rows = rows[~rows["discharge_disposition_id"].isin(_GONE)].reset_index(drop=True)
    words = [name for name in rows.columns if name not in _NOT_USED and name != "age"]
    inputs = {name: rows[name].replace({"?": UNKNOWN, "": UNKNOWN}).astype(object) for name in words}
    for name in ("diag_1", "diag_2", "diag_3"):
        # the three digits before the point: the disease, not its variety
        inputs[name] = inputs[name].str.split(".").str[0].astype(object)
    inputs |= {name: _numbers(rows, name) for name in _NUMBERS}
    inputs["age"] = rows["age"].str.extract(r"(\d+)")[0].astype(np.float32)
    target = (rows["readmitted"] == "<30").to_numpy(np.float64)
    return _examples(inputs, target, rows["patient_nbr"].to_numpy(object))


def read_insurance(path: Path) -> Examples:
    """Medical cost personal data (Lantz, Machine Learning with R): charges in USD."""
    rows = _read(path, {"age", "sex", "bmi", "children", "smoker", "region", "charges"})
    inputs: dict[str, Any] = {name: rows[name].astype(object) for name in ("sex", "smoker", "region")}
    inputs |= {name: _numbers(rows, name) for name in ("age", "bmi", "children")}
    return _examples(inputs, pd.to_numeric(rows["charges"]).to_numpy(np.float64), np.arange(len(rows)).astype(str))


def _examples(inputs: Mapping[str, Any], target: np.ndarray, patient: np.ndarray) -> Examples:
    nothing = np.zeros(len(target), np.int64)
    return Examples(pd.DataFrame(inputs), target, patient, nothing, nothing.astype(np.bool_))


REFERENCES = {
    "uci-diabetes": Reference(
        "uci-diabetes",
        5,
        read_uci,
        readmission_risk.SPEC,
        {
            "logistic regression": (lambda: pipelines.linear(True), "AUC 0.656 to 0.670"),
            "random forest": (lambda: pipelines.forest(True), "AUC 0.670 to 0.677"),
            "gradient boosting": (lambda: pipelines.boosting(True), "AUC 0.673 to 0.681"),
        },
        "patients apart, a fifth for the test, 5 times; expired and hospice removed",
    ),
    "insurance": Reference(
        "insurance",
        10,
        read_insurance,
        treatment_cost.SPEC,
        {
            "linear regression": (lambda: pipelines.linear(False), "-"),
            "random forest": (lambda: pipelines.forest(False, leaf=1, rows=900, share=1.0), "R2 0.848 +- 0.017"),
            "random forest, leaf 5": (lambda: pipelines.forest(False, leaf=5, rows=900, share=1.0), "R2 0.869"),
            "gradient boosting": (lambda: pipelines.boosting(False), "-"),
        },
        "a fifth for the test, 10 times",
    ),
}


def evaluate(name: str, path: Path) -> list[Result]:
    """Each estimator's mean figures. Raises DeliveryRefused where the file is another than expected."""
    reference = REFERENCES[name]
    examples = reference.read(path)
    features = [_feature(column, examples.inputs[column].dtype == object) for column in examples.inputs]
    contract = replace(reference.like.contract, name=name, features=features, by=None)
    spec = replace(reference.like, contract=contract, is_logged=False)
    found: dict[str, list[dict[str, float]]] = {each: [] for each in reference.estimators}
    for seed in range(reference.splits):
        parts = split_by_patient(examples, seed, 0.05 if spec.is_probability else 0)
        known = fitting.learned(features, parts.train.inputs)
        for each, (estimator, _) in reference.estimators.items():
            made = fitting.fit(spec, known, estimator(), parts.train, parts.calibration)
            answer = made.answer(parts.test.inputs)
            found[each].append(spec.measures.figures(parts.test.target, answer))
    return [_result(each, rows, reference.estimators[each][1], spec.headline) for each, rows in found.items()]


def _result(name: str, rows: list[dict[str, float]], published: str, headline: str) -> Result:
    means = {metric: float(np.mean([row[metric] for row in rows])) for metric in rows[0]}
    return Result(name, means, float(np.std([row[headline] for row in rows])), published)
