"""One spelling for one identifier, so that `p1`, ` P1` and `P1` are one patient: trimmed, upper case, Unicode NFC.

What is ASCII is done in SQL. Neither engine has Unicode normal forms there: rows with other letters in an identifier,
which hardly any hospital has, pass through Python as Arrow batches.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from operator import or_

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts.identifiers import canonical

Spelling = Callable[[DataFrame, Iterable[str]], DataFrame]


def upper(frame: DataFrame, columns: Iterable[str]) -> DataFrame:
    """The frame with these trimmed texts in upper case."""
    return frame.withColumns({name: F.upper(name) for name in columns})


def unchanged(frame: DataFrame, _: Iterable[str]) -> DataFrame:
    """The frame as it is: of a system whose ids differ by case."""
    return frame


def has_other_letters(columns: Sequence[str]) -> Column:
    """Whether one of the identifiers holds more than ASCII."""
    return reduce(or_, (F.octet_length(F.col(name)) != F.char_length(F.col(name)) for name in columns))


def normalised(frame: DataFrame, columns: Sequence[str]) -> DataFrame:
    """The frame with these identifiers in their one spelling, whatever their letters."""

    def _each(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            arrays = [
                pa.array([None if v is None else canonical(v) for v in column.to_pylist()], field.type)
                if field.name in columns
                else column
                for field, column in zip(batch.schema, batch.columns, strict=True)
            ]
            yield pa.RecordBatch.from_arrays(arrays, schema=batch.schema)

    return frame.mapInArrow(_each, frame.schema)
