"""Date forms: which Spark patterns read the values of a column, and where two read them alike."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache

from mediflow_assets.contracts.date_forms import EPOCHS

_ENOUGH, _FEW = 0.9, 3
_LOOKED_AT = 50
"""Values that tell which forms may be meant: a form that reads none of them is not tried on the others."""
_PARTS = (
    ("yyyy-MM-dd", r"\d{4}-\d\d-\d\d", "%Y-%m-%d"),
    ("yyyy/MM/dd", r"\d{4}/\d\d/\d\d", "%Y/%m/%d"),
    ("yyyyMMdd", r"(1[89]|2[01])\d{6}", "%Y%m%d"),
    ("ddMMyyyy", r"[0-3]\d[01]\d(19|20)\d\d", "%d%m%Y"),
    ("MMddyyyy", r"[01]\d[0-3]\d(19|20)\d\d", "%m%d%Y"),
    ("MMddyy", r"[01]\d(?!19|20)[0-3]\d\d\d", "%m%d%y"),
    ("ddMMyy", r"[0-3]\d[01]\d\d\d", "%d%m%y"),
    ("MM/dd/yyyy", r"\d\d/\d\d/\d{4}", "%m/%d/%Y"),
    ("dd/MM/yyyy", r"\d\d/\d\d/\d{4}", "%d/%m/%Y"),
    ("M/d/yyyy", r"\d{1,2}/\d{1,2}/\d{4}", "%m/%d/%Y"),
    ("d/M/yyyy", r"\d{1,2}/\d{1,2}/\d{4}", "%d/%m/%Y"),
    ("MM/dd/yy", r"\d\d/\d\d/\d\d", "%m/%d/%y"),
    ("dd/MM/yy", r"\d\d/\d\d/\d\d", "%d/%m/%y"),
    ("M/d/yy", r"\d{1,2}/\d{1,2}/\d\d", "%m/%d/%y"),
    ("d/M/yy", r"\d{1,2}/\d{1,2}/\d\d", "%d/%m/%y"),
    ("dd.MM.yyyy", r"\d\d\.\d\d\.\d{4}", "%d.%m.%Y"),
    ("d.M.yyyy", r"\d{1,2}\.\d{1,2}\.\d{4}", "%d.%m.%Y"),
    ("dd.MM.yy", r"\d\d\.\d\d\.\d\d", "%d.%m.%y"),
    ("d.M.yy", r"\d{1,2}\.\d{1,2}\.\d\d", "%d.%m.%y"),
    ("dd. MM. yyyy", r"\d\d\. \d\d\. \d{4}", "%d. %m. %Y"),
    ("d. M. yyyy", r"\d{1,2}\. \d{1,2}\. \d{4}", "%d. %m. %Y"),
    ("d.M.yyyy.", r"\d{1,2}\.\d{1,2}\.\d{4}\.", "%d.%m.%Y."),
    ("yyyy.MM.dd", r"\d{4}\.\d\d\.\d\d", "%Y.%m.%d"),
    ("yyyy.MM.dd.", r"\d{4}\.\d\d\.\d\d\.", "%Y.%m.%d."),
    ("yyyy. MM. dd.", r"\d{4}\. \d\d\. \d\d\.", "%Y. %m. %d."),
    ("MM-dd-yyyy", r"\d\d-\d\d-\d{4}", "%m-%d-%Y"),
    ("dd-MM-yyyy", r"\d\d-\d\d-\d{4}", "%d-%m-%Y"),
    ("M-d-yyyy", r"\d{1,2}-\d{1,2}-\d{4}", "%m-%d-%Y"),
    ("d-M-yyyy", r"\d{1,2}-\d{1,2}-\d{4}", "%d-%m-%Y"),
    ("MM-dd-yy", r"\d\d-\d\d-\d\d", "%m-%d-%y"),
    ("dd-MM-yy", r"\d\d-\d\d-\d\d", "%d-%m-%y"),
    ("dd-MMM-yyyy", r"\d\d-[A-Za-z]{3}-\d{4}", "%d-%b-%Y"),
    ("d-MMM-yyyy", r"\d{1,2}-[A-Za-z]{3}-\d{4}", "%d-%b-%Y"),
    ("dd-MMM-yy", r"\d\d-[A-Za-z]{3}-\d\d", "%d-%b-%y"),
    ("d-MMM-yy", r"\d{1,2}-[A-Za-z]{3}-\d\d", "%d-%b-%y"),
    ("ddMMMyyyy", r"\d\d[A-Za-z]{3}\d{4}", "%d%b%Y"),
    ("dd MMM yyyy", r"\d\d [A-Za-z]{3} \d{4}", "%d %b %Y"),
    ("d MMM yyyy", r"\d{1,2} [A-Za-z]{3} \d{4}", "%d %b %Y"),
    ("MMM d yyyy", r"[A-Za-z]{3} {1,2}\d{1,2} \d{4}", "%b %d %Y"),
    ("MMM d, yyyy", r"[A-Za-z]{3} \d{1,2}, \d{4}", "%b %d, %Y"),
)
_TIMES = (
    ("", "", ""),
    (" HH:mm", r" \d\d:\d\d", " %H:%M"),
    (" H:mm", r" \d{1,2}:\d\d", " %H:%M"),
    (" HH:mm:ss", r" \d\d:\d\d:\d\d", " %H:%M:%S"),
    (" H:mm:ss", r" \d{1,2}:\d\d:\d\d", " %H:%M:%S"),
    (" hh:mm a", r" \d\d:\d\d [AaPp][Mm]", " %I:%M %p"),
    (" h:mm a", r" \d{1,2}:\d\d [AaPp][Mm]", " %I:%M %p"),
    (" hh:mm:ss a", r" \d\d:\d\d:\d\d [AaPp][Mm]", " %I:%M:%S %p"),
    (" h:mm:ss a", r" \d{1,2}:\d\d:\d\d [AaPp][Mm]", " %I:%M:%S %p"),
    (" h:mma", r" {1,2}\d{1,2}:\d\d[AaPp][Mm]", " %I:%M%p"),
    (" HH.mm", r" \d\d[.]\d\d", " %H.%M"),
    (" H.mm", r" \d{1,2}[.]\d\d", " %H.%M"),
    (" HH'h'mm", r" \d\dh\d\d", " %Hh%M"),
    (", HH:mm", r", \d\d:\d\d", ", %H:%M"),
    (" HH:mm 'Uhr'", r" \d\d:\d\d Uhr", " %H:%M Uhr"),
    (" 'kl.' HH:mm", r" kl\. \d\d:\d\d", " kl. %H:%M"),
    (" 'kl.' HH.mm", r" kl\. \d\d[.]\d\d", " kl. %H.%M"),
    ("'T'HH:mm:ss", r"T\d\d:\d\d:\d\d", "T%H:%M:%S"),
    ("HH", r"([01]\d|2[0-4])", "%H"),
    ("HHmm", r"\d{4}", "%H%M"),
    ("HHmmss", r"\d{6}", "%H%M%S"),
)
_FIRST = datetime(1970, 1, 1)
_NUMBERS = (
    ("epoch_s", r"1\d{9}"),
    ("epoch_ms", r"1\d{12}|-\d{10,12}|(?!(1[89]|2[01])\d\d(0[1-9]|1[0-2]))[1-9]\d{10,11}"),
)
"""Epochs of this century; births of the last one have fewer digits, of which seconds could be anything. What begins
with a year and a month is none, as in 202301292349."""
ISO = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.]\d{1,9})?)?\s?(Z|UTC|[+-]\d\d(:?\d\d)?)?)?|0000-00-00( 00:00:00)?",
    re.ASCII,
)
_NONE = re.compile(r"0{4}[-/]?0\d?[-/]?0\d?.*|0+|00[./-]00[./-]0+.*|9999-12-31.*")


@dataclass(frozen=True)
class DateForm:
    """A Spark datetime pattern, and the form of strptime that reads the same; "" for ISO 8601, which needs none."""

    pattern: str
    python: str = ""
    alike: tuple[str, ...] = ()
    """Other patterns that read all its values too, to other days."""

    def read(self, text: str) -> datetime | None:
        """The date of a text, without its offset; None where it is none."""
        return _read(text, self.python)

    @property
    def has_short_year(self) -> bool:
        """Whether it does not tell the century."""
        return "%y" in self.python


@lru_cache(1 << 16)
def _read(text: str, python: str) -> datetime | None:
    try:
        if python in EPOCHS:
            return _FIRST + timedelta(seconds=int(text) / EPOCHS[python])
        if python:
            return datetime.strptime(text, python)
        return datetime.fromisoformat(text.replace(" UTC", "Z")).replace(tzinfo=None)
    except ValueError:
        return None


@cache
def _forms() -> tuple[tuple[DateForm, re.Pattern[str]], ...]:
    return tuple(_made())


def _made() -> Iterator[tuple[DateForm, re.Pattern[str]]]:
    for date, shape, python in _PARTS:
        for time, time_shape, time_python in _TIMES:
            if not time.startswith("H") or date == "yyyyMMdd":
                yield DateForm(date + time, python + time_python), re.compile(shape + time_shape)
    for form, shape in _NUMBERS:
        yield DateForm(form, form), re.compile(shape)


def forms_of(values: Sequence[str]) -> tuple[DateForm, ...]:
    """At most two forms that read nearly all the values, strictest first; empty where they are no dates."""
    given = Counter(values)
    for value in [value for value in given if _NONE.fullmatch(value)]:
        del given[value]
    if not given:
        return ()
    rest = Counter({value: count for value, count in given.items() if not ISO.fullmatch(value)})
    enough = _ENOUGH * given.total()
    if given.total() - rest.total() >= enough:
        return (DateForm(""), *_second(rest))
    first, rest = _best(given)
    if first is None or not rest:
        return () if first is None else (first,)
    if given.total() - rest.total() >= enough:
        return (first, *_second(rest))
    second, left = _best(rest)
    return (first, second) if second and given.total() - left.total() >= enough else ()


def _second(rest: Counter[str]) -> tuple[DateForm, ...]:
    """A form that reads most of the few values that another does not."""
    form, left = _best(rest) if rest.total() >= _FEW else (None, rest)
    return (form,) if form and left.total() <= rest.total() // 2 else ()


def _best(values: Counter[str]) -> tuple[DateForm | None, Counter[str]]:
    """The form that reads most values, strictest first, and what it does not read."""
    looked_at = list(values)[:: max(1, len(values) // _LOOKED_AT)]
    most, found = 0, list[tuple[DateForm, set[str]]]()
    for form, shape in _forms():
        if any(map(shape.fullmatch, looked_at)):
            read = {value for value in values if shape.fullmatch(value) and form.read(value)}
            count = sum(values[value] for value in read)
            if count > most:
                most, found = count, [(form, read)]
            elif count and count == most:
                found.append((form, read))
    if not found:
        return None, values
    first, read = found[0]
    alike = tuple(
        form.pattern for form, of in found[1:] if of != read or any(form.read(v) != first.read(v) for v in of)
    )
    rest = Counter({value: count for value, count in values.items() if value not in read})
    return DateForm(first.pattern, first.python, alike), rest


def with_order(form: DateForm, pattern: str) -> DateForm:
    """The form of a pattern that is alike to another's."""
    other = next(each for each, _ in _forms() if each.pattern == pattern)
    return DateForm(other.pattern, other.python, (form.pattern, *(p for p in form.alike if p != pattern)))
