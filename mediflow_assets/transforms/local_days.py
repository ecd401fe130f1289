"""The local days of an encounter: when it began and ended where the hospital stands."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.transforms.feeds import FeedReader

ADMITTED_ON, DISCHARGED_ON = "_admitted_on", "_discharged_on"
_CLOCK = r"[0-9]:[0-9]|^[0-9]{10,14}\z"
_MIDNIGHT = r"[T ]00:00(:00([.]0+)?)?(Z|[+-][0-9:]+)?\z|^[0-9]{8}00(00(00)?)?\z"
"""A time of day, and the one that many exports write for none."""


def dated(typed: DataFrame, feeds: FeedReader, start: str, end: str) -> DataFrame:
    """Adds the local days of `_admitted` and `_discharged`, which were read from the texts `start` and `end`.

    A discharge that tells its day alone is not before an admission on that day.
    """
    ended = feeds.zones.not_before(F.col("_admitted"), F.col("_discharged"), F.col(end))
    days = {ADMITTED_ON: feeds.day("_admitted", start), DISCHARGED_ON: feeds.day("_discharged", end)}
    is_that_day = (F.col(ADMITTED_ON) == F.col(DISCHARGED_ON)) & (F.col("_discharged") < F.col("_admitted"))
    is_day_alone = is_that_day & ~tells_time(F.col(end))
    dated_ = typed.withColumn("_discharged", ended).withColumns(days)
    return dated_.withColumn("_discharged", F.when(is_day_alone, F.col("_admitted")).otherwise(F.col("_discharged")))


def tells_time(text: Column) -> Column:
    """Whether a text has a time of day, other than the midnight that many exports write for none."""
    return text.rlike(_CLOCK) & ~text.rlike(_MIDNIGHT)


def in_future(feeds: FeedReader) -> tuple[Column, ...]:
    """The reasons against an encounter that began or ended after the local day on which its record came."""
    began = feeds.after_arrival("admitted_in_future", F.col(ADMITTED_ON), F.col("_admitted"))
    return began, feeds.after_arrival("discharged_in_future", F.col(DISCHARGED_ON), F.col("_discharged"))


def length_of_stay() -> Column:
    """Nights between admission and discharge, by local days."""
    return F.datediff("discharged_on", "admitted_on")
