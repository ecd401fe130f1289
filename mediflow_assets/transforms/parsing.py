"""Text → typed columns that never fail a job and read the same on both engines.

`try_cast` alone differs between engines (exponents, `12d`, long years); behind a strict pattern it does not.
A value that cannot be read is null; `unreadable` tells it from one that was not given.
"""

import re
from collections.abc import Collection, Iterable, Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts.blanks import ASCII_BLANKS, BLANKS
from mediflow_assets.contracts.not_given import NOT_GIVEN, WRAPPED, spellings
from mediflow_assets.contracts.unusable_ids import ERROR
from mediflow_assets.contracts.words import INTO, NOT_KNOWN, RARE, TURNED

INTEGER = r"^[+-]?[0-9]{1,9}\z"
DECIMAL = r"^[+-]?[0-9]{1,10}([.][0-9]{1,2})?\z"
LONG_DECIMAL = r"^[+-]?[0-9]{1,10}[.][0-9]{3,20}\z"
_CLOCK = r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
_WITHOUT_SECONDS = r"^([0-9-]{10}[T ][0-9]{2}:[0-9]{2})(Z|[+-][0-9]{2}:?[0-9]{2})\z"
MOMENT = rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}({_CLOCK})?\z"
_YEAR, _MONTH = r"^[0-9]{4}\z", r"^[0-9]{4}-[0-9]{2}\z"
BLOOD_PRESSURE = r"^[0-9]{2,3} ?/ ?[0-9]{2,3}\z"
POSTAL_CODE = r"^[0-9A-Za-z]([0-9A-Za-z -]{1,8}[0-9A-Za-z])?\z"
_NO_POSTAL_CODE = r"^(0+|9+)([ -](0+|9+))?\z"


def stripped(raw: Column) -> Column:
    """The text without the blanks of Unicode at its ends."""
    # to look for all of them at the ends of every text would take twice as long
    is_ascii = F.octet_length(raw) == F.char_length(raw)
    return F.when(is_ascii, F.btrim(raw, F.lit(ASCII_BLANKS))).otherwise(F.btrim(raw, F.lit(BLANKS)))


def given(raw: Column) -> Column:
    """The text without surrounding blanks; null where nothing is left."""
    trimmed = stripped(raw)
    return F.when(trimmed != "", trimmed)


def texts(
    frame: DataFrame,
    columns: Iterable[str],
    ids: Iterable[str] = (),
    words: Mapping[str, Collection[str]] | None = None,
) -> DataFrame:
    """The frame with these columns as texts: trimmed, unwrapped, and null where a word says that nothing is given.

    Of `ids` words stay, to be told as placeholders; `words` are those that mean something in a column. A step of its
    own, and so is each that follows: an expression that stands in three others is else computed three times, and
    planned as often (0.7 s for 1 M rows, where one expression in another took 12 s).
    """
    cells, own = list(columns), words or {}
    trimmed = frame.withColumns({name: stripped(F.col(name)) for name in (*cells, *ids)})
    bare = trimmed.withColumns({name: _unwrapped(F.col(name)) for name in (*cells, *ids)})
    nothing = {name: _nothing(name, own.get(name, ())) for name in cells}
    return bare.withColumns(
        {name: F.when(~F.col(name).isin(nothing.get(name, [""])), F.col(name)) for name in (*cells, *ids)}
    )


def _nothing(column: str, own: Collection[str]) -> list[str]:
    return ["", *spellings(tuple(sorted(not_given(column) - {word.upper() for word in own})))]


def not_given(column: str) -> frozenset[str]:
    """In capitals, the words that say in a column that nothing is given, or known."""
    return frozenset((*NOT_GIVEN, *(word.upper() for word in NOT_KNOWN.get(column, ()))))


def _unwrapped(text: Column) -> Column:
    """A trimmed text without a spreadsheet's wrapping: one pattern, for few expressions are planned fast."""
    return F.when(F.substring(text, 1, 1).isin("=", "'"), F.regexp_replace(text, WRAPPED, "$2$3")).otherwise(text)


def _when(text: Column, pattern: str, type_: str) -> Column:
    return F.when(text.rlike(pattern), text.try_cast(type_))


_PADDED = re.compile(r"(?<= )[dhH](?![dhH])")


def integer(text: Column) -> Column:
    """A whole number of up to nine digits."""
    return _when(text, INTEGER, "int")


def money(text: Column) -> Column:
    """An amount with up to ten digits before the point; more than two decimals are rounded half up."""
    rounded = F.round(text.try_cast("decimal(30,20)"), 2).try_cast("decimal(12,2)")
    return F.when(text.rlike(DECIMAL), text.try_cast("decimal(12,2)")).when(text.rlike(LONG_DECIMAL), rounded)


def date(text: Column) -> Column:
    """An ISO 8601 date, or the date of a timestamp."""
    return F.when(text.rlike(MOMENT), F.substring(text, 1, 10).try_cast("date"))


def partial_date(text: Column) -> Column:
    """An ISO 8601 date; of one that tells its year or month only, the first day."""
    whole = F.when(text.rlike(_YEAR), F.concat(text, F.lit("-01-01"))).when(
        text.rlike(_MONTH), F.concat(text, F.lit("-01"))
    )
    return F.coalesce(date(text), whole.try_cast("date"))


def precision(text: Column, typed: Column) -> Column:
    """How much a date tells: day, month or year; null where there is none."""
    told = F.when(text.rlike(_YEAR), "year").when(text.rlike(_MONTH), "month").otherwise("day")
    return F.when(typed.isNotNull(), told)


def timestamp(text: Column) -> Column:
    """An ISO 8601 date or timestamp; without an offset as if it were UTC."""
    # the embedded engine reads no offset that follows the minutes
    whole = F.when(text.rlike(_WITHOUT_SECONDS), F.regexp_replace(text, _WITHOUT_SECONDS, "$1:00$2")).otherwise(text)
    return F.when(text.rlike(MOMENT), whole.try_cast("timestamp"))


def in_form(text: Column, form: str) -> Column:
    """A timestamp in a feed's own date form (a Spark datetime pattern); without an offset as if it were UTC.

    A day or an hour of one digit may be padded, as in `Jul  2 2022  7:53AM`.
    """
    text = F.regexp_replace(text, " +", " ") if _PADDED.search(form) else text
    return F.try_to_timestamp(text, F.lit(form))


def undamaged(text: Column) -> Column:
    """The text, unless it is what a spreadsheet shows in place of one, such as `########` or `#REF!`."""
    return F.when(~text.rlike(ERROR), text)


def label(text: Column, pattern: str, longest: int) -> Column:
    """The text, if it is a label of this pattern and of no more letters."""
    return F.when(text.rlike(pattern) & (F.char_length(text) <= longest), text)


def postal_code(text: Column) -> Column:
    """A postal code of any country: letters and digits, but not zeros or nines alone."""
    return F.when(text.rlike(POSTAL_CODE) & ~text.rlike(_NO_POSTAL_CODE), text)


def blood_pressure(text: Column) -> tuple[Column, Column]:
    """Systolic and diastolic pressure in mmHg of a text such as `120/80`."""
    is_pair = text.rlike(BLOOD_PRESSURE)
    systolic = F.trim(F.substring_index(text, "/", 1)).try_cast("int")
    diastolic = F.trim(F.substring_index(text, "/", -1)).try_cast("int")
    return F.when(is_pair, systolic), F.when(is_pair, diastolic)


def coded(text: Column, vocabulary: Mapping[str, str]) -> Column:
    """What a word of the vocabulary stands for, compared by its letters; null where it is none."""
    accepted: dict[str, set[str]] = {}
    for spelling, word in vocabulary.items():
        accepted.setdefault(word, {word}).add(spelling)
    # few words are written so that their letters have to be looked at, which takes twice as long; all spellings of all
    # words would make a plan that takes longer than the work
    usual = {word: spellings(tuple(known - RARE | {word})) for word, known in accepted.items()}
    by_letters = _one_of(F.translate(F.lower(text), TURNED, INTO), accepted)
    return _one_of(text, usual).otherwise(by_letters).cast("string")


def _one_of(text: Column, accepted: Mapping[str, Collection[str]]) -> Column:
    chain = F.when(F.lit(False), F.lit(None))
    for word, known in accepted.items():
        chain = chain.when(text.isin(sorted(known)), F.lit(word))
    return chain


def unreadable(code: str, text: Column, typed: Column) -> Column:
    """The reason `code` where text was given and could not be read, else null."""
    return F.when(text.isNotNull() & typed.isNull(), F.lit(code))
