"""How the values of a drafted feed are written: dates, amounts, words."""

import datetime as dt
import json
import re
from collections.abc import Iterator, Sequence
from statistics import median

from mediflow_assets.contracts.not_given import NOT_GIVEN
from mediflow_assets.contracts.source import SHIFTED
from mediflow_assets.sources.drafting import words
from mediflow_assets.sources.drafting.amounts import amounts_of, are_commas_usual
from mediflow_assets.sources.drafting.choosing import Table, read
from mediflow_assets.sources.drafting.dates import DateForm, with_order
from mediflow_assets.sources.drafting.draft import CHECK, Column, Draft
from mediflow_assets.sources.drafting.phrases import meaning_of

_EARLIEST, _OFTEN = "1860", 0.02
"""A date before this year that stands often is none."""
_ZERO_DAY = re.compile(r"\b(1899|1900|1970)\b")
_YEARS_AHEAD = 20
"""Which years of two digits are still to come."""
DATES = ("admission_date", "discharge_date", "birth_date", "death_date", "updated_at", "onset_date")


def dates_of(table: Table, column: Column) -> tuple[DateForm, ...]:
    """The date forms of a column's first part."""
    return table.profiles[column.headers[0]].dates


def write_dates(table: Table, draft: Draft, today: dt.date) -> None:
    """Say the forms of dates; where day and month may be swapped, in the order that makes sense of the stays."""
    chosen = {ours: dates_of(table, draft.columns[ours]) for ours in DATES if ours in draft.columns}
    if unsure := [ours for ours, forms in chosen.items() if any(form.alike for form in forms)]:
        chosen = _ordered(table, draft, chosen)
        other = "MM/dd" if any(f.pattern.startswith("d") for o in unsure for f in chosen[o]) else "dd/MM"
        draft.why["date_formats"] = f"{CHECK}: days and months read as {other} as well"
        draft.notes.append(
            "The order of day and month cannot be told by the values alone. "
            f"Ask whoever exports the file; if it is {other}, change date_formats."
        )
    for ours, forms in chosen.items():
        patterns = tuple(form.pattern for form in forms if form.pattern)
        if ours in draft.columns and draft.columns[ours].between is not None:
            clock = _clock_of(table.profiles[draft.columns[ours].headers[1]].given)
            without = (" '99'",) if clock == "HH" else ()
            ends = (f" {clock}", *without, "")
            patterns = tuple(pattern + end for pattern in patterns or ("yyyy-MM-dd",) for end in ends)
        if patterns:
            draft.date_formats[ours] = patterns
    if any(re.search(r"(?<!y)yy(?!y)", p) for patterns in draft.date_formats.values() for p in patterns):
        # stays are booked ahead, and the section is used for years: what is read must not hang on when it was drafted
        last = today.year + _YEARS_AHEAD
        draft.keys["two_digit_years"] = last
        draft.why["two_digit_years"] = f"years of two digits are {last - 99} to {last}, births in the past"


def bare_times(times: Sequence[str]) -> list[str]:
    """Times of day without the day of long ago on which all of them stand, such as `1899-12-30 09:15`."""
    days = {time.partition(" ")[0] for time in times}
    day = days.pop() if len(days) == 1 else ""
    return [time.partition(" ")[2] for time in times] if _ZERO_DAY.search(day) else [*times]


def _clock_of(times: list[str]) -> str:
    """How a column writes times of day."""
    if bare := bare_times(times) if times != bare_times(times) else []:
        # databases without times of day put them all on one day, that of their zero
        return f"'{times[0].partition(' ')[0]}' {_clock_of(bare)}"
    if any("h" in time for time in times):
        return "H'h'mm"
    if sum(len(time) == len("HH") for time in times) > len(times) / 2:
        return "HH"
    marks = min(max((time.count(":") for time in times), default=1), 2)
    if any(time.endswith(("M", "m")) for time in times):
        return ("hh a", "h:mm a", "h:mm:ss a")[marks]
    return ("HHmm", "HH:mm", "HH:mm:ss")[marks]


def _ordered(table: Table, draft: Draft, chosen: dict[str, tuple[DateForm, ...]]) -> dict[str, tuple[DateForm, ...]]:
    """The forms in the order of day and month under which stays are in order, short, and not in the future."""

    def in_the_order(is_day_first: bool) -> dict[str, tuple[DateForm, ...]]:
        return {ours: tuple(_turned(form, is_day_first) for form in forms) for ours, forms in chosen.items()}

    settled = next((f for forms in chosen.values() for f in forms if f.pattern and not f.alike), None)
    if settled is not None and re.match(r"[dM]", settled.pattern):
        return in_the_order(settled.pattern.startswith("d"))
    ranked = sorted((in_the_order(order) for order in (True, False)), key=lambda forms: _disorder(table, draft, forms))
    return ranked[0]


def _turned(form: DateForm, is_day_first: bool) -> DateForm:
    if form.pattern.startswith("d") == is_day_first:
        return form
    return next((with_order(form, p) for p in form.alike if p.startswith("d") == is_day_first), form)


def _disorder(table: Table, draft: Draft, forms: dict[str, tuple[DateForm, ...]]) -> tuple[float, float]:
    """The share of stays that end before they begin, and the days of a usual one."""
    if "discharge_date" not in forms or "admission_date" not in forms:
        return 0.0, 0.0
    cells = [table.profiles[draft.columns[ours].headers[0]].cells for ours in ("admission_date", "discharge_date")]
    days = []
    for begun, ended in zip(*cells, strict=True):
        first, last = (
            next((d for f in forms[ours] if (d := f.read(text))), None)
            for ours, text in (("admission_date", begun), ("discharge_date", ended))
        )
        if first and last:
            days.append((last - first).total_seconds() / 86_400)
    if not days:
        return 0.0, 0.0
    return sum(day < -1 for day in days) / len(days), median(abs(day) for day in days) + sum(map(abs, days)) / len(days)


def write_amounts(table: Table, draft: Draft, _: dt.date) -> None:
    """Say how amounts are written; of amounts that may be a thousand times as much nothing is read."""
    if (cost := draft.columns.get("cost")) is None:
        return
    others = (profile.given for header, profile in table.profiles.items() if header not in cost.headers)
    dates = (form.pattern for profile in table.profiles.values() for form in profile.dates)
    found = amounts_of(table.profiles[cost.headers[0]].given, are_commas_usual(others, dates, table.delimiter))
    if found.is_lost:
        del draft.columns["cost"]
        keys = f'thousands = "{found.unsure}"' + (" and decimal_comma = true" if found.unsure == "." else "")
        column = json.dumps(cost.headers[0], ensure_ascii=False)
        draft.notes.append(f"{CHECK}: nothing tells whether 1{found.unsure}234 is more than a thousand in {column}.")
        draft.notes.append(f"If it is, write {keys}; in any case cost = {column}.")
        return
    if found.decimal_comma:
        draft.keys["decimal_comma"] = True
    if found.thousands and not (found.decimal_comma and found.thousands == "."):
        draft.keys["thousands"] = found.thousands
    if found.currency:
        draft.keys["currency"] = found.currency
    if found.unsure:
        key = "decimal_comma" if found.decimal_comma else "thousands"
        draft.why[key] = f"{CHECK}: 1{found.unsure}234 is read as a thousand and more"


def write_words(table: Table, draft: Draft, _: dt.date) -> None:
    """Say what codes mean whose list is published, and which words of the file are not known."""
    people = _people(table, draft)
    for ours in words.CODED:
        column = draft.columns.get(ours)
        if column is None or not column.headers or ours in draft.values:
            continue
        header = column.headers[0]
        told, unknown = words.meanings(ours, header, table.profiles[header], people)
        if told:
            draft.why[f"values.{ours}"] = f"{CHECK}: as in UB-04"
        if ours == "discharge_disposition" and (read := _phrases(unknown)):
            draft.why.setdefault(f"values.{ours}", f"{CHECK}: by a word in it")
            told, unknown = told | read, [word for word in unknown if word not in read]
        if told:
            draft.values[ours] = told
        if ours == "gender":
            draft.why.pop(f"values.{ours}", None)
        if unknown:
            draft.unmapped_words[ours] = unknown
    nothing = sorted({word for ours in draft.columns for word in _words_for_nothing(table, draft, ours, people)})
    if nothing:
        draft.keys["null_words"] = nothing


def _phrases(unknown: Sequence[str]) -> dict[str, str]:
    return {word: meant for word in unknown if (meant := meaning_of(word))}


def _people(table: Table, draft: Draft) -> list[str]:
    """Whose each record is; where nothing tells it, each record is of somebody else."""
    if (column := draft.columns.get("patient_id")) is None:
        return [str(row) for row in range(len(table.profiles[table.header[0]].cells))]
    return ["|".join(cells) for cells in zip(*(table.profiles[each].cells for each in column.headers), strict=True)]


def _words_for_nothing(table: Table, draft: Draft, ours: str, people: Sequence[str]) -> Iterator[str]:
    """Words that stand again and again where dates, numbers or codes should."""
    column = draft.columns[ours]
    is_label = ours in ("department", "payer")
    if not is_label and ours not in (*DATES, "cost", "age", "diagnosis_code", "zip", "blood_pressure"):
        return
    for header in column.headers:
        counts = table.profiles[header].counts
        for word in words.carried(table.profiles[header], people):
            count = counts[word]
            is_word = not any(map(str.isalnum if is_label else str.isdigit, word)) and len(word) < 20
            is_year = ours in DATES and header == column.headers[0] and word[:4].isdecimal()
            is_never = is_year and word < _EARLIEST and count > _OFTEN * len(counts)
            is_zeros = ours == "diagnosis_code" and not word.strip("0.")
            if (is_word or is_zeros or is_never) and word.upper() not in NOT_GIVEN:
                yield word


def say_shifted(table: Table, draft: Draft, today: dt.date) -> None:
    """Say that dates are shifted where most admissions lie in the future."""
    if (admitted := draft.columns.get("admission_date")) is None:
        return
    profile = table.profiles[admitted.headers[0]]
    dates = [date for cell in profile.given if (date := read(profile, cell))]
    if dates and sum(date.date() > today for date in dates) > len(dates) / 2:
        draft.keys["dates"] = SHIFTED
        draft.why["dates"] = "most admissions lie in the future, as in sets that hide their dates"
