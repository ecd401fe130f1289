"""Census: who is in the house, by day and by month."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from mediflow_assets.contracts.vocabulary import OPEN_STAY_DAYS
from mediflow_assets.transforms.open_stays import inpatients


def daily_census(encounters: DataFrame, days: int = OPEN_STAY_DAYS) -> DataFrame:
    """Inpatients present, begun and ended by day and department, from the first admission to the last known day.

    A stay counts on the day it ends. Days are filled, so that a day with nobody in the house is a row with 0.
    """
    stays = inpatients(encounters, days)
    moves = (
        stays.select("department", F.explode(_moves()).alias("_move"))
        .where(F.col("_move.date").isNotNull())
        .groupBy("department", F.col("_move.date").alias("date"))
        .agg(*(F.sum(f"_move.{name}").alias(name) for name in ("b", "e", "d")))
    )
    span = moves.groupBy("department").agg(F.min("date").alias("first"), F.max("date").alias("last"))
    every_day = span.select("department", F.explode(F.sequence("first", "last")).alias("date"))
    filled = every_day.join(moves, ["department", "date"], "left")
    past = Window.partitionBy("department").orderBy("date").rowsBetween(Window.unboundedPreceding, -1)
    begun_here, ended_here = F.coalesce("b", F.lit(0)), F.coalesce("e", F.lit(0))
    still_in = F.coalesce(F.sum(begun_here - ended_here).over(past), F.lit(0))
    return filled.select(
        "date",
        "department",
        (still_in + begun_here).cast("bigint").alias("census"),
        begun_here.cast("bigint").alias("admissions"),
        F.coalesce("d", F.lit(0)).cast("bigint").alias("discharges"),
    )


def _moves() -> Column:
    """What a stay adds on which day: it begins, it is over, it ends in a discharge."""
    is_discharge = F.col("_discharged").isNotNull().cast("int")
    told = (("_from", F.lit(1), F.lit(0), F.lit(0)), ("_until", F.lit(0), F.lit(1), is_discharge))
    return F.array(
        *(F.struct(F.col(day).alias("date"), b.alias("b"), e.alias("e"), d.alias("d")) for day, b, e, d in told)
    )


def monthly_census(encounters: DataFrame, daily: DataFrame, days: int = OPEN_STAY_DAYS) -> DataFrame:
    """Average census, admissions and discharges by month and department, with the people who were in the house.

    A person counts in each month that a stay of theirs touches.
    """
    last_day = daily.agg(F.max("date").alias("_last_day"))
    stays = inpatients(encounters, days).crossJoin(last_day)
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
