"""Diagnosis codes in plain SQL functions: their one spelling, and the system whose form each has."""

from collections.abc import Collection
from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.contracts.code_systems import Reading
from mediflow_assets.transforms.joins import with_few

NAMED = "_named_system"
"""The word by which a record names the system of its code."""
_READ = ("_of_code", "_of_named", "_of_delivery", "_read_code", "_read_system")


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


def as_read(frame: DataFrame, code: str, system: str, read: Collection[Read]) -> DataFrame:
    """The frame with those codes, and what stands for their systems, as they were read."""
    for is_of_delivery in (False, True):
        some = [each for each in read if (each.delivery is not None) == is_of_delivery]
        if some:
            frame = _with_readings(frame, code, system, some, is_of_delivery)
    return frame


def _with_readings(frame: DataFrame, code: str, system: str, read: Collection[Read], is_of_delivery: bool) -> DataFrame:
    rows = [(each.code, each.named or "", each.delivery or "", each.reading.code, each.reading.system) for each in read]
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    few = frame.sparkSession.createDataFrame(pa.table(columns, names=list(_READ)))
    is_it = (F.col(_READ[0]) == F.col(code)) & (F.col(_READ[1]) == F.coalesce(NAMED, F.lit("")))
    if is_of_delivery:
        is_it = is_it & (F.col(_READ[2]) == F.col("_delivery_id"))
    joined = with_few(frame, F.broadcast(few), is_it)
    is_one = F.col(_READ[0]).isNotNull()
    found = {
        code: F.when(is_one, F.col(_READ[3])).otherwise(F.col(code)),
        system: F.when(is_one, F.col(_READ[4])).otherwise(F.col(system)),
    }
    return joined.withColumns(found).drop(*_READ)
