"""What the values of a column look like: dates and their form, numbers, codes. No value leaves it."""

import re
from datetime import datetime

NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
AGE = re.compile(r"\d{1,2}|1[01]\d|120")
MONEY = re.compile(r"\$?-?\d+([.,]\d{3})*[.,]\d{1,2}")
COMMA_MONEY = re.compile(r"-?\d+(\.\d{3})*,\d{1,2}")
BLOOD_PRESSURE = re.compile(r"\d{2,3}\s*/\s*\d{2,3}")
DIAGNOSIS = re.compile(r"[A-TV-Z]\d[0-9A-Z](\.?[0-9A-Z]{1,4})?")
GENDER = re.compile(r"m|f|o|u|x|male|female|other|unknown", re.IGNORECASE)

_DATES = (
    ("yyyy-MM-dd", r"\d{4}-\d\d-\d\d", "%Y-%m-%d"),
    ("yyyy/MM/dd", r"\d{4}/\d\d/\d\d", "%Y/%m/%d"),
    ("yyyyMMdd", r"(19|20)\d{6}", "%Y%m%d"),
    ("MM/dd/yyyy", r"\d\d/\d\d/\d{4}", "%m/%d/%Y"),
    ("dd/MM/yyyy", r"\d\d/\d\d/\d{4}", "%d/%m/%Y"),
    ("M/d/yyyy", r"\d{1,2}/\d{1,2}/\d{4}", "%m/%d/%Y"),
    ("d/M/yyyy", r"\d{1,2}/\d{1,2}/\d{4}", "%d/%m/%Y"),
    ("dd.MM.yyyy", r"\d\d\.\d\d\.\d{4}", "%d.%m.%Y"),
    ("d.M.yyyy", r"\d{1,2}\.\d{1,2}\.\d{4}", "%d.%m.%Y"),
    ("MM-dd-yyyy", r"\d\d-\d\d-\d{4}", "%m-%d-%Y"),
    ("dd-MM-yyyy", r"\d\d-\d\d-\d{4}", "%d-%m-%Y"),
    ("dd-MMM-yyyy", r"\d\d-[A-Za-z]{3}-\d{4}", "%d-%b-%Y"),
)
_TIMES = (
    ("", "", ""),
    (" HH:mm", r" \d\d:\d\d", " %H:%M"),
    (" HH:mm:ss", r" \d\d:\d\d:\d\d", " %H:%M:%S"),
    ("'T'HH:mm:ss", r"T\d\d:\d\d:\d\d", "T%H:%M:%S"),
)
DATE_FORMS = tuple(
    (date + time, re.compile(date_shape + time_shape), date_form + time_form)
    for date, date_shape, date_form in _DATES
    for time, time_shape, time_form in _TIMES
)


def all_fit(values: list[str], shape: re.Pattern[str]) -> bool:
    """Whether there are values, and all have the shape."""
    return bool(values) and all(shape.fullmatch(value) for value in values)


def date_forms(values: list[str]) -> list[str]:
    """The Spark patterns that fit all the values, strictest first; several where days are ambiguous."""
    return [
        pattern
        for pattern, shape, form in DATE_FORMS
        if all_fit(values, shape) and all(_is_date(value, form) for value in values)
    ]


def has_decimal_comma(values: list[str]) -> bool:
    """Whether amounts are written 1.234,56."""
    return any("," in value for value in values) and all(
        COMMA_MONEY.fullmatch(value) or value.isdecimal() for value in values
    )


def is_value(text: str) -> bool:
    """Whether a text is rather a value than the name of a column."""
    return any(shape.fullmatch(text) for shape in (NUMBER, MONEY, BLOOD_PRESSURE)) or bool(date_forms([text]))


def _is_date(value: str, form: str) -> bool:
    try:
        datetime.strptime(value, form)
    except ValueError:
        return False
    return True
