"""Times of day beside the dates of a stay, and columns that repeat its dates together with them."""

import re

from mediflow_assets.sources.drafting.choosing import Table, read
from mediflow_assets.sources.drafting.draft import Column, Draft
from mediflow_assets.sources.drafting.header_words import concepts, words_of
from mediflow_assets.sources.drafting.profile import ENOUGH
from mediflow_assets.sources.drafting.writing import bare_times, dates_of

_HOURS = re.compile(r"([01]\d|2[0-3])[0-5]\d")
_CLOCK = re.compile(r"\d{1,2}[:h]\d\d(:\d\d([.]0+)?)?( [AaPp][Mm])?")
_WHOLE_HOURS = re.compile(r"[01]\d|2[0-3]")
"""Hours of two digits, as in claims."""
_HOURS_APART = 4
_SAME_DAYS, _NEARLY_ALWAYS, _FEWEST = 0.98, 0.95, 10
"""Of the dates, to stand in a column of times as well, and to have one there."""


def times_of_day(table: Table, draft: Draft) -> None:
    """A date and a time of day in two columns are one time; a column of times with the same days has both already."""
    for ours, concept in (("admission_date", "admission"), ("discharge_date", "discharge")):
        column = draft.columns.get(ours)
        if column is None or any("H" in f.pattern or "h" in f.pattern for f in dates_of(table, column)):
            continue
        date = column.headers[0]
        if whole := [header for header in table.header if _has_both(date, header, concept, table)]:
            draft.columns[ours] = Column((whole[0],), f"times, on the days of {date!r}")
            continue
        clocks = [header for header in table.header if _means(header, concept) and _is_clock(header, table)]
        beside = [header for header in table.header if _is_called_as(date, header) and _tells_time(header, table)]
        behind = [header for header in table.header if _stands_behind(date, header, table)]
        hours = [header for header in table.header if _means(header, concept) and _are_hours(header, table)]
        clocks = next((found for found in (clocks, beside, behind, hours) if len(found) == 1), [])
        if len(clocks) == 1:
            draft.columns[ours] = Column((date, clocks[0]), "dates and times of day", " ")


def _means(header: str, concept: str) -> bool:
    return concept in concepts(header)[0]


def _has_both(date: str, header: str, concept: str, table: Table) -> bool:
    """Whether a column has times on the days of that date, wherever this is given."""
    profile = table.profiles[header]
    is_named = _is_called_as(date, header) or (_means(header, concept) and _means(header, "time"))
    if not is_named or not any("H" in form.pattern or "h" in form.pattern for form in profile.dates):
        return False
    days = [
        (day, read(profile, cell))
        for text, cell in zip(table.profiles[date].cells, profile.cells, strict=True)
        if (day := read(table.profiles[date], text))
    ]
    told = [(day, time) for day, time in days if time]
    are_same = sum(day.date() == time.date() for day, time in told) >= _SAME_DAYS * len(told)
    return are_same and len(told) >= max(_FEWEST, _NEARLY_ALWAYS * len(days))


def _is_clock(header: str, table: Table) -> bool:
    """Whether a column has times of day, or numbers such as 0915 and a header that says so."""
    profile = table.profiles[header]
    times = bare_times(profile.given)
    shape = _CLOCK if {":", "h"} & {*"".join(times[:1])} else _HOURS
    is_time = _means(header, "time") or not profile.is_integer
    return is_time and bool(times) and sum(map(bool, map(shape.fullmatch, times))) >= ENOUGH * len(times)


def _are_hours(header: str, table: Table) -> bool:
    """Whether a column called a time holds hours of the day and nothing else."""
    profile = table.profiles[header]
    is_told = profile.varies(_HOURS_APART) and profile.share(_WHOLE_HOURS.fullmatch) >= ENOUGH
    return is_told and _means(header, "time") and not _means(header, "length")


def _tells_time(header: str, table: Table) -> bool:
    times = bare_times(table.profiles[header].given)
    return bool(times) and sum(map(bool, map(_CLOCK.fullmatch, times))) >= ENOUGH * len(times)


def _is_called_as(date: str, header: str) -> bool:
    """Whether a header is that of a date but for the word for it: `Time In` beside `Date In`."""
    words = [[w for w in words_of(each) if not concepts(w)[0] & {"date", "time"}] for each in (date, header)]
    return header != date and words[0] == words[1] != []


def _stands_behind(date: str, header: str, table: Table) -> bool:
    """Whether a column of times of day stands directly behind that date, and is called a time and nothing else."""
    is_next = table.header.index(header) == table.header.index(date) + 1
    return is_next and concepts(header)[0] == {"time"} and _tells_time(header, table)
