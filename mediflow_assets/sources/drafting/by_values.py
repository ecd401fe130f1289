"""Dates whose headers say nothing: when people came and left, by what is always given and what lies before what."""

from statistics import median

from mediflow_assets.sources.drafting.choosing import Table, read
from mediflow_assets.sources.drafting.draft import CHECK, Column, Draft
from mediflow_assets.sources.drafting.header_words import concepts
from mediflow_assets.sources.grains import ENCOUNTER_GRAIN

_SAYS_NOTHING = {"date", "time", "at", "encounter", "patient", "start", "end", "year"}
"""What a header may mean and still be any date of a stay."""
_ALWAYS, _IN_ORDER, _LONGEST_DAYS = 0.95, 0.98, 60
_FEWEST = 20
"""Rows below which an order is chance."""


def stays(table: Table, draft: Draft) -> None:
    """The one date that is always given and lies shortly before the discharge is the admission; of two dates that only
    follow each other, the first one is. Where more could be, none is proposed."""
    if draft.grain != ENCOUNTER_GRAIN or "admission_date" in draft.columns or "encounter_id" not in draft.columns:
        return
    free = _free(table, draft)
    if discharge := draft.columns.get("discharge_date"):
        first = [each for each in free if _is_given(table, each) and _are_stays(table, each, discharge.headers[0])]
        if len(first) == 1:
            why = f"the only date that is always given and lies before the discharge; {CHECK}"
            draft.columns["admission_date"] = Column((first[0],), why)
        return
    pairs = [(a, b) for a in free for b in free if a != b and _is_given(table, a) and _are_stays(table, a, b)]
    if len(free) == 2 and len(pairs) == 1:
        begin, end = pairs[0]
        draft.columns["admission_date"] = Column((begin,), f"of two dates that follow each other the first; {CHECK}")
        draft.columns["discharge_date"] = Column((end,), f"of two dates that follow each other the second; {CHECK}")


def _free(table: Table, draft: Draft) -> list[str]:
    taken = {header for column in draft.columns.values() for header in column.headers}
    dates = [each for each in table.header if each not in taken and table.profiles[each].dates]
    return [each for each in dates if concepts(each)[0] <= _SAYS_NOTHING]


def _is_given(table: Table, header: str) -> bool:
    profile = table.profiles[header]
    return len(profile.given) >= _ALWAYS * len(profile.cells)


def _are_stays(table: Table, begin: str, end: str) -> bool:
    """Whether the second date is never before the first, and follows it within some weeks."""
    first, last = table.profiles[begin], table.profiles[end]
    pairs = [
        (last_day - first_day).days
        for a, b in zip(first.cells, last.cells, strict=True)
        if (first_day := read(first, a)) and (last_day := read(last, b))
    ]
    is_told = len(pairs) >= _FEWEST and any(pairs)
    return is_told and sum(d >= 0 for d in pairs) >= _IN_ORDER * len(pairs) and median(pairs) <= _LONGEST_DAYS
