"""Diagnosis codes in plain SQL functions: their one spelling, and the system whose form each has."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.transforms.joins import with_few


def canonical(code: Column) -> Column:
    """A code in upper case, as it is, or with its point if it looks like one of ICD-10: E119 and E11.9 are one."""
    plain = F.translate(code, ".", "")
    pointed = F.concat(F.substring(plain, 1, 3), F.lit("."), F.substring(plain, 4, 4))
    return F.when(code.rlike(v.ICD10_PATTERN) & (F.char_length(plain) > 3), pointed).otherwise(code)


def form(code: Column) -> Column:
    """icd10 or snomed by the form of the code, null where it has neither."""
    return F.when(code.rlike(v.ICD10_PATTERN), "icd10").when(code.rlike(v.SNOMED_PATTERN), "snomed")


def without_system(frame: DataFrame, code: str, system: str, unknown: DataFrame) -> DataFrame:
    """The frame with no system beside the codes that stand in the one column of `unknown`."""
    (name,) = unknown.columns
    joined = with_few(frame, F.broadcast(unknown), F.col(name) == F.col(code))
    return joined.withColumn(system, F.when(F.col(name).isNull(), F.col(system))).drop(name)
