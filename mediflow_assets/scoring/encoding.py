"""Rows or columns of plain values → the arrays a graph takes: float32, and words as objects."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mediflow_assets.contracts.icd10 import chapter
from mediflow_assets.contracts.inputs import Feature, code_of, is_derived
from mediflow_assets.contracts.vocabulary import UNKNOWN
from mediflow_assets.errors import InputInvalid

Row = Mapping[str, object]
Columns = dict[str, npt.NDArray[Any]]
"""Feature → one value a row: float32, NaN where absent; or str, UNKNOWN where absent."""


def encode_rows(features: Sequence[Feature], rows: Sequence[Row]) -> Columns:
    """The columns of some rows. Raises InputInvalid where a required input is absent or a value has another type."""
    return {feature.name: encode(feature, [value_of(feature, row) for row in rows]) for feature in features}


def value_of(feature: Feature, row: Row) -> object:
    """A row's value; a diagnosis chapter that is not given follows from the code."""
    value = row.get(feature.name)
    if value is not None or not is_derived(feature.name):
        return value
    code = row.get(code_of(feature.name))
    return chapter(code) if isinstance(code, str) else None


def encode(feature: Feature, values: Sequence[object]) -> npt.NDArray[Any]:
    """One column. Raises InputInvalid, naming the input and never its value."""
    column = _words(feature, values) if feature.is_category else _numbers(feature, values)
    if not feature.optional and is_absent(feature, column).any():
        raise InputInvalid(f"The input '{feature.name}' ({feature.label}) is required and is missing.")
    return column


def is_absent(feature: Feature, column: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Which rows of an encoded column have no value. A required category may be UNKNOWN by that very word."""
    if feature.is_category:
        return np.fromiter((value == "" for value in column), bool, len(column))
    return np.asarray(np.isnan(column))


def _words(feature: Feature, values: Sequence[object]) -> npt.NDArray[Any]:
    absent = UNKNOWN if feature.optional else ""
    column = np.empty(len(values), dtype=object)
    for at, value in enumerate(values):
        if value is None:
            column[at] = absent
        elif isinstance(value, str):
            column[at] = value
        else:
            raise InputInvalid(f"The input '{feature.name}' ({feature.label}) has to be a text.")
    return column


def _numbers(feature: Feature, values: Sequence[object]) -> npt.NDArray[Any]:
    try:
        column = np.array([math.nan if value is None else _number(value) for value in values], dtype=np.float32)
    except (TypeError, ValueError, OverflowError):
        raise InputInvalid(f"The input '{feature.name}' ({feature.label}) has to be a number.") from None
    if np.isinf(column).any():
        raise InputInvalid(f"The input '{feature.name}' ({feature.label}) has to be a finite number.")
    return column


def _number(value: object) -> float:
    if isinstance(value, (bool, str, bytes)):
        raise TypeError
    return float(value)  # type: ignore[arg-type]
