"""Labels that people made up: shown outside Silver only where enough people carry them.

A department is free text. One that a single patient has may name that patient, so it reads OTHER until eleven have it.
"""

from collections.abc import Collection

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts.suppression import K
from mediflow_assets.contracts.vocabulary import OTHER

FREE = ("department",)
"""The columns of Silver's encounters that hold such labels and are kept outside it."""


def carried(encounters: DataFrame) -> DataFrame:
    """Columns `column` and `label`: the labels that 11 patients or more have."""
    given = F.explode(F.array(*(F.struct(F.lit(n).alias("column"), F.col(n).alias("label")) for n in FREE)))
    of_people = encounters.select(given.alias("_given"), "patient_key").select("_given.*", "patient_key")
    counted = of_people.groupBy("column", "label").agg(F.countDistinct("patient_key").alias("_people"))
    return counted.where(F.col("label").isNotNull() & (F.col("_people") >= K)).drop("_people")


def shown(label: Column, known: Collection[str]) -> Column:
    """The label where it is one of those known, OTHER where it is not, null where there is none."""
    is_known = label.isin(sorted(known)) if known else F.lit(False)
    return F.when(is_known, label).when(label.isNotNull(), F.lit(OTHER))
