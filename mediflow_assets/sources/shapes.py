"""What a text looks like, told from the name of a column: a date, an amount, a blood pressure."""

import re

_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
_MONEY = re.compile(r"\$?-?\d+([.,]\d{3})*[.,]\d{1,2}")
_CLOCK = r"([T ]\d{1,2}:\d\d(:\d\d)?( ?[AaPp][Mm])?)?"
_DATE = re.compile(
    rf"(\d{{4}}[-/]\d\d[-/]\d\d|(19|20)\d{{6}}|\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{2,4}}|\d{{1,2}}-[A-Za-z]{{3}}-\d{{2,4}})"
    rf"{_CLOCK}"
)
BLOOD_PRESSURE = re.compile(r"\d{2,3}\s*/\s*\d{2,3}")


def is_date(text: str) -> bool:
    """Whether a text is written as a date."""
    return bool(_DATE.fullmatch(text))


def is_value(text: str) -> bool:
    """Whether a text is rather a value than the name of a column."""
    return any(shape.fullmatch(text) for shape in (_NUMBER, _MONEY, BLOOD_PRESSURE, _DATE))
