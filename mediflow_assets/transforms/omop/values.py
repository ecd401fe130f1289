"""Small expressions of the OMOP tables: numbers for pseudonyms, words for concepts, days moved."""

from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

WHO, SHIFT, FLOOR = "_who", "_shift", "_floor"
"""Beside a row: its patient's pseudonym, the days by which it moves, and the first day that is shown of the person."""
_DAY_MICROS = 86_400_000_000


def number(pseudonym: Column) -> Column:
    """`contracts.omop.ids.number_of` in SQL."""
    # the first of 64 bits is left out: of the first digit three bits count
    first = F.translate(F.substring(pseudonym, 1, 1), "89abcdef", "01234567")
    return F.conv(F.concat(first, F.substring(pseudonym, 2, 15)), 16, 10).cast("bigint")


def hashed(text: Column) -> Column:
    """The number of a text that is no secret, or that holds a pseudonym."""
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


def moved(moment: Column) -> Column:
    """A time, moved with the days of its person."""
    return F.timestamp_micros(F.unix_micros(moment) + F.col(SHIFT).cast("bigint") * _DAY_MICROS)
