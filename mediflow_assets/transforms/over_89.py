"""Who is 90 or older, so that no year of theirs is shown: a year of birth, admission or death may tell the age.

45 CFR 164.514(b)(2)(i)(C): ages over 89, and all elements of dates, the year included, that indicate such an age.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts.masked import TOP_AGE_YEARS
from mediflow_assets.transforms.ages import completed_years, last_day
from mediflow_assets.transforms.joins import with_few

AS_OF = "_as_of"
"""The day at which an age is validated: the newest admission in Silver, or the last possible day of the patient's
death before it."""
IS_OVER_89 = "_is_elder"


def judged_at(patients: DataFrame, encounters: DataFrame) -> DataFrame:
    """The patients with the day at which their age is validated."""
    newest = encounters.agg(F.max("admitted_on").alias("_newest"))
    died = last_day(F.col("death_date"), F.col("death_precision"))
    return patients.crossJoin(newest).withColumn(AS_OF, F.least("_newest", died)).drop("_newest")


def over_89(patients: DataFrame, encounters: DataFrame) -> DataFrame:
    """The keys of patients who have reached 90, or may have where no date of birth says otherwise."""
    aged = judged_at(patients, encounters).select(
        "patient_key", completed_years(F.col("birth_date"), F.col(AS_OF)).alias("_age")
    )
    newest = encounters.agg(F.max("admitted_on").alias(AS_OF))
    seen = encounters.crossJoin(newest).select(
        "patient_key",
        (F.col("age_at_admission") >= TOP_AGE_YEARS).alias("_was"),
        (oldest_age(F.col("age_at_admission"), F.col("admitted_on"), F.col(AS_OF)) >= TOP_AGE_YEARS).alias("_may_be"),
    )
    candidates = seen.where(F.coalesce("_was", F.lit(False)) | F.col("_may_be"))
    unborn = aged.where(F.col("_age").isNull()).select("patient_key")
    by_birth = aged.where(F.col("_age") >= TOP_AGE_YEARS).select("patient_key")
    by_age = candidates.where("_was").select("patient_key")
    by_chance = candidates.select("patient_key").distinct().join(unborn, "patient_key", "left_semi")
    return by_birth.unionByName(by_age).unionByName(by_chance).distinct()


def oldest_age(age: Column, day: Column, as_of: Column) -> Column:
    """The most years that somebody of this age (0 where unknown) at one day may have completed at a later one."""
    return F.coalesce(age, F.lit(0)) + 1 + completed_years(F.date_add(day, 1), as_of)


def marked(frame: DataFrame, over_89: DataFrame) -> DataFrame:
    """The frame with `_is_elder` beside each row."""
    known = over_89.select(F.col("patient_key").alias("_elder_key"))
    joined = with_few(frame, known, F.col("patient_key") == F.col("_elder_key"))
    return joined.select(*frame.columns, F.col("_elder_key").isNotNull().alias(IS_OVER_89))
