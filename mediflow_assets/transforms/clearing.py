"""What a version takes back: the columns that its source says are empty now, where its feed says that empty means that.

In Bronze an empty cell of such a feed is a text without content; of all others it is null, and says nothing.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column
from pyspark.sql import functions as F

from mediflow_assets.contracts.source import Target
from mediflow_assets.transforms.arrow_keys import Flags, Ints, flags_of

TOLD, EMPTIED = "_told", "_emptied"
"""Columns of a record of which there was a cell; those of them in which nothing was given."""
WHOLE = "*"
"""In place of names: the version is whole, and takes back what its own source has told before and it does not give."""
CLEARED = "cleared"
_KEPT = ("patient_id", "encounter_id", "admitted_at", "updated_at", "extra")
"""What is never taken back."""
_WITH: Mapping[str, tuple[str, ...]] = {
    "diagnosis_code": ("diagnosis_system",),
    "discharged_at": ("discharged_on",),
    "birth_date": ("birth_precision",),
    "death_date": ("death_precision", "is_deceased"),
}
"""What goes with a column."""


def told(columns: Iterable[str]) -> Column:
    """The columns of a record in which something stands, be it nothing but an empty text."""
    return _listed({name: F.col(name).isNotNull() for name in columns})


def emptied(columns: Iterable[str]) -> Column:
    """Those that were told of and in which nothing is given."""
    return _listed({name: _holds(F.col(TOLD), name) & F.col(name).isNull() for name in columns})


def cleared(target: Target) -> Column:
    """The columns of a Silver table that are emptied by what was emptied in a record."""
    found: dict[str, Column] = {}
    for ours, origins in target.columns.items():
        if ours not in _KEPT:
            is_emptied = _holds(F.col(EMPTIED), origins.split()[0])
            found |= dict.fromkeys((ours, *_WITH.get(ours, ())), is_emptied)
    names = _listed(found)
    return F.when(names != "", names)


def with_cleared(codes: dict[str, Ints], rows: pa.Table, names: Iterable[str]) -> dict[str, Ints]:
    """The codes of values, where one that is cleared is a value as well: that there is none."""
    if CLEARED not in rows.column_names or rows[CLEARED].null_count == rows.num_rows:
        return codes
    found, is_whole = dict(codes), are_whole(rows)
    for name in names:
        is_cleared = flags_of(pc.match_substring(rows[CLEARED], f" {name} ")) | is_whole
        found[name] = np.where(is_cleared & (codes[name] < 0), codes[name].max(initial=-1) + 1, codes[name])
    return found


def are_whole(rows: pa.Table) -> Flags:
    """The versions that are whole."""
    if CLEARED not in rows.column_names:
        return np.zeros(rows.num_rows, np.bool_)
    return flags_of(pc.equal(rows[CLEARED], WHOLE))


def not_taken_back(says_none: Flags, source_at: Ints) -> tuple[Flags, Ints]:
    """Of versions in the order of their sources, which begin at `source_at`, those that are newer than any of the same
    source that says that there is none; and where the last of these are."""
    places = np.arange(len(says_none))
    last = np.maximum.reduceat(np.where(says_none, places, -1), source_at)
    return places > np.repeat(last, np.diff([*source_at, len(says_none)])), last[last >= 0]


def _listed(is_named: Mapping[str, Column]) -> Column:
    """Names apart by blanks, with one on each side of each."""
    return F.concat_ws("", *(F.when(is_it, F.lit(f" {name} ")) for name, is_it in is_named.items()))


def _holds(names: Column, name: str) -> Column:
    return F.coalesce(names.contains(f" {name} "), F.lit(False))
