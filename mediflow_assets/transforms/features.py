"""Features of an encounter: only what was known when it began."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from mediflow_assets.contracts.vocabulary import UNKNOWN
from mediflow_assets.transforms.readmissions import active

_BUCKETS = 64
_DAY = 86_400
_PATIENT_STRIDE = 10**12
"""Seconds between two patients on the one time axis of a bucket: far more than any look-back."""


def admission_features(encounters: DataFrame) -> DataFrame:
    """One row per active encounter, with its patient's history before it.

    Patients of a bucket are laid on one time axis, far apart, so that one range window serves them all.
    """
    bucket = F.pmod(F.xxhash64("patient_key"), F.lit(_BUCKETS))
    rank = F.dense_rank().over(Window.partitionBy(bucket).orderBy("patient_key"))
    placed = active(encounters).withColumns({"_bucket": bucket, "_rank": rank})
    axis = F.col("_rank").cast("bigint") * _PATIENT_STRIDE + F.unix_timestamp("admitted_at")
    placed = placed.withColumn("_at", axis)

    def days_before(days: int) -> "Window":
        return Window.partitionBy("_bucket").orderBy("_at").rangeBetween(-days * _DAY, -1)  # type: ignore[return-value]

    is_inpatient, is_emergency = (
        F.col("encounter_class") == "inpatient",
        F.col("encounter_class") == "emergency",
    )
    year, half = days_before(365), days_before(182)
    # a stay may end after the next one begins: only discharges before this admission count
    last_end = F.max(F.when(is_inpatient, F.col("discharged_at"))).over(days_before(3650))
    return placed.withColumns(
        {
            "_admissions": _count(is_inpatient, year),
            "_emergencies": _count(is_emergency, half),
            "_last_end": last_end,
        }
    ).select(
        "encounter_key",
        "patient_key",
        "admitted_at",
        "department",
        F.coalesce("encounter_class", F.lit("unknown")).alias("encounter_class"),
        "admission_type",
        "gender",
        "age_at_admission",
        F.coalesce("admitting_diagnosis_code", F.lit(UNKNOWN)).alias("admitting_diagnosis_code"),
        F.month("admitted_at").alias("admission_month"),
        "systolic_mmhg",
        "diastolic_mmhg",
        F.col("_admissions").alias("prior_admissions_12m"),
        F.col("_emergencies").alias("prior_emergency_6m"),
        F.when(
            F.col("_last_end") <= F.col("admitted_at"),
            F.datediff(F.to_date("admitted_at"), F.to_date("_last_end")),
        ).alias("days_since_last_discharge"),
        "cost_usd",
    )


def _count(condition: Column, window: object) -> Column:
    return F.coalesce(F.sum(condition.cast("int")).over(window), F.lit(0)).cast("int")  # type: ignore[arg-type]
