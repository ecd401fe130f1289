"""Chapters of ICD-10 (WHO, 2019 version): each begins at a code, and lasts until the next one begins."""

from bisect import bisect_right

from mediflow_assets.contracts.vocabulary import UNKNOWN

_STARTS = (
    ("A00", "I"), ("C00", "II"), ("D50", "III"), ("E00", "IV"), ("F00", "V"), ("G00", "VI"), ("H00", "VII"),
    ("H60", "VIII"), ("I00", "IX"), ("J00", "X"), ("K00", "XI"), ("L00", "XII"), ("M00", "XIII"), ("N00", "XIV"),
    ("O00", "XV"), ("P00", "XVI"), ("Q00", "XVII"), ("R00", "XVIII"), ("S00", "XIX"), ("U00", "XXII"), ("V00", "XX"),
    ("Z00", "XXI"),
)  # fmt: skip
_CODES = [code for code, _ in _STARTS]


def chapter(code: str | None) -> str:
    """The chapter of an ICD-10 code as a Roman number; UNKNOWN where it is no ICD-10 code."""
    if not code or code == UNKNOWN or not ("A" <= code[0] <= "Z") or not code[1:2].isdigit():
        return UNKNOWN
    return _STARTS[bisect_right(_CODES, code[:3]) - 1][1]
