"""What a hospital's own codes mean, as `sources.toml` says it."""

from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

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
