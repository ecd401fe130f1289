"""OMOP's visits and care sites, from encounters as every table outside Silver gets them."""

import datetime as dt

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from mediflow_assets.contracts.omop import concepts
from mediflow_assets.transforms.joins import with_few
from mediflow_assets.transforms.omop.people import of_people
from mediflow_assets.transforms.omop.values import PERSON, WHO, hashed, mapped, moved, moved_day, numbered
from mediflow_assets.transforms.open_stays import doubtful
from mediflow_assets.transforms.readmissions import active

VISIT, VISIT_OF = "_visit", "_visit_of"
"""A visit's number, and the key of its encounter."""
END = "_end_on"
_KEY, _BOUND, _NUMBER = "_bound_key", "_bound", "_number"
_BUCKETS = 64


def lasting(encounters: DataFrame, days: int) -> DataFrame:
    """Inpatient stays that go on: in progress, without an end, and not likely over."""
    stays = encounters.where((F.col("status") == "in-progress") & (F.col("encounter_class") == "inpatient"))
    open_ = stays.where(F.col("discharged_on").isNull())
    return open_.join(doubtful(encounters, days), F.col("encounter_key") == F.col(_KEY), "left_anti")


def ended(encounters: DataFrame, days: int, until: dt.date | None) -> DataFrame:
    """Encounters that took place, with the day of their end.

    A stay that goes on ends on the day `until`, as the model has it; without one it is left out, for the day of the
    extract would tell by how many days the dates of its patient are moved. One that is over and tells no end has ended
    on the last day it may have lasted to, any other on the day it began.
    """
    happened = active(encounters)
    bounded = with_few(happened, doubtful(encounters, days), F.col("encounter_key") == F.col(_KEY))
    goes_on = (
        (F.col("status") == "in-progress")
        & (F.col("encounter_class") == "inpatient")
        & F.col("discharged_on").isNull()
        & F.col(_KEY).isNull()
    )
    last = F.when(goes_on, F.greatest(F.lit(until).cast("date"), F.col("admitted_on"))) if until else F.lit(None)
    over = bounded if until else bounded.where(~F.coalesce(goes_on, F.lit(False)))
    return over.withColumn(END, F.coalesce("discharged_on", _BOUND, last, "admitted_on"))


def visits(
    encounters: DataFrame,
    known: DataFrame,
    days: int,
    until: dt.date | None,
    clock: str | None,
    hmac_pads: DataFrame,
) -> DataFrame:
    """One row per encounter that took place, of people who are known; see `ended`. Times are those of the `clock`."""
    found = of_people(ended(encounters, days, until), known, "admitted_on")
    theirs = numbered(found, "encounter_key", _NUMBER, hmac_pads)
    bucket = F.pmod(F.xxhash64(F.col(WHO)), F.lit(_BUCKETS))
    # by bucket: the embedded engine is slow with a window for each patient
    order = Window.partitionBy(bucket).orderBy(WHO, "admitted_at", "encounter_key")
    is_same = F.lag(WHO).over(order) == F.col(WHO)
    before = F.when(is_same, F.lag(_NUMBER).over(order))
    disposition = F.col("discharge_disposition")
    return theirs.select(
        F.col(_NUMBER).alias("visit_occurrence_id"),
        F.col(PERSON).alias("person_id"),
        mapped(F.col("encounter_class"), concepts.VISITS).alias("visit_concept_id"),
        moved_day(F.col("admitted_on")).alias("visit_start_date"),
        moved(F.col("admitted_at"), clock).alias("visit_start_datetime"),
        moved_day(F.col(END)).alias("visit_end_date"),
        moved(F.col("discharged_at"), clock).alias("visit_end_datetime"),
        F.lit(concepts.EHR).alias("visit_type_concept_id"),
        hashed(F.col("department")).alias("care_site_id"),
        F.col("encounter_class").alias("visit_source_value"),
        F.when(disposition.isNotNull(), mapped(disposition, concepts.DISCHARGED_TO)).alias("discharged_to_concept_id"),
        disposition.alias("discharged_to_source_value"),
        before.alias("preceding_visit_occurrence_id"),
    )


def by_encounter(encounters: DataFrame, stored: DataFrame, hmac_pads: DataFrame) -> DataFrame:
    """The visits of `omop/visit_occurrence`, each with the key of its encounter."""
    keyed = numbered(encounters.select(F.col("encounter_key").alias(VISIT_OF)), VISIT_OF, _NUMBER, hmac_pads)
    told = stored.select(F.col("visit_occurrence_id").alias(VISIT))
    return told.join(keyed, F.col(VISIT) == F.col(_NUMBER)).select(VISIT, VISIT_OF)


def care_sites(encounters: DataFrame) -> DataFrame:
    """One row per department."""
    named = active(encounters).select("department").where(F.col("department").isNotNull()).distinct()
    return named.select(
        hashed(F.col("department")).alias("care_site_id"),
        F.col("department").alias("care_site_name"),
        F.substring("department", 1, 50).alias("care_site_source_value"),
    )
