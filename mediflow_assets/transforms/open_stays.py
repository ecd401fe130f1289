"""Inpatient stays without an end: who is still in the house, and until when at most.

A stay in progress lasts until its patient is admitted again, and no longer than a number of days. One that is finished,
or of which nothing is known, is over: it counts on the day on which it began.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.transforms.joins import with_few
from mediflow_assets.transforms.readmissions import DEAD, DIED_ON, active, deaths_of

_KEY, _BOUND = "_bound_key", "_bound"


def inpatients(encounters: DataFrame, days: int) -> DataFrame:
    """Active inpatient stays with the day they began, the last one in the house (null while they last), and the day of
    discharge."""
    stays = active(encounters).where(F.col("encounter_class") == "inpatient")
    bounded = with_few(stays, doubtful(encounters, days), F.col("encounter_key") == F.col(_KEY))
    over = F.when(~_is_open(), F.col("admitted_on"))
    return bounded.select(
        "department",
        "patient_key",
        F.col("admitted_on").alias("_from"),
        F.coalesce("discharged_on", over, _BOUND).alias("_until"),
        F.col("discharged_on").alias("_discharged"),
    )


def doubtful(encounters: DataFrame, days: int) -> DataFrame:
    """The stays in progress that have likely ended without anybody telling, by key, with the last day they may have
    lasted to."""
    stays = active(encounters).where(F.col("encounter_class") == "inpatient")
    newest = stays.agg(F.max(F.greatest("admitted_on", "discharged_on")).alias("_newest"))
    open_ = stays.where(_is_open() & F.col("discharged_on").isNull())
    few = open_.select(F.col("encounter_key").alias(_KEY), F.col("patient_key").alias("_who"), "admitted_on")
    few = few.withColumnRenamed("admitted_on", "_since")
    later = few.join(stays.select("patient_key", "admitted_on"), F.col("_who") == F.col("patient_key"))
    again = later.groupBy(_KEY, "_since").agg(
        F.min(F.when(F.col("admitted_on") > F.col("_since"), F.col("admitted_on"))).alias("_again")
    )
    bounded = again.withColumn(_BOUND, F.least("_again", F.date_add("_since", days))).crossJoin(newest)
    return bounded.where(F.col(_BOUND) <= F.col("_newest")).select(_KEY, _BOUND)


def without_end(encounters: DataFrame) -> DataFrame:
    """Inpatient stays that are over, or of unknown status, and of which nobody told the end."""
    is_over = F.col("status").isin("finished", "unknown") & F.col("discharged_at").isNull()
    return encounters.where((F.col("encounter_class") == "inpatient") & is_over)


def after_death(encounters: DataFrame, patients: DataFrame) -> DataFrame:
    """Encounters that began after the last day on which their patient may have died, as any record tells."""
    happened = active(encounters)
    known = with_few(happened, deaths_of(happened, patients), F.col("patient_key") == F.col(DEAD))
    return known.where(F.col("admitted_on") > F.col(DIED_ON))


def _is_open() -> Column:
    return F.col("status") == "in-progress"
