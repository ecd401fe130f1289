"""The local days of an encounter: when it began and ended where the hospital stands."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.transforms.feeds import FeedReader

ADMITTED_ON, DISCHARGED_ON = "_admitted_on", "_discharged_on"


def dated(typed: DataFrame, feeds: FeedReader, start: str, end: str) -> DataFrame:
    """Adds the local days of `_admitted` and `_discharged`, which were read from the texts `start` and `end`."""
    ended = feeds.zones.not_before(F.col("_admitted"), F.col("_discharged"), F.col(end))
    return typed.withColumn("_discharged", ended).withColumns(
        {ADMITTED_ON: feeds.day("_admitted", start), DISCHARGED_ON: feeds.day("_discharged", end)}
    )


def in_future(feeds: FeedReader) -> tuple[Column, ...]:
    """The reasons against an encounter that began or ended after the local day on which its record came."""
    began = feeds.after_arrival("admitted_in_future", F.col(ADMITTED_ON), F.col("_admitted"))
    return began, feeds.after_arrival("discharged_in_future", F.col(DISCHARGED_ON), F.col("_discharged"))


def length_of_stay() -> Column:
    """Nights between admission and discharge, by local days."""
    return F.datediff("discharged_on", "admitted_on")
