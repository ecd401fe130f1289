"""Dates whose headers say nothing: when people came and left, by what is always given and what lies before what."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from mediflow_assets.sources.drafting.choosing import Table, read
from mediflow_assets.sources.drafting.draft import CHECK, Column, Draft
from mediflow_assets.sources.drafting.header_words import concepts, has_stem_of
from mediflow_assets.sources.grains import ENCOUNTER_GRAIN

_NEVER = {
    "birth",
    "death",
    "update",
    "created",
    "expected",
    "procedure",
    "diagnosis",
    "cost",
    "paid",
    "payer",
    "row",
} | {
    "department",
    "facility",
    "bed",
    "provider",
    "version",
}
"""What a header says of a date that is none of when a stay began or ended."""
_SAYS_NOTHING = {"date", "time", "at", "encounter", "patient", "start", "end", "year"}
"""What a header may mean and still be any date of a stay."""
_ALWAYS, _OFTEN, _IN_ORDER, _LONGEST_DAYS = 0.95, 0.5, 0.98, 60
_FEWEST, _TWO = 20, 2
"""Rows below which an order is chance."""
_EQUAL, _LENGTHS = 0.9, 3
"""The share of rows whose days are those that a column of days says, and how many different ones it has."""


@dataclass(frozen=True)
class _Pair:
    """Two dates that follow each other, and what more speaks for their being a stay's."""

    begin: str
    end: str
    is_counted: bool
    """Whether a column counts the days between."""
    named: tuple[bool, bool]
    """Whether each header is like a word for it."""

    @property
    def why(self) -> str:
        """What speaks for it."""
        return f"{'a column counts the days between' if self.is_counted else 'by its name and its order'}; {CHECK}"

    @property
    def weight(self) -> tuple[bool, int]:
        """How much speaks for it."""
        return self.is_counted, sum(self.named)


def stays(table: Table, draft: Draft) -> None:
    """Of the dates that follow each other those are the admission and the discharge between which a column counts the
    days, or whose headers are like words for them. Without either it is the one date that is always given and lies
    shortly before the discharge, or the first of two; where more could be, none is proposed."""
    begun, ended = (draft.columns.get(ours) for ours in ("admission_date", "discharge_date"))
    is_ended = ended is not None and _is_given(table, ended.headers[0], _OFTEN)
    if draft.grain != ENCOUNTER_GRAIN or (begun and (is_ended or ended is None)):
        return
    free = list(_dates(table, draft))
    firsts = [begun.headers[0]] if begun else [h for h in free if _is_given(table, h, _ALWAYS)]
    lasts = [h for h in free if _is_given(table, h, _OFTEN)]
    pairs = [pair for a in firsts for b in lasts if a != b and (pair := _pair(table, a, b))]
    best = max(pairs, key=lambda pair: (pair.weight, bool(ended and pair.end == ended.headers[0])), default=None)
    if best and (best.is_counted or best.named[1 if begun else 0]):
        draft.columns["admission_date"] = begun or Column((best.begin,), best.why)
        draft.columns["discharge_date"] = Column((best.end,), best.why)
    elif not begun and "encounter_id" in draft.columns:
        _only(table, draft, ended)


def _only(table: Table, draft: Draft, ended: Column | None) -> None:
    """The admission, where no other date can be."""
    free = [
        h for h in _dates(table, draft) if concepts(h)[0] <= _SAYS_NOTHING and (not ended or h not in ended.headers)
    ]
    given = [header for header in free if _is_given(table, header, _ALWAYS)]
    if ended:
        first = [each for each in given if _pair(table, each, ended.headers[0])]
        if len(first) == 1:
            why = f"the only date that is always given and lies before the discharge; {CHECK}"
            draft.columns["admission_date"] = Column((first[0],), why)
        return
    pairs = [(a, b) for a in given for b in free if a != b and _pair(table, a, b)]
    if len(free) == _TWO and len(pairs) == 1:
        begin, end = pairs[0]
        draft.columns["admission_date"] = Column((begin,), f"of two dates that follow each other the first; {CHECK}")
        draft.columns["discharge_date"] = Column((end,), f"of two dates that follow each other the second; {CHECK}")


def _dates(table: Table, draft: Draft) -> Iterator[str]:
    ends = {"admission_date", "discharge_date"}
    taken = {header for ours, column in draft.columns.items() if ours not in ends for header in column.headers}
    for header in table.header:
        if header not in taken and table.profiles[header].dates and not concepts(header)[0] & _NEVER:
            yield header


def _is_given(table: Table, header: str, least: float) -> bool:
    profile = table.profiles[header]
    return len(profile.given) >= least * len(profile.cells)


def _pair(table: Table, begin: str, end: str) -> _Pair | None:
    """The two, where the second date is never before the first, and follows it within some weeks."""
    first, last = table.profiles[begin], table.profiles[end]
    days = [
        (last_day.date() - first_day.date()).days
        if (first_day := read(first, a)) and (last_day := read(last, b))
        else None
        for a, b in zip(first.cells, last.cells, strict=True)
    ]
    told = [each for each in days if each is not None]
    is_told = len(told) >= _FEWEST and any(told)
    if not is_told or sum(d >= 0 for d in told) < _IN_ORDER * len(told) or median(told) > _LONGEST_DAYS:
        return None
    is_counted = any(_counts(table, header, days) for header in table.header)
    return _Pair(begin, end, is_counted, (has_stem_of(begin, "admission"), has_stem_of(end, "discharge")))


def _counts(table: Table, header: str, days: list[int | None]) -> bool:
    """Whether a column says these days, or one more where the first one counts."""
    profile = table.profiles[header]
    if not profile.is_integer or len(profile.counts) < _LENGTHS or profile.dates:
        return False
    pairs = [(int(float(c)), d) for c, d in zip(profile.cells, days, strict=True) if d is not None and _is_number(c)]
    same = max(sum(c == d for c, d in pairs), sum(c == d + 1 for c, d in pairs), sum(c == max(d, 1) for c, d in pairs))
    return len(pairs) >= _FEWEST and same >= _EQUAL * len(pairs)


def _is_number(cell: str) -> bool:
    return cell.removesuffix(".0").isdecimal()
