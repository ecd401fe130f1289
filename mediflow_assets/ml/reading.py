"""Gold tables → examples to learn from, and rows to score."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts import gold
from mediflow_assets.contracts.icd10 import chapter
from mediflow_assets.contracts.inputs import Feature
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.contracts.vocabulary import UNKNOWN
from mediflow_assets.ml.examples import Examples
from mediflow_assets.ml.tasks import COST, READMISSION, Flags, Task
from mediflow_assets.storage.delta import Lake

INPUTS: dict[str, tuple[TableContract, ...]] = {
    COST.name: (gold.ADMISSION_FEATURES, gold.COST_ANOMALIES),
    READMISSION.name: (gold.ADMISSION_FEATURES, gold.READMISSIONS),
}
"""The tables each model is made from."""
_CHAPTERS = {"admitting_diagnosis_chapter": "admitting_diagnosis_code", "diagnosis_chapter": "diagnosis_code"}
_OF_STAY = ("department", "diagnosis_code", "gender", "age_at_admission", "length_of_stay_days",
            "discharge_disposition")  # fmt: skip
MOST_EXAMPLES = 1_000_000
_AGE_EDGES = (18, 40, 65, 80)
AGE_BANDS = ("under 18", "18 to 39", "40 to 64", "65 to 79", "80 and over")


def read_examples(lake: Lake, task: Task) -> Examples:
    """All rows whose outcome is known."""
    if task is COST:
        rows = lake.read(gold.ADMISSION_FEATURES)
        rows = _bounded(rows.filter(pc.greater(rows["cost_usd"], 0)))
        target, time = pc.cast(rows["cost_usd"], pa.float64()), rows["admitted_at"]
        flagged = lake.read(gold.COST_ANOMALIES, ["encounter_key"])["encounter_key"]
        is_unusual = pc.is_in(rows["encounter_key"], value_set=flagged.combine_chunks()).to_numpy(zero_copy_only=False)
    else:
        rows = stays_with_history(lake)
        rows = _bounded(rows.filter(pc.is_valid(rows["is_readmitted"])))
        target, time = pc.cast(pc.cast(rows["is_readmitted"], pa.int8()), pa.float64()), rows["discharged_at"]
        is_unusual = np.zeros(len(rows), np.bool_)
    return Examples(
        inputs=inputs_of(rows, task.features),
        target=target.to_numpy(),
        patient=rows["patient_key"].to_numpy(zero_copy_only=False),
        at=days_of(time),
        is_unusual=is_unusual,
        groups=_groups(rows),
    )


def _bounded(rows: pa.Table) -> pa.Table:
    """At most a million, drawn at random: more would only be thrown away when the parts are made."""
    if len(rows) <= MOST_EXAMPLES:
        return rows
    return rows.take(np.sort(np.random.default_rng(len(rows)).choice(len(rows), MOST_EXAMPLES, replace=False)))


def stays_with_history(lake: Lake) -> pa.Table:
    """Inpatient episodes that ended, with what was known of the patient when the last stay began."""
    stays = lake.read(gold.READMISSIONS)
    history = lake.read(gold.ADMISSION_FEATURES)
    history = history.drop_columns([name for name in history.column_names
                                    if name in stays.column_names and name != "encounter_key"])  # fmt: skip
    history = history.filter(pc.is_in(history["encounter_key"], value_set=stays["encounter_key"].combine_chunks()))
    return stays.join(history, "encounter_key", join_type="inner", use_threads=False)


def inputs_of(rows: pa.Table, features: Sequence[Feature]) -> pd.DataFrame:
    """A frame with one column a feature: float32 with NaN, or words with UNKNOWN where absent."""
    return pd.DataFrame({feature.name: _column(rows, feature) for feature in features})


def _column(rows: pa.Table, feature: Feature) -> Any:
    if not feature.is_category:
        return pc.cast(rows[feature.name], pa.float32()).to_numpy()
    source = _CHAPTERS.get(feature.name, feature.name)
    words = pc.fill_null(rows[source], UNKNOWN).combine_chunks().dictionary_encode()
    meaning = [chapter(word) if source != feature.name else word for word in words.dictionary.to_pylist()]
    return np.array(meaning or [UNKNOWN], dtype=object)[words.indices.to_numpy()]


def days_of(times: pa.ChunkedArray) -> Any:
    """Days since 1970."""
    return pc.cast(pc.cast(times, pa.date32()), pa.int32()).to_numpy().astype(np.int64)


def _groups(rows: pa.Table) -> dict[str, np.ndarray]:
    age = pc.fill_null(rows["age_at_admission"], -1).to_numpy()
    band = np.array(AGE_BANDS, dtype=object)[np.searchsorted(_AGE_EDGES, age, "right")]
    return {
        "department": rows["department"].to_numpy(zero_copy_only=False),
        "gender": pc.fill_null(rows["gender"], UNKNOWN).to_numpy(zero_copy_only=False),
        "age": np.where(age < 0, UNKNOWN, band),
    }


def recent(times: pa.ChunkedArray, days: int) -> Flags:
    """Which rows lie within the last days of the table."""
    at = days_of(times)
    return np.asarray(at > at.max() - days) if len(at) else np.zeros(0, np.bool_)
