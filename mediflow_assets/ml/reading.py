"""Gold tables → examples to learn from, and rows to score."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts import gold
from mediflow_assets.contracts.icd10 import chapter
from mediflow_assets.contracts.inputs import Feature, code_of
from mediflow_assets.contracts.vocabulary import UNKNOWN
from mediflow_assets.ml.examples import Examples
from mediflow_assets.ml.spec import ModelSpec
from mediflow_assets.storage.delta import Lake

_AGE_EDGES = (18, 40, 65, 80)
AGE_BANDS = ("under 18", "18 to 39", "40 to 64", "65 to 79", "80 and over")


def read_examples(lake: Lake, spec: ModelSpec, where: Any = None) -> Examples:
    """The rows whose outcome is known, or those of them for which an Arrow expression holds."""
    found = spec.population.known(lake, where)
    rows = found.rows
    return Examples(
        inputs=inputs_of(rows, spec.features),
        target=found.target.to_numpy(),
        patient=rows["patient_key"].to_numpy(zero_copy_only=False),
        at=days_of(found.at),
        is_unusual=np.zeros(len(rows), np.bool_) if found.is_unusual is None else found.is_unusual,
        groups=_groups(rows) | ({spec.by: _words(rows[spec.by])} if spec.by else {}),
    )


def why_none(lake: Lake, spec: ModelSpec) -> str:
    """Why `read_examples` finds nothing, and what to do, in a sentence."""
    encounters = lake.rows(gold.ADMISSION_FEATURES)
    if not encounters:
        return "there is no encounter to learn from yet. Ingest some, then 'mediflow run'."
    return spec.population.why_none(lake, encounters)


def inputs_of(rows: pa.Table, features: Sequence[Feature]) -> pd.DataFrame:
    """A frame with one column a feature: float32 with NaN, or words with UNKNOWN where absent."""
    return pd.DataFrame({feature.name: _column(rows, feature) for feature in features})


def asked_values(feature: Feature, asked: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """One input's column of `inputs_of`, from requests; without those that did not give it."""
    source = code_of(feature.name)
    given = [inputs[source] for inputs in asked if inputs.get(source) is not None]
    kind = pa.string() if feature.is_category else pa.float64()
    return inputs_of(pa.table({source: pa.chunked_array([pa.array(given, kind)])}), [feature])


def _column(rows: pa.Table, feature: Feature) -> Any:
    if not feature.is_category:
        return pc.cast(rows[feature.name], pa.float32()).to_numpy()
    source = code_of(feature.name)
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
