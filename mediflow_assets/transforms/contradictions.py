"""What versions tell in several columns that does not go together: of each key what the older one says gives way.

`of_column` tells for each column and key which version counts, -1 where none does.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.transforms.arrow_keys import Flags, Ints, taken


def settle(rows: pa.Table, rank: Ints, of_column: dict[str, Ints], begin_and_end: tuple[str, str]) -> None:
    """Let no end come before its beginning."""
    begin, end = (of_column[name] for name in begin_and_end)
    both = (begin >= 0) & (end >= 0)
    is_less = pc.less(taken(rows[begin_and_end[1]], end), taken(rows[begin_and_end[0]], begin))
    contradict = both & _are(is_less)
    is_begin_older = rank[begin] < rank[end]
    of_column[begin_and_end[0]] = np.where(contradict & is_begin_older, -1, begin)
    of_column[begin_and_end[1]] = np.where(contradict & ~is_begin_older, -1, end)


def undo(
    rows: pa.Table, rank: Ints, of_column: dict[str, Ints], column: str, value: str, source: str, told: tuple[str, ...]
) -> None:
    """Take back what is told in some columns, where a newer version of a source has a value with which none goes."""
    at = of_column[column]
    has_value = _are(pc.equal(taken(rows[column], at), value))
    undoes = has_value & _are(pc.equal(taken(rows["source_system"], at), source))
    for name in told:
        is_older = rank[of_column[name]] < rank[at]
        of_column[name] = np.where(undoes & is_older, -1, of_column[name])


def outdate(rows: pa.Table, rank: Ints, of_column: dict[str, Ints], column: str, value: str, by: str) -> None:
    """Take a value back where a newer version gives a column with which it does not go."""
    at, other = of_column[column], of_column[by]
    has_value = _are(pc.equal(taken(rows[column], at), value))
    is_given = (other >= 0) & _are(pc.is_valid(taken(rows[by], other)))
    of_column[column] = np.where(has_value & is_given & (rank[other] > rank[at]), -1, at)


def _are(values: pa.Array) -> Flags:
    return np.array(values.fill_null(False).to_numpy(zero_copy_only=False), np.bool_)
