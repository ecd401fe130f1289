"""Which rows of Gold a model learns from and is asked about: what a population is made of, and how Gold is read."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts import gold
from mediflow_assets.contracts.model import RECENT_DAYS
from mediflow_assets.storage.delta import Lake

_FEW = 50_000


@dataclass(frozen=True)
class Labelled:
    """Rows of Gold whose outcome is known, in the order of their keys: the outcome, when it was to be foretold, and
    which of them no model is asked to foresee."""

    rows: pa.Table
    target: pa.ChunkedArray
    at: pa.ChunkedArray
    is_unusual: np.ndarray | None = None


@dataclass(frozen=True)
class Population:
    """`known`: the rows to learn from, or those of them for which an Arrow expression holds. `recent`: the rows to be
    scored now. `why_none`: why `known` finds nothing although there are so many encounters, in a sentence."""

    known: Callable[[Lake, Any], Labelled]
    recent: Callable[[Lake], pa.Table]
    why_none: Callable[[Lake, int], str]


def some_patients(rows: int, most: int) -> Any:
    """An expression for the share of patients that has about `most` of the rows; None where all may be taken: more
    would be thrown away when the parts are made.

    Keys are random hexadecimal digits, so a range of them is a random sample.
    """
    return pc.field("patient_key") < f"{int(16**8 * most / rows):08x}" if rows > most else None


def in_order(rows: pa.Table) -> pa.Table:
    """Rows by their keys: how a table's files lie, which each engine decides for itself, must not decide a model."""
    return rows.take(pc.sort_indices(rows, [("encounter_key", "ascending")]))


def both(one: Any, other: Any) -> Any:
    """Both of two expressions; None is no condition."""
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


def recent_encounters(lake: Lake) -> pa.Table:
    """The rows of `gold/admission_features` of the last 30 days there are."""
    newest = pc.max(lake.read(gold.ADMISSION_FEATURES, ["admitted_on"])["admitted_on"]).as_py()
    if newest is None:
        return lake.read(gold.ADMISSION_FEATURES)
    since = newest - dt.timedelta(days=RECENT_DAYS - 1)
    return lake.read(gold.ADMISSION_FEATURES, where=pc.field("admitted_on") >= pa.scalar(since))
