"""Whether what would be a header is a record: an export without a header must not have its first patient shown."""

import re
from collections import Counter

from mediflow_assets.sources.drafting.choosing import Table, read
from mediflow_assets.sources.drafting.profile import ENOUGH, Profile

_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[^\W\d_]")
_ALIKE = 2
"""Cells that look like their columns: one alone may do so by chance."""


def is_a_record(table: Table) -> bool:
    """Whether the header's cells are dates where their columns are, and look like the others there."""
    rows = zip(*(table.profiles[name].cells for name in table.header), strict=True)
    repeats = sum(cells == table.header for cells in rows)
    profiles = [(name, table.profiles[name]) for name in table.header]
    if any(profile.dates and read(profile, name) for name, profile in profiles):
        return True
    return sum(_is_one_of(name, profile, repeats) for name, profile in profiles) >= _ALIKE


def _is_one_of(text: str, profile: Profile, repeats: int) -> bool:
    """Whether it is a value of a column of few, or has digits and letters in the places where nearly all do."""
    if not _DIGIT.search(text):
        return profile.few() and profile.counts[text] > repeats
    shapes = Counter(_shape(value) for value in profile.counts)
    return shapes[_shape(text)] >= ENOUGH * shapes.total() > 1


def _shape(text: str) -> str:
    return _LETTER.sub("a", _DIGIT.sub("9", text))
