"""Patients whom their source has deleted, outside Silver: they are gone unless an encounter tells of them."""

import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import silver
from mediflow_assets.pipeline.merged import of_people
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.transforms.joins import with_few


def without_ended(context: RunContext, patients: DataFrame) -> DataFrame:
    """The patients who are not deleted, or have an encounter that is not cancelled."""
    if not context.lake.read(silver.PATIENTS, ["patient_key"], pc.field("is_ended")).num_rows:
        return patients
    encounters = of_people(context, context.tables.read(silver.ENCOUNTERS)).where(F.col("status") != "cancelled")
    deleted = patients.where(F.col("is_ended")).select(F.col("patient_key").alias("_gone"))
    gone = deleted.join(encounters.select("patient_key"), F.col("_gone") == F.col("patient_key"), "left_anti")
    marked = with_few(patients, gone, F.col("patient_key") == F.col("_gone"))
    return marked.where(F.col("_gone").isNull()).select(*patients.columns)
