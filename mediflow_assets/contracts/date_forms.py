"""What a date form (a Spark datetime pattern, as in `sources.toml`) tells: a short year, an offset."""

import re


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
