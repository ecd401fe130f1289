"""What a date form (a Spark datetime pattern, as in `sources.toml`) tells: a short year, an offset."""

import re

EPOCHS = {"epoch_s": 1, "epoch_ms": 1_000}
"""Forms that are no patterns: numbers since 1970 in UTC, so many a second."""
_PARTS = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+")
_FIXED = {"mm": "00", "ss": "00", "yy": "[0-9]{2}", "uu": "[0-9]{2}"}
_OF_LETTER = {
    **dict.fromkeys("yu", "[0-9]{4}"),
    **dict.fromkeys("ms", "0{1,2}"),
    **dict.fromkeys("XxZzVOE", ".+"),
    **{"S": "0+", "D": "[0-9]{1,3}", "M": "[0-9]{1,2}", "L": "[0-9]{1,2}", "d": "[0-9]{1,2}"},
}
"""What a part of a form may be in a text, by the whole of it or by its letter."""


def has_short_year(form: str) -> bool:
    """Whether a date form has a year of two digits."""
    return bool(re.search(r"(?<![yu])(yy|uu)(?![yu])", form))


def precision(form: str) -> str:
    """How much of a date a form tells: day, month or year."""
    parts = set(re.sub(r"'[^']*'", "", form))
    return "day" if parts & set("dD") else "month" if parts & set("ML") else "year"


def tells_offset(form: str) -> bool:
    """Whether a date form has a part for the offset or the zone."""
    return bool(set(re.sub(r"'[^']*'", "", form)) & set("XxZzVO"))


def end_of_day(form: str) -> str | None:
    """The pattern of texts in this form whose time is 24:00, with what stands before and behind the hour as its groups;
    None where the form has no hour of the day, or parts that no such text has."""
    if not re.search(r"H", re.sub(r"'[^']*'", "", form)) or set("[]") & set(form):
        return None
    parts = [_as_pattern(found[0]) for found in _PARTS.finditer(form)]
    if None in parts:
        return None
    before, after = "".join(map(str, parts)).split("\0", 1)
    return rf"^({before})24({after})\z"


def _as_pattern(part: str) -> str | None:
    if not part[0].isalpha():
        return re.escape(part if part[0] != "'" else part[1:-1].replace("''", "'") or "'")
    if part[0] == "H":
        return "\0"
    if part[0] in "MLE" and len(part) > 2:
        return "[^0-9]+"
    return _FIXED.get(part) or _OF_LETTER.get(part[0])
