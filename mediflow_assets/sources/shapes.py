"""What a text looks like, told from the name of a column: a date, an amount, a blood pressure."""

import re

_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
_MONEY = re.compile(r"\$?-?\d+([.,]\d{3})*[.,]\d{1,2}")
_CLOCK = r"([T ]\d{1,2}:\d\d(:\d\d)?( ?[AaPp][Mm])?)?"
_MONTH = (
    r"(?:jan|feb|fe[bv]|fév|mar|mär|mrz|apr|avr|abr|may|mai|mag|maj|jun|jui|jul|juil|lug|giu|aug|aoû|ago|sep|set|oct|okt|"
    r"ott|out|nov|dec|dez|dic|déc|ene|gen)[^\W\d_]{0,7}\.?"
)
_DATE = re.compile(
    rf"(\d{{4}}[-/]\d\d[-/]\d\d|(19|20)\d{{6}}|\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{2,4}}|"
    rf"\d{{1,2}}\.?[ -]?{_MONTH}[ ,-]*\d{{2,4}}|{_MONTH} \d{{1,2}},? \d{{4}})"
    rf"{_CLOCK}",
    re.IGNORECASE,
)
BLOOD_PRESSURE = re.compile(r"\d{2,3}\s*/\s*\d{2,3}")


def is_date(text: str) -> bool:
    """Whether a text is written as a date."""
    return bool(_DATE.fullmatch(text))


def is_value(text: str) -> bool:
    """Whether a text is rather a value than the name of a column."""
    return any(shape.fullmatch(text) for shape in (_NUMBER, _MONEY, BLOOD_PRESSURE, _DATE))
