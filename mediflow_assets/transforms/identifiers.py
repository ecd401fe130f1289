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

from mediflow_assets.contracts.blanks import ASCII_BLANKS
from mediflow_assets.contracts.identifiers import canonical
from mediflow_assets.contracts.not_given import MARKED_ID, WHOLE

_MARKED, _WHOLE = (f"^{pattern.pattern}".replace(r"\Z", r"\z") for pattern in (MARKED_ID, WHOLE))
Spelling = Callable[[DataFrame, Iterable[str]], DataFrame]


def upper(frame: DataFrame, columns: Iterable[str]) -> DataFrame:
    """The frame with these trimmed texts in upper case, without what a spreadsheet left: `as_delivered` in SQL."""
    return frame.withColumns({name: F.upper(unwrapped(F.col(name))) for name in columns})


def unwrapped(text: Column) -> Column:
    """A trimmed id without what a spreadsheet left."""
    bare = F.when(text.rlike(_MARKED), F.btrim(F.substr(text, F.lit(2)), F.lit(ASCII_BLANKS))).otherwise(text)
    return F.when(bare.rlike(_WHOLE), F.substring_index(bare, ".", 1)).otherwise(bare)


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
