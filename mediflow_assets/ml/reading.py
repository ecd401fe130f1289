"""Gold tables → examples to learn from, and rows to score."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
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
from mediflow_assets.ml.tasks import COST, READMISSION, Task
from mediflow_assets.storage.delta import Lake

INPUTS: dict[str, tuple[TableContract, ...]] = {
    COST.name: (gold.ADMISSION_FEATURES, gold.COST_ANOMALIES),
    READMISSION.name: (gold.ADMISSION_FEATURES, gold.READMISSIONS),
}
"""The tables each model is made from."""
_CHAPTERS = {"admitting_diagnosis_chapter": "admitting_diagnosis_code", "diagnosis_chapter": "diagnosis_code"}
MOST_ENCOUNTERS, MOST_STAYS, _FEW = 1_000_000, 300_000, 50_000
_NOTHING = pa.scalar(Decimal("0.00"), pa.decimal128(12, 2))
INPATIENT = "inpatient"
_TIME = pa.timestamp("us", "UTC")
_AGE_EDGES = (18, 40, 65, 80)
AGE_BANDS = ("under 18", "18 to 39", "40 to 64", "65 to 79", "80 and over")


def read_examples(lake: Lake, task: Task, where: Any = None) -> Examples:
    """The rows whose outcome is known, or those of them for which an Arrow expression holds.

    In the order of their keys: how a table's files lie, which each engine decides for itself, must not decide a model.
    Beyond a million encounters, or 300,000 stays, only those of some patients: more would be thrown away when the parts
    are made.
    """
    if task is COST:
        chosen = _both(some_patients(lake.rows(gold.ADMISSION_FEATURES), MOST_ENCOUNTERS), where)
        rows = _in_order(lake.read(gold.ADMISSION_FEATURES, where=_both(chosen, pc.field("cost_usd") > _NOTHING)))
        target, time = pc.cast(rows["cost_usd"], pa.float64()), rows["admitted_at"]
        flagged = lake.read(gold.COST_ANOMALIES, ["encounter_key"])["encounter_key"]
        is_unusual = pc.is_in(rows["encounter_key"], value_set=flagged.combine_chunks()).to_numpy(zero_copy_only=False)
    else:
        chosen = some_patients(lake.rows(gold.READMISSIONS), MOST_STAYS)
        known = _both(chosen, pc.field("is_readmitted").is_valid())
        rows = _in_order(stays_with_history(lake, _both(known, where), chosen))
        target, time = pc.cast(pc.cast(rows["is_readmitted"], pa.int8()), pa.float64()), rows["discharged_at"]
        is_unusual = np.zeros(len(rows), np.bool_)
    return Examples(
        inputs=inputs_of(rows, task.features),
        target=target.to_numpy(),
        patient=rows["patient_key"].to_numpy(zero_copy_only=False),
        at=days_of(time),
        is_unusual=is_unusual,
        groups=_groups(rows) | ({task.by: _words(rows[task.by])} if task.by else {}),
    )


def why_none(lake: Lake, task: Task) -> str:
    """Why `read_examples` finds nothing, and what to do, in a sentence."""
    encounters, stays = lake.rows(gold.ADMISSION_FEATURES), lake.rows(gold.READMISSIONS)
    if not encounters:
        return "there is no encounter to learn from yet. Ingest some, then 'mediflow run'."
    if task is COST:
        return f"none of the {encounters} encounters has a billed amount to learn from. Deliver 'cost'."
    if stays:
        return (f"of the {stays} inpatient stays that ended, none has an outcome that is known: each ended in the last "
                "30 days of the data, or in another way that does not count.")  # fmt: skip
    classes = lake.read(gold.ADMISSION_FEATURES, ["encounter_class"])["encounter_class"]
    if not pc.any(pc.equal(classes, INPATIENT)).as_py():
        return (f"there are no inpatient stays: none of the {encounters} encounters is of class '{INPATIENT}'. Deliver "
                "'encounter_class', or name its column in sources.toml.")  # fmt: skip
    return "no inpatient stay has ended. Deliver 'discharge_date'."


def some_patients(rows: int, most: int) -> Any:
    """An expression for the share of patients that has about `most` of the rows; None where all may be taken.

    Keys are random hexadecimal digits, so a range of them is a random sample.
    """
    return pc.field("patient_key") < f"{int(16**8 * most / rows):08x}" if rows > most else None


def _in_order(rows: pa.Table) -> pa.Table:
    return rows.take(pc.sort_indices(rows, [("encounter_key", "ascending")]))


def _both(one: Any, other: Any) -> Any:
    return one & other if one is not None and other is not None else other if one is None else one


def stays_with_history(lake: Lake, where: Any, history_where: Any = None) -> pa.Table:
    """Inpatient episodes that ended and for which an expression holds, with what was known of the patient when the last
    stay began."""
    stays = lake.read(gold.READMISSIONS, where=where)
    keys = stays["encounter_key"].combine_chunks()
    wanted = [name for name in gold.ADMISSION_FEATURES.column_names if name not in stays.column_names]
    if len(keys) < _FEW:
        history_where = pc.field("encounter_key").isin(keys)
    history = lake.read(gold.ADMISSION_FEATURES, ["encounter_key", *wanted], history_where)
    history = history.filter(pc.is_in(history["encounter_key"], value_set=keys))
    return stays.join(history, "encounter_key", join_type="inner", use_threads=False)


def inputs_of(rows: pa.Table, features: Sequence[Feature]) -> pd.DataFrame:
    """A frame with one column a feature: float32 with NaN, or words with UNKNOWN where absent."""
    return pd.DataFrame({feature.name: _column(rows, feature) for feature in features})


def asked_values(feature: Feature, asked: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """One input's column of `inputs_of`, from requests; without those that did not give it."""
    source = _CHAPTERS.get(feature.name, feature.name)
    given = [inputs[source] for inputs in asked if inputs.get(source) is not None]
    kind = pa.string() if feature.is_category else pa.float64()
    return inputs_of(pa.table({source: pa.chunked_array([pa.array(given, kind)])}), [feature])


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


def _words(values: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(pc.fill_null(values, UNKNOWN).to_numpy(zero_copy_only=False))


def _groups(rows: pa.Table) -> dict[str, np.ndarray]:
    age = pc.fill_null(rows["age_at_admission"], -1).to_numpy()
    band = np.array(AGE_BANDS, dtype=object)[np.searchsorted(_AGE_EDGES, age, "right")]
    return {
        "department": rows["department"].to_numpy(zero_copy_only=False),
        "gender": pc.fill_null(rows["gender"], UNKNOWN).to_numpy(zero_copy_only=False),
        "age": np.where(age < 0, UNKNOWN, band),
    }


def recent_encounters(lake: Lake, days: int) -> pa.Table:
    """The rows of `gold/admission_features` of the last days there are."""
    newest = pc.max(lake.read(gold.ADMISSION_FEATURES, ["admitted_at"])["admitted_at"]).as_py()
    if newest is None:
        return lake.read(gold.ADMISSION_FEATURES)
    midnight = newest.replace(hour=0, minute=0, second=0, microsecond=0)
    since = midnight - dt.timedelta(days=days - 1)
    return lake.read(gold.ADMISSION_FEATURES, where=pc.field("admitted_at") >= pa.scalar(since, _TIME))
