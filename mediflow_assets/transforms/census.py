"""Census: who is in the house, by day and by month."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from mediflow_assets.transforms.readmissions import active


def inpatients(encounters: DataFrame) -> DataFrame:
    """Active inpatient encounters with the day they began and ended."""
    stays = active(encounters).where(F.col("encounter_class") == "inpatient")
    return stays.select(
        "department",
        "patient_key",
        F.col("admitted_on").alias("_from"),
        F.col("discharged_on").alias("_until"),
    )


def daily_census(encounters: DataFrame) -> DataFrame:
    """Inpatients present, begun and ended by day and department, from the first admission to the last known day.

    A stay counts on the day it ends. Days are filled, so that a day with nobody in the house is a row with 0.
    """
    stays = inpatients(encounters)
    begun = stays.select("department", F.col("_from").alias("date"), F.lit(1).alias("b"), F.lit(0).alias("e"))
    ended = stays.where(F.col("_until").isNotNull()).select(
        "department", F.col("_until").alias("date"), F.lit(0).alias("b"), F.lit(1).alias("e")
    )
    moves = begun.unionByName(ended).groupBy("department", "date").agg(F.sum("b").alias("b"), F.sum("e").alias("e"))
    span = moves.groupBy("department").agg(F.min("date").alias("first"), F.max("date").alias("last"))
    days = span.select("department", F.explode(F.sequence("first", "last")).alias("date"))
    filled = days.join(moves, ["department", "date"], "left")
    past = Window.partitionBy("department").orderBy("date").rowsBetween(Window.unboundedPreceding, -1)
    begun_here, ended_here = F.coalesce("b", F.lit(0)), F.coalesce("e", F.lit(0))
    still_in = F.coalesce(F.sum(begun_here - ended_here).over(past), F.lit(0))
    return filled.select(
        "date",
        "department",
        (still_in + begun_here).cast("bigint").alias("census"),
        begun_here.cast("bigint").alias("admissions"),
        ended_here.cast("bigint").alias("discharges"),
    )


def monthly_census(encounters: DataFrame, daily: DataFrame) -> DataFrame:
    """Average census, admissions and discharges by month and department, with the people who were in the house.

    A person counts in each month that a stay of theirs touches.
    """
    last_day = daily.agg(F.max("date").alias("_last_day"))
    stays = inpatients(encounters).crossJoin(last_day)
    until = F.greatest(F.col("_from"), F.least(F.coalesce("_until", "_last_day"), F.col("_last_day")))
    months = F.sequence(F.trunc("_from", "month"), F.trunc(until, "month"), F.expr("INTERVAL 1 MONTH"))
    people = (
        stays.select("department", "patient_key", F.explode(months).alias("month"))
        .groupBy("month", "department")
        .agg(F.countDistinct("patient_key").alias("patients"))
    )
    mean = F.round(F.sum("census").cast("decimal(26,6)") / F.count(F.lit(1)), 4).cast("decimal(12,4)")
    figures = daily.groupBy(F.trunc("date", "month").alias("month"), "department").agg(
        F.sum("admissions").alias("admissions"),
        F.sum("discharges").alias("discharges"),
        mean.alias("average_census"),
    )
    return figures.join(people, ["month", "department"], "left").withColumn(
        "patients", F.coalesce("patients", F.lit(0).cast("bigint"))
    )
