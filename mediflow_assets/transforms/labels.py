"""Labels that people made up: shown outside Silver only where enough people carry them.

A department is free text, and so is a code that no published list has. One that a single patient has may name that
patient, so it reads OTHER until eleven have it.
"""

from collections.abc import Collection, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts.suppression import K
from mediflow_assets.contracts.vocabulary import OTHER
from mediflow_assets.transforms.readmissions import active

DEPARTMENT = "department"
CODES = ("admitting_diagnosis_code", "diagnosis_code")
"""Columns of Silver's encounters that hold codes and are kept outside it."""


def codes_in(encounters: DataFrame) -> DataFrame:
    """Column `label`: the distinct codes of the two columns."""
    codes = encounters.select(F.explode(F.array(*CODES)).alias("label"))
    return codes.where(F.col("label").isNotNull()).distinct()


def carried(encounters: DataFrame, columns: Sequence[str], among: Collection[str] | None = None) -> DataFrame:
    """Column `label`: those that 11 patients or more have in one of the columns, of all or of some labels."""
    given = _labels(encounters, columns)
    if among is not None:
        given = given.where(F.col("label").isin(sorted(among)))
    counted = given.groupBy("label").agg(F.countDistinct("patient_key").alias("_people"))
    return counted.where(F.col("_people") >= K).select("label")


def shown(label: Column, known: Collection[str]) -> Column:
    """The label where it is one of those known, OTHER where it is not, null where there is none."""
    is_known = label.isin(sorted(known)) if known else F.lit(False)
    return F.when(is_known, label).when(label.isNotNull(), F.lit(OTHER))


def hidden(label: Column, few: Collection[str]) -> Column:
    """The label, OTHER where it is one of those that few carry."""
    return F.when(label.isin(sorted(few)), F.lit(OTHER)).otherwise(label) if few else label


def _labels(encounters: DataFrame, columns: Sequence[str]) -> DataFrame:
    # aggregates know only encounters that took place
    given = active(encounters).select(F.explode(F.array(*columns)).alias("label"), "patient_key")
    return given.where(F.col("label").isNotNull())
