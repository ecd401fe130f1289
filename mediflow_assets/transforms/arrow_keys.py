"""Keys of an Arrow table: its order by them, where each begins, and what stands at places of it."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def order_of(rows: pa.Table, names: Iterable[str]) -> Ints:
    """The places of the rows in the order of some columns, nulls first."""
    keys = [(name, "ascending", "at_start") for name in names]
    return np.asarray(pc.sort_indices(rows, sort_keys=keys).to_numpy(), np.int64)


def in_order(rows: pa.Table, names: Iterable[str]) -> pa.Table:
    """The rows in the order of some columns, nulls first."""
    return rows.take(pa.array(order_of(rows, names)))


def codes_of(column: pa.ChunkedArray) -> Ints:
    """For each value the number of its distinct one; -1 for nulls."""
    if column.null_count == len(column):
        return np.full(len(column), -1)
    encoded = column.combine_chunks().dictionary_encode()
    return np.asarray(encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)


def starts_of(of_columns: list[Ints]) -> Ints:
    """Where another key begins, by the codes of its columns."""
    differs = np.logical_or.reduce([code[1:] != code[:-1] for code in of_columns])
    return np.concatenate([[0], np.flatnonzero(differs) + 1])


def taken(column: pa.ChunkedArray, at: Ints) -> pa.Array:
    """The values at places; null where a place is negative."""
    return column.combine_chunks().take(pa.array(np.maximum(at, 0), mask=at < 0))


def flags_of(column: pa.ChunkedArray) -> Flags:
    """Which values are true."""
    return np.asarray(column.fill_null(False).to_numpy(), np.bool_)
