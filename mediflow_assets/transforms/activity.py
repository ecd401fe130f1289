"""Monthly activity: encounters, people, cost, readmissions and anomalies by month, department and class."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.transforms.readmissions import active


def monthly_activity(encounters: DataFrame, readmissions: DataFrame, anomalies: DataFrame) -> DataFrame:
    """By month of admission. A readmission counts in the month in which the index stay began."""
    stays = readmissions.select(
        "encounter_key",
        F.col("is_readmitted").isNotNull().cast("int").alias("_stay"),
        F.col("is_readmitted").cast("int").alias("_re"),
    )
    flagged = anomalies.select("encounter_key", F.lit(1).alias("_anomaly"))
    rows = cells_of(encounters).join(stays, "encounter_key", "left").join(flagged, "encounter_key", "left")
    return rows.groupBy("month", "department", "encounter_class").agg(
        F.count(F.lit(1)).alias("encounters"),
        F.countDistinct("patient_key").alias("patients"),
        F.sum("cost_usd").cast("decimal(18,2)").alias("cost_usd"),
        _count("_stay").alias("index_stays"),
        _count("_re").alias("readmitted"),
        F.when(F.count_if(F.col("cost_usd") > 0) > 0, _count("_anomaly")).alias("anomalies"),
    )


def cells_of(encounters: DataFrame) -> DataFrame:
    """Encounters that took place, each with its cell: the month of its admission, its department and class."""
    return active(encounters).select(
        "encounter_key",
        F.trunc("admitted_on", "month").alias("month"),
        "department",
        F.coalesce("encounter_class", F.lit("unknown")).alias("encounter_class"),
        "patient_key",
        "cost_usd",
    )


def _count(name: str) -> Column:
    return F.coalesce(F.sum(name), F.lit(0)).cast("bigint")
