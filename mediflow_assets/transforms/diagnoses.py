"""Diagnosis codes in plain SQL functions: their one spelling, and the system whose form each has."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.contracts.code_systems import Reading, read_cell
from mediflow_assets.transforms.joins import with_few

NAMED = "_named_system"
"""The word by which a record names the system of its code."""
_READ = ("_of_code", "_of_named", "_of_delivery", "_read_code", "_read_system", "_read_listed")


@dataclass(frozen=True)
class Read:
    """How a code is read where that word stands beside it; in one delivery, if it is told by that."""

    code: str
    named: str | None
    delivery: str | None
    reading: Reading


def canonical(code: Column) -> Column:
    """A code in upper case, as it is, or with its point if it looks like one of ICD-10: E119 and E11.9 are one.

    `88805009.0` is 88805009.
    """
    plain = F.translate(code, ".", "")
    pointed = F.concat(F.substring(plain, 1, 3), F.lit("."), F.substring(plain, 4, 4))
    is_pointed = code.rlike(v.ICD10_PATTERN) & (F.char_length(plain) > 3)
    whole = F.when(F.char_length(code) > 7, F.regexp_replace(code, v.WHOLE_FRACTION, "$1")).otherwise(code)
    return F.when(is_pointed, pointed).otherwise(whole)


def form(code: Column) -> Column:
    """icd10 or snomed by the form of the code, null where it has neither."""
    return F.when(code.rlike(v.ICD10_PATTERN), "icd10").when(code.rlike(v.SNOMED_PATTERN), "snomed")


def each_read(encounters: DataFrame) -> DataFrame:
    """Encounters with the first code of each cell, and what stands for its system: as their records
    tell, for they are of no delivery of one system."""
    schema = ", ".join(f"{field.name} {field.dataType.simpleString()}" for field in encounters.schema)
    return encounters.mapInArrow(_each_read, schema)


def _each_read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        cells = list(zip(batch["diagnosis_code"].to_pylist(), batch[NAMED].to_pylist(), strict=True))
        read = {(cell, named): read_cell(cell, named, may_list=True) for cell, named in set(cells) if cell}
        for name in ("code", "system"):
            values = pa.array([getattr(read.get(each), name, None) or None for each in cells], pa.string())
            batch = batch.set_column(batch.schema.get_field_index(f"diagnosis_{name}"), f"diagnosis_{name}", values)
        yield batch


def as_read(frame: DataFrame, code: str, system: str, read: Collection[Read], listed: str | None = None) -> DataFrame:
    """The frame with those codes, what stands for their systems, and all codes of their cells, as they were read."""
    for is_of_delivery in (False, True):
        some = [each for each in read if (each.delivery is not None) == is_of_delivery]
        if some:
            frame = _with_readings(frame, code, system, listed, some, is_of_delivery)
    return frame


def _with_readings(
    frame: DataFrame, code: str, system: str, listed: str | None, read: Collection[Read], is_of_delivery: bool
) -> DataFrame:
    rows = [(each.code, each.named or "", each.delivery or "", *_told(each.reading)) for each in read]
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    few = frame.sparkSession.createDataFrame(pa.table(columns, names=list(_READ)))
    is_it = (F.col(_READ[0]) == F.col(code)) & (F.col(_READ[1]) == F.coalesce(NAMED, F.lit("")))
    if is_of_delivery:
        is_it = is_it & (F.col(_READ[2]) == F.col("_delivery_id"))
    joined = with_few(frame, F.broadcast(few), is_it)
    is_one = F.col(_READ[0]).isNotNull()
    columns_read = zip((code, system, listed), _READ[3:], strict=True)
    found = {name: F.when(is_one, F.col(read)).otherwise(F.col(name)) for name, read in columns_read if name}
    return joined.withColumns(found).drop(*_READ)


def _told(reading: Reading) -> tuple[str | None, str | None, str | None]:
    code = reading.code or None
    return code, reading.system, reading.listed or code
