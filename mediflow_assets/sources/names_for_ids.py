"""Columns of people's names that were taken for ids: of few people of one name they would make one patient."""

import csv
import re
from collections import Counter

from mediflow_assets.contracts.unusable_ids import NOTHING
from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources.forms import Form

_FEWEST, _MANY = 3, 10
"""Different values below which a column may be anything. Few are names if they are to name patients (stays may have a
word each), and each can be spoken."""
_OF_PEOPLE = "patient"
_SPOKEN = re.compile(r"[AEIOUY]|[^\x00-\x7f]")
_NAMES = 0.95
"""Of the different values, to be without a digit and a word."""
_ONE_LENGTH = 0.8
"""Of the words, to be as long as most are: codes are of one length, names are not."""
_MARKS = re.compile(r"[\W_]+")


def refuse_names_for_ids(
    head: bytes, columns: tuple[str | None, ...], delimiter: str, form: Form, mapped: frozenset[str] = frozenset()
) -> None:
    """Refuses a file's beginning if a column of ids holds names. Columns that a feed has `mapped` are what it says."""
    wanted = [name for name in form.contract.identifiers if name in columns and name not in mapped]
    lines = head.decode(errors="replace").split("\n")[1:]
    try:
        rows = list(csv.reader(lines[:-1] or lines, delimiter=delimiter)) if wanted else []
    except csv.Error:
        return
    for name in wanted:
        place = columns.index(name)
        fewest = _FEWEST if name.startswith(_OF_PEOPLE) else _MANY
        if look_like_names([row[place] for row in rows if len(row) > place], fewest):
            raise DeliveryRefused(
                f"column {place + 1} was taken for {name}, but holds words without digits, as names are. Map the "
                f"column of ids to {name} in sources.toml, or this one if its words are ids."
            )


def look_like_names(values: list[str], fewest: int = _FEWEST) -> bool:
    """Whether values are practically all words, of many lengths, and not fewer."""
    found = {_MARKS.sub(" ", value.upper()).strip() for value in values} - {"", *NOTHING}
    words = [word for value in found if len(word := value.replace(" ", "")) > 1 and word.isalpha()]
    if len(words) < max(fewest, _NAMES * len(found)):
        return False
    if len(found) < _MANY and not all(map(_SPOKEN.search, words)):
        return False
    (_, most), *_ = Counter(map(len, words)).most_common(1)
    return most < _ONE_LENGTH * len(words)
