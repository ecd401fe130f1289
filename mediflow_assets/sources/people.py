"""Whom records name: of each record the ids of its patients and encounters, as they are spelled there."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts.source import SourceContract


@dataclass(frozen=True)
class Named:
    """A list of ids for each record of a batch."""

    patients: pa.ListArray
    encounters: pa.ListArray
    """Encounters of whichever patient the record is about."""
    whose: pa.ListArray
    """Encounters that say whose a record is, whether or not it names a patient as well."""


def named_in_columns(contract: SourceContract, records: pa.RecordBatch) -> Named:
    """Whom records name in columns of their own. Its encounter says whose a record is that names no patient."""
    nothing = pa.nulls(records.num_rows, pa.string())
    patients = records.column(contract.patient) if contract.patient else nothing
    encounters = records.column(contract.encounter) if contract.encounter else nothing
    is_nameless = pc.equal(pc.fill_null(pc.binary_length(patients), 0), 0)
    return Named(_each(patients), _each(encounters), _each(pc.if_else(is_nameless, encounters, nothing)))


def lists(ids: Collection[Collection[str]]) -> pa.ListArray:
    """A list for each record."""
    return pa.array([list(each) for each in ids], pa.list_(pa.string()))


def values(named: pa.ListArray) -> set[str]:
    """The ids that are named, each once."""
    return set(pc.unique(named.flatten()).to_pylist())


def naming(named: pa.ListArray, ids: Collection[str]) -> pa.BooleanArray:
    """Per record whether it names one of these."""
    found = np.zeros(len(named), bool)
    if ids:
        each = named.flatten()
        is_one = pc.is_in(each, pa.array(sorted(ids), each.type))
        found[pc.list_parent_indices(named).filter(is_one).to_numpy()] = True
    return pa.array(found)


def _each(column: pa.Array) -> pa.ListArray:
    """Of each record the one id that it names, or none."""
    is_named = pc.fill_null(pc.greater(pc.binary_length(column), 0), False)
    ends = np.cumsum(is_named.to_numpy(zero_copy_only=False), dtype=np.int32)
    return pa.ListArray.from_arrays(np.concatenate([np.zeros(1, np.int32), ends]), column.filter(is_named))
