"""A made-up hospital's Gold tables, with a signal that models can find, and real models trained on them.

One version of each is kept beside this file, so that what only serves models need not train any. After a change of what
a training makes, train them again: `python -m mediflow_assets_tests.rehearsal`.
"""

import datetime as dt
import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mediflow_assets.contracts import gold
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.ml.reading import read_examples
from mediflow_assets.ml.specs import SPECS
from mediflow_assets.ml.training import Trained, train
from mediflow_assets.scoring import Champion, bundle_files, feature_as_json, files, point_to, write_bundle
from mediflow_assets.scoring.bundle import FORMAT
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.schemas import arrow_schema

NOW = dt.datetime(2024, 7, 1, tzinfo=dt.UTC)
KEPT = Path(__file__).parent / "rehearsed"
DEPARTMENTS = np.array(["CARDIOLOGY", "GENERAL MEDICINE", "SURGERY"], dtype=object)
DIAGNOSES = np.array(["I50.9", "J44.1", "K35.80", "E11.9"], dtype=object)
_START, _DAYS = dt.datetime(2022, 1, 1, tzinfo=dt.UTC), 900


def hospital(rows: int = 6_000, seed: int = 3) -> dict[TableContract, pa.Table]:
    """`gold/admission_features`, `gold/readmissions` (a row for each encounter) and `gold/cost_anomalies`."""
    rng = np.random.default_rng(seed)
    patient = rng.integers(0, rows // 3, rows)
    began = np.sort(rng.integers(0, _DAYS * 24, rows))
    stay = 1 + rng.poisson(3, rows)
    age, priors, groups = rng.integers(18, 95, rows), rng.poisson(0.7, rows), rng.poisson(0.8, rows)
    department, diagnosis = rng.integers(0, 3, rows), rng.integers(0, 4, rows)
    # stays cost more than visits, and scatter more
    is_visit = np.arange(rows) % 3 == 0
    noise = rng.normal(0, 1, rows) * np.where(is_visit, 0.15, 0.4)
    cost = np.exp(7 + 0.5 * diagnosis + 0.3 * department + 0.01 * age - 1.0 * is_visit + noise)
    odds = -3.4 + 0.9 * priors + 0.5 * groups + 0.02 * (age - 50) + 0.4 * (diagnosis == 0)
    is_back = rng.random(rows) < 1 / (1 + np.exp(-odds))
    admitted = [_START + dt.timedelta(hours=int(hour)) for hour in began]
    discharged = [at + dt.timedelta(days=int(days)) for at, days in zip(admitted, stay, strict=True)]
    is_known = np.array([at < _START + dt.timedelta(days=_DAYS - 30) for at in discharged])
    columns: dict[str, Any] = {
        "encounter_key": [f"{number:032x}" for number in range(rows)],
        "patient_key": [f"{number * 2_654_435_761 % 2**32:08x}{number:024x}" for number in patient.tolist()],
        "department": DEPARTMENTS[department],
        "encounter_class": np.where(is_visit, "outpatient", "inpatient"),
        "admission_type": np.where(rng.random(rows) < 0.6, "emergency", "elective"),
        "gender": np.where(rng.random(rows) < 0.5, "F", "M"),
        "age_at_admission": age,
        "admitting_diagnosis_code": DIAGNOSES[diagnosis],
        "diagnosis_code": DIAGNOSES[diagnosis],
        "admission_month": [at.month for at in admitted],
        "admitted_at": admitted,
        "discharged_at": discharged,
        "admitted_on": [at.date() for at in admitted],
        "discharged_on": [at.date() for at in discharged],
        "systolic_mmhg": [None if n % 7 == 0 else 110 + n % 40 for n in range(rows)],
        "diastolic_mmhg": [None if n % 7 == 0 else 70 + n % 20 for n in range(rows)],
        "prior_admissions_12m": priors,
        "prior_emergency_6m": rng.poisson(0.3, rows),
        "days_since_last_discharge": [None if n == 0 else int(n) * 20 for n in priors],
        "comorbidity_count": groups,
        "charlson_index": groups,
        "elixhauser_score": groups * 3,
        "prior_mean_cost_usd": [None if n == 0 else 900.0 for n in priors],
        "cost_usd": np.round(cost, 2),
        "discharge_disposition": ["home"] * rows,
        "length_of_stay_days": stay,
        "next_admitted_on": [None] * rows,
        "days_to_readmission": [10 if back else None for back in is_back],
        "excluded_because": [None if known else "no_follow_up" for known in is_known],
        "is_readmitted": [bool(back) if known else None for back, known in zip(is_back, is_known, strict=True)],
    }
    features, stays = (_table(table, columns) for table in (gold.ADMISSION_FEATURES, gold.READMISSIONS))
    anomalies = arrow_schema(gold.COST_ANOMALIES).empty_table()
    return {gold.ADMISSION_FEATURES: features, gold.READMISSIONS: stays, gold.COST_ANOMALIES: anomalies}


def _table(contract: TableContract, columns: dict[str, Any]) -> pa.Table:
    schema = arrow_schema(contract)
    made = []
    for field in schema:
        values = columns[field.name]
        column = pa.array(values if isinstance(values, list) else values.tolist())
        made.append(column.cast(pa.timestamp("us", "UTC") if pa.types.is_timestamp(field.type) else field.type))
    return pa.table(made, schema=schema)


def fill(lake: Lake, rows: int = 6_000, seed: int = 3) -> Lake:
    """Put the hospital into a lake."""
    for contract, table in hospital(rows, seed).items():
        lake.overwrite(contract, table)
    return lake


@cache
def trained(name: str) -> Trained:
    """A real model of the made-up hospital: trained once for all tests of a process, and to be looked at only."""
    with tempfile.TemporaryDirectory() as folder:
        return train(SPECS[name], read_examples(fill(Lake(folder)), SPECS[name]))


def facts_of(made: Trained) -> dict[str, Any]:
    """What a bundle of it holds beside its graph, as JSON has it."""
    facts = made.facts | {"features": [feature_as_json(feature) for feature in made.facts["features"]]}
    found: dict[str, Any] = json.loads(json.dumps({"format": FORMAT} | facts))
    return found


def kept(name: str) -> tuple[dict[str, Any], bytes]:
    """Facts and graph of the model that was trained when the tests were written."""
    return json.loads((KEPT / f"{name}.json").read_text()), (KEPT / f"{name}.onnx").read_bytes()


def write(models: str, name: str, version: str = "1") -> None:
    """The kept model's bundle, below a lake's models."""
    facts, graph = kept(name)
    facts |= {"version": version, "run_id": f"run{version}"}
    write_bundle(files.join(models, name, version), bundle_files(facts, graph, "# A card\n", "{}"))


def rehearse(models: str, name: str) -> Champion:
    """Write the kept model's bundle as version 1, and make it champion."""
    write(models, name)
    return point_to(models, name, "1", NOW)


def keep(name: str) -> None:
    """Train a model again, and keep it."""
    made = trained(name)
    KEPT.mkdir(exist_ok=True)
    (KEPT / f"{name}.json").write_text(json.dumps(facts_of(made), indent=1, sort_keys=True) + "\n")
    (KEPT / f"{name}.onnx").write_bytes(made.graph)


if __name__ == "__main__":
    for name in SPECS:
        keep(name)
