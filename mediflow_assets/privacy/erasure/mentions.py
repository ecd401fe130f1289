"""Texts that name somebody: a predicate over a column of texts or bytes."""

import re
from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

import pyarrow.compute as pc

SHORTEST = 6
"""Letters. A shorter id stands in too many texts that mean something else: it is looked for in its own columns only."""
_AT_ONCE = 500
"""Alternatives of one pattern: more need more memory than the matcher allows itself, and it becomes slow."""


def mentioning(column: str, ids: Iterable[str], shortest: int = SHORTEST) -> Any:
    """Whether a row's text in this column holds one of the ids, of so many letters, as a word, in whatever case."""
    long = sorted(each for each in {each.strip() for each in ids} if len(each) >= shortest)
    patterns = [_pattern(long[start : start + _AT_ONCE]) for start in range(0, len(long), _AT_ONCE)]
    none: Any = pc.scalar(False)
    return reduce(or_, (pc.match_substring_regex(pc.field(column), pattern) for pattern in patterns), none)


def _pattern(ids: list[str]) -> str:
    return rf"(?i)(?:^|[^0-9A-Za-z])(?:{'|'.join(map(re.escape, ids))})(?:$|[^0-9A-Za-z])"
