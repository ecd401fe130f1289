"""Chapters of ICD-10 (WHO, 2019 version): each begins at a code, and lasts until the next one begins.

A code of ICD-9-CM is of the chapter of ICD-10 that took the place of its own.
"""

import re
from bisect import bisect_right

from mediflow_assets.contracts.diagnosis_codes import is_listed
from mediflow_assets.contracts.vocabulary import UNKNOWN

_STARTS = (
    ("A00", "I"), ("C00", "II"), ("D50", "III"), ("E00", "IV"), ("F00", "V"), ("G00", "VI"), ("H00", "VII"),
    ("H60", "VIII"), ("I00", "IX"), ("J00", "X"), ("K00", "XI"), ("L00", "XII"), ("M00", "XIII"), ("N00", "XIV"),
    ("O00", "XV"), ("P00", "XVI"), ("Q00", "XVII"), ("R00", "XVIII"), ("S00", "XIX"), ("U00", "XXII"), ("V00", "XX"),
    ("Z00", "XXI"),
)  # fmt: skip
_CODES = [code for code, _ in _STARTS]
_STARTS_OF_ICD9 = (
    ("001", "I"), ("140", "II"), ("240", "IV"), ("280", "III"), ("290", "V"), ("320", "VI"), ("360", "VII"),
    ("380", "VIII"), ("390", "IX"), ("460", "X"), ("520", "XI"), ("580", "XIV"), ("630", "XV"), ("680", "XII"),
    ("710", "XIII"), ("740", "XVII"), ("760", "XVI"), ("780", "XVIII"), ("800", "XIX"), ("E00", "XX"), ("V01", "XXI"),
)  # fmt: skip
_CODES_OF_ICD9 = [code for code, _ in _STARTS_OF_ICD9]
_ICD9 = re.compile(r"[0-9]{3}([.][0-9]{1,2})?\Z|E[0-9]{3}([.][0-9])?\Z")
_SUPPLEMENTARY = re.compile(r"V[0-9]{2}([.][0-9]{1,2})?\Z")


def chapter(code: str | None) -> str:
    """The chapter of a code of ICD-10 or ICD-9-CM as a Roman number; UNKNOWN where it is none."""
    if code and (_ICD9.match(code) or (_SUPPLEMENTARY.match(code) and not is_listed(code))):
        return _STARTS_OF_ICD9[bisect_right(_CODES_OF_ICD9, code[:3]) - 1][1]
    if not code or code == UNKNOWN or not ("A" <= code[0] <= "Z") or not code[1:2].isdigit():
        return UNKNOWN
    return _STARTS[bisect_right(_CODES, code[:3]) - 1][1]
