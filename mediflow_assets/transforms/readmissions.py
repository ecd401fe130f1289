"""Readmission: for each inpatient stay that ended, the next inpatient stay of the same patient."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from mediflow_assets.contracts.vocabulary import UNKNOWN

WINDOW_DAYS = 30
"""CMS Hospital Readmissions Reduction Program: within 30 days of discharge."""
_BUCKETS = 64


def active(encounters: DataFrame) -> DataFrame:
    """Encounters that took or take place: neither cancelled nor only planned."""
    return encounters.where(~F.col("status").isin("cancelled", "planned"))


def readmissions(encounters: DataFrame) -> DataFrame:
    """One row per finished inpatient stay with its next stay.

    Stays are ordered by admission, then key, so that every engine pairs the same ones; a next stay that begins before
    the discharge (an overlap) counts as 0 days.
    """
    stays = active(encounters).where(F.col("encounter_class") == "inpatient")
    window = Window.partitionBy(F.pmod(F.xxhash64("patient_key"), F.lit(_BUCKETS))).orderBy(
        "patient_key", "admitted_at", "encounter_key"
    )
    is_same = F.lead("patient_key").over(window).eqNullSafe(F.col("patient_key"))
    paired = stays.withColumns({"_same": is_same, "_next": F.lead("admitted_at").over(window)})
    next_at = F.when(F.col("_same"), F.col("_next"))
    days = F.greatest(F.datediff(F.to_date(next_at), F.to_date("discharged_at")), F.lit(0))
    days = F.when(next_at.isNotNull(), days)
    return paired.where(F.col("discharged_at").isNotNull()).select(
        "encounter_key",
        "patient_key",
        "department",
        F.coalesce("diagnosis_code", F.lit(UNKNOWN)).alias("diagnosis_code"),
        "gender",
        "age_at_admission",
        "discharged_at",
        next_at.alias("next_admitted_at"),
        days.alias("days_to_readmission"),
        F.coalesce(days <= WINDOW_DAYS, F.lit(False)).alias("is_readmitted"),
    )
