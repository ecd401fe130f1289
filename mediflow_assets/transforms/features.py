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
    placed = _with_discharges(placed.withColumn("_at", _axis("admitted_at")))

    def days_before(days: int, until_seconds: int = -1) -> "Window":
        return Window.partitionBy("_bucket").orderBy("_at").rangeBetween(-days * _DAY, until_seconds)  # type: ignore[return-value]

    is_inpatient, is_emergency = (
        F.col("encounter_class") == "inpatient",
        F.col("encounter_class") == "emergency",
    )
    known = placed.withColumns(
        {
            "_admissions": _count(is_inpatient, days_before(365)),
            "_emergencies": _count(is_emergency, days_before(182)),
            "_last_end": F.max("_ended").over(days_before(3650, 0)),
        }
    )
    return known.where(F.col("encounter_key").isNotNull()).select(
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
        F.datediff(F.to_date("admitted_at"), F.to_date("_last_end")).alias("days_since_last_discharge"),
        "cost_usd",
    )


def _axis(time: str) -> Column:
    return F.col("_rank").cast("bigint") * _PATIENT_STRIDE + F.unix_timestamp(time)


def _with_discharges(placed: DataFrame) -> DataFrame:
    """The encounters, and beside them a row for each discharge from a stay, at the time it became known.

    Looked up from the stay itself, the end of one that still lasted would count, or hide an earlier one: a stay may
    end after the next encounter begins. A stay that ends as it begins is over a second later, so as not to be its own.
    """
    ended = placed.where((F.col("encounter_class") == "inpatient") & F.col("discharged_at").isNotNull())
    known_at = F.greatest(_axis("discharged_at"), _axis("admitted_at") + 1)
    ends = ended.select("_bucket", known_at.alias("_at"), F.col("discharged_at").alias("_ended"))
    empty = {c: F.lit(None).cast(placed.schema[c].dataType) for c in placed.columns if c not in ends.columns}
    ends = ends.withColumns(empty).select(*placed.columns, "_ended")
    return placed.withColumn("_ended", F.lit(None).cast("timestamp")).unionByName(ends)


def _count(condition: Column, window: object) -> Column:
    return F.coalesce(F.sum(condition.cast("int")).over(window), F.lit(0)).cast("int")  # type: ignore[arg-type]
