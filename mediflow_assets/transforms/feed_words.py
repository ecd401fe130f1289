"""What a hospital's own codes mean, as `sources.toml` says it."""

from collections.abc import Iterable, Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

from mediflow_assets.contracts.words import NOT_KNOWN
from mediflow_assets.transforms.parsing import not_given

Values = Mapping[str, Mapping[str, str]]
Own = Mapping[str | None, set[str]]
"""Words in capitals by feed; None stands for the records of none."""

OTHERS = "*"
"""Stands for every code that is not named."""


def meant(text: Column, values: Mapping[str, str]) -> Column:
    """A text with the codes of a feed replaced by our words."""
    codes = dict(values)
    others = codes.pop(OTHERS, None)
    is_one_case = len({code.upper() for code in codes}) == len(codes)
    of = F.upper(text) if is_one_case else text
    grouped: dict[str, list[str]] = {}
    for theirs, ours in codes.items():
        grouped.setdefault(ours, []).append(theirs.upper() if is_one_case else theirs)
    read = text if others is None else F.when(text.isNotNull(), _word(others))
    # a list for each of our words: a branch for each of theirs is more than the engine reads
    for ours, theirs_ in grouped.items():
        read = F.when(of.isin(theirs_), _word(ours)).otherwise(read)
    return read


def _word(ours: str) -> Column:
    """What a code stands for; nothing where it is mapped to nothing."""
    return F.lit(ours or None)


def meaning_something(name: str, every: Mapping[str | None, Values]) -> Own:
    """By feed, its words in a column that say elsewhere that nothing is given; `*` is none, and stands for a code for
    what is not known as well."""
    found = {}
    for feed, values in every.items():
        codes = upper(values.get(name, ()))
        more = upper(NOT_KNOWN.get(name, ())) if OTHERS in codes else set()
        found[feed] = (codes & not_given(name) | more) - {OTHERS}
    return {feed: words for feed, words in found.items() if words}


def of_feeds(name: str, words: Own) -> Column:
    """A column in which a word that means something in one feed says in every other that nothing is given."""
    text, is_of = F.upper(name), F.lit(False)
    for feed, own in words.items():
        is_it = F.col("_feed").isNull() if feed is None else F.coalesce(F.col("_feed") == feed, F.lit(False))
        is_of = is_of | (is_it & text.isin(sorted(own)))
    return F.when(is_of | ~text.isin(sorted({word for own in words.values() for word in own})), F.col(name))


def upper(words: Iterable[str]) -> set[str]:
    """Words as they are compared."""
    return {word.upper() for word in words}
