"""Dates, amounts and ages that can be read in one way only, however they are written: as the ISO 8601 text or the
number that they stand for. What is neither stays as it is, to be told as unreadable.

Patterns as both engines know them: no looking ahead, groups by number, and no letter after one.
"""

from collections.abc import Iterable

from pyspark.sql import Column
from pyspark.sql import functions as F

from mediflow_assets.transforms import parsing

_Y = r"((?:1[89]|2[01])[0-9]{2})"
"""A year in which people were born or treated: with one of these in front no day or month can be meant."""
_M, _D = r"(0[0-9]|1[0-2])", r"([0-2][0-9]|3[01])"
_H, _60 = r"([01][0-9]|2[0-4])", r"([0-5][0-9])"
_OFFSET = r"((?: ?(?:Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?))?)"
_S = r"([/.-])"
_END = r"(\z|[T ].*\z)"

_YEAR_FIRST = (
    (rf"^{_Y}{_M}{_D}{_END}", "$1-$2-$3$4"),
    (rf"^{_Y}{_S}([0-9]){_S}", "$1-0$3-"),
    (rf"^{_Y}{_S}([0-9]{{2}}){_S}([0-9]){_END}", "$1-$3-0$5$6"),
    (rf"^{_Y}{_S}([0-9]{{2}}){_S}([0-9]{{2}}){_END}", "$1-$3-$5$6"),
)
"""20260301, 2026-3-1, 2026/03/01, with a time or without."""
_TIMES = (
    (rf"^{_Y}{_M}{_D}[T ]?{_H}{_60}{_60}((?:[.,][0-9]+)?){_OFFSET}\z", "$1-$2-$3 $4:$5:$6$7$8"),
    (rf"^{_Y}{_M}{_D}[T ]?{_H}{_60}{_OFFSET}\z", "$1-$2-$3 $4:$5$6"),
    *_YEAR_FIRST,
    (r"^([0-9-]{10})[T ] *([0-9]):", "$1 0$2:"),
    (r"(:[0-9]{2}),([0-9]{1,9})", "$1.$2"),
    (r" ?(UTC|GMT|z)\z", "Z"),
    (r"(:[0-9.]+) ?([+-][0-9]{2})\z", "$1$2:00"),
    (r"(:[0-9.]+) ([+-][0-9]{2}:?[0-9]{2}|Z)\z", "$1$2"),
)
"""20260301101500, 2026-03-01 9:15, 10:15:00,5, 10:15:00+00, 10:15:00 UTC."""
_DAYS = (
    *_YEAR_FIRST,
    (rf"^{_Y}(?:[.]0|-00-00)\z", "$1"),
    (rf"^{_Y}-(0[1-9]|1[0-2])-00\z", "$1-$2"),
    # of years up to 12 the year may as well be a day and a month
    (r"^((?:19|20)(?:1[3-9]|[2-9][0-9]))(0[1-9]|1[0-2])\z", "$1-$2"),
    (rf"^([1-9]){_S}{_Y}\z", "$3-0$1"),
    (rf"^(0[1-9]|1[0-2]){_S}{_Y}\z", "$3-$1"),
    (rf"^00{_S}00{_S}{_Y}\z", "$3"),
    (rf"^00{_S}(0[1-9]|1[0-2]){_S}{_Y}\z", "$4-$2"),
)
"""20260301 and so on; 1950.0, 1980-00-00, 198005, 05/1980, 00.05.1980: of births often no more is known."""
_NEVER = r"^(9999[/.-]?12[/.-]?31|(31[/.-]12|12[/.-]31)[/.-]9999)"
_MIDNIGHT = r"^[0-9-]{10}[T ]24:00(:00([.]0+)?)?"
_EPOCH = r"^(-?[0-9]{1,15})(?:[.][0-9]+)?\z"
ISO_INSTANT = "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"
_NEGATIVE = r"^[(] *([^()-]+?) *[)]\z|^([^()-]+?) *-\z"

_YEARS = r"(?i)^([0-9]{1,3})(?:[.]0+| ?(?:y|y[.]?o[.]?|yrs?[.]?|years?(?: old)?|j[.]?|jahre?|ans?|a[ñn]os?|anos?))\z"
_MONTHS = r"(?i)^[0-9]{1,3} ?(?:mos?[.]?|m[.]o[.]?|mths?|months?(?: old)?|monate?|mois|mes(?:es)?)\z"
_DAYS_OLD = r"(?i)^(?:[0-9]{1,2} ?(?:wks?|weeks?(?: old)?|wochen?)|[0-9]{1,3} ?(?:days?(?: old)?|tage?))\z"
_OVER_89 = r"^(?:> ?89|(?:>=|≥) ?90|90 ?[+])\z"
_LIKE = {" ": " \u00a0\u2009\u202f", "'": "'\u2019"}
"""Marks between thousands that look alike."""
UNREAD = "?"
"""What is no amount."""


def moment(text: Column) -> Column:
    """A date or time as ISO 8601, where it is one for sure."""
    days, times = text, text
    for pattern, iso in _DAYS:
        days = F.regexp_replace(days, pattern, iso)
    for pattern, iso in _TIMES:
        times = F.regexp_replace(times, pattern, iso)
    odd = F.when(F.char_length(text) > 10, times).otherwise(days)
    is_iso = text.rlike(parsing.MOMENT) & (F.substring(text, 9, 2) != "00")
    return F.when(is_iso, text).otherwise(odd)


def end_of_day(moment: Column) -> Column:
    """A time of 24:00 as the midnight that it is: the next day's."""
    following = F.date_format(F.date_add(F.substring(moment, 1, 10).try_cast("date"), 1), "yyyy-MM-dd")
    midnight = F.concat(following, F.regexp_replace(moment, _MIDNIGHT, " 00:00:00"))
    is_midnight = (F.substring(moment, 12, 2) == "24") & moment.rlike(_MIDNIGHT)
    return F.when(is_midnight, F.coalesce(midnight, moment)).otherwise(moment)


def begun(text: Column, pattern: str) -> Column:
    """A text whose time is 24:00 at 00:00 of its day, by the pattern with what stands on either side of the hour."""
    parts = (F.regexp_extract(text, pattern, 1), F.lit("00"), F.regexp_extract(text, pattern, 2))
    return F.when(text.rlike(pattern), F.concat(*parts))


def of_epoch(text: Column, a_second: int) -> Column:
    """A number since 1970, so many a second, as ISO 8601."""
    number = F.regexp_extract(text, _EPOCH, 1).try_cast("bigint")
    instant = F.timestamp_millis(number * F.lit(1_000 // a_second))
    return F.when(text.rlike(_EPOCH), F.date_format(instant, ISO_INSTANT))


def ended(text: Column) -> Column:
    """An end, if there is one: none is meant by the last day of the year 9999."""
    return F.when(~text.rlike(_NEVER), text)


def age(text: Column) -> Column:
    """An age in completed years, whatever it is told in; those over 89 that are told as one are 90."""
    months = F.regexp_extract(text, "^[0-9]+", 0).try_cast("int")
    odd = (
        F.when(text.rlike(_DAYS_OLD), "0")
        .when(text.rlike(_MONTHS), F.floor(months / 12).cast("string"))
        .when(text.rlike(_OVER_89), "90")
        .otherwise(F.regexp_replace(text, _YEARS, "$1"))
    )
    return F.when(text.rlike(parsing.INTEGER), text).otherwise(odd)


def amount(text: Column) -> Column:
    """A number with its minus in front: `(12.50)` and `12.50-` are negative."""
    is_negative = F.substring(text, -1, 1).isin(")", "-")
    return F.when(is_negative, F.regexp_replace(text, _NEGATIVE, "-$1$2")).otherwise(text)


def without_currency(text: Column, signs: Iterable[str]) -> Column:
    """An amount without one of these signs or words before or behind it; its minus or its brackets stay."""
    sign = "(?:" + "|".join(map(_literal, signs)) + ")?"
    return F.regexp_replace(text, rf"(?i)^([(+-]?) *{sign} *([(+-]?[0-9].*?) *{sign} *([)-]?)\z", "$1$2$3")


def with_marks(text: Column, thousands: str, point: str) -> Column:
    """An amount that is written with these marks as one with a decimal point; every other text as no amount.

    The last group has three digits, others have two in India.

    So `1234.50` is no amount where a comma divides cents: it would become a hundred times as much. None stays none.
    """
    like, least = _LIKE.get(thousands, thousands), 2 if thousands == "," else 3
    group = "[" + "".join(map(_literal, like)) + "]"
    is_so = text.rlike(rf"^[+-]?([0-9]+|[0-9]{{1,3}}({group}[0-9]{{{least},3}})*{group}[0-9]{{3}})([{point}][0-9]+)?\z")
    read = F.when(is_so, F.translate(text, point + like, ".")).otherwise(UNREAD)
    return F.when(text.isNotNull(), read)


def _literal(sign: str) -> str:
    return "".join(f"\\{each}" if each in r"\.^$*+?()[]{}|-" else each for each in sign)
