"""Small expressions of the OMOP tables: numbers for pseudonyms, words for concepts, days moved.

A day that stands for a month or a year is never shown moved: the first or last day of a year, moved, would tell by how
much. Its middle is moved, and what is shown is the first or last day of the month or year in which that lies.
"""

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts.identifiers import MRN
from mediflow_assets.contracts.omop.ids import DOMAIN
from mediflow_assets.transforms.pseudonyms import pseudonym_of, without_hmac_pads
from mediflow_assets.transforms.zones import UTC

WHO, PERSON, SHIFT, FLOOR = "_who", "_person_id", "_shift", "_floor"
"""Beside a row: its patient's pseudonym and number, the days by which it moves, and the first day that is shown of the
person."""
_DAY_MICROS = 86_400_000_000


def number(pseudonym: Column) -> Column:
    """`contracts.omop.ids.number_of` in SQL."""
    # the first of 64 bits is left out: of the first digit three bits count
    first = F.translate(F.substring(pseudonym, 1, 1), "89abcdef", "01234567")
    return F.conv(F.concat(first, F.substring(pseudonym, 2, 15)), 16, 10).cast("bigint")


def own(pseudonym: Column) -> Column:
    """`PseudonymKey.of_omop` in SQL. Needs the pads' columns."""
    return pseudonym_of(DOMAIN, F.lit(MRN), pseudonym)


def with_pads(frame: DataFrame, hmac_pads: DataFrame) -> DataFrame:
    """The frame with the key's pads beside each row, for `own`."""
    # the one row on the left: the embedded engine holds that side in memory, and streams the other past it
    return hmac_pads.crossJoin(frame)


def numbered(frame: DataFrame, key: str, name: str, hmac_pads: DataFrame) -> DataFrame:
    """The frame with the number that stands for a pseudonym in the OMOP tables."""
    return without_hmac_pads(with_pads(frame, hmac_pads).withColumn(name, number(own(F.col(key)))))


def hashed(text: Column) -> Column:
    """The number of a text that is shown."""
    return number(F.sha2(text, 256))


def mapped(word: Column, words: Mapping[str, int]) -> Column:
    """The concept of a word, 0 where it has none."""
    found = F.lit(0)
    for each, concept in words.items():
        found = F.when(word == each, concept).otherwise(found)
    return found


def moved_day(day: Column) -> Column:
    """A day, moved with the others of its person."""
    return F.date_add(day, F.col(SHIFT))


def moved(moment: Column, clock: str | None) -> Column:
    """A time on the wall clocks of a zone, as if it were UTC, moved with the days of its person; none without a clock.

    In UTC the hours of summer and winter would differ, and tell in which of them a moved day was.
    """
    if clock is None:
        return F.lit(None).cast("timestamp")
    local = moment if clock == UTC else F.from_utc_timestamp(moment, clock)
    return F.timestamp_micros(F.unix_micros(local) + F.col(SHIFT).cast("bigint") * _DAY_MICROS)


def middle(day: Column, precision: Column) -> Column:
    """The middle of the month or year for which a day stands; else the day."""
    of_year, of_month = F.date_add(F.trunc(day, "year"), 181), F.date_add(F.trunc(day, "month"), 14)
    return F.when(precision == "year", of_year).when(precision == "month", of_month).otherwise(day)


def first_day(day: Column, precision: Column) -> Column:
    """The first day of the month or year for which a day stands; else the day."""
    of_year, of_month = F.trunc(day, "year"), F.trunc(day, "month")
    return F.when(precision == "year", of_year).when(precision == "month", of_month).otherwise(day)


def last_day(day: Column, precision: Column) -> Column:
    """The last day of the month or year for which a day stands; else the day."""
    of_year, of_month = F.make_date(F.year(day), F.lit(12), F.lit(31)), F.last_day(day)
    return F.when(precision == "year", of_year).when(precision == "month", of_month).otherwise(day)
