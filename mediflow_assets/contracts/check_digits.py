"""Codes whose last digit tells whether the others are right. Standard library only."""

from mediflow_assets.contracts.diagnosis_codes import is_concept


def is_loinc(code: str) -> bool:
    """Whether the check digit of a LOINC number is right: mod 10, after LOINC Users' Guide, appendix C."""
    number, _, check = code.partition("-")
    if not (number.isdecimal() and check.isdecimal() and len(check) == 1):
        return False
    doubled = str(int(number[::-1][::2]) * 2)
    total = sum(map(int, number[::-1][1::2] + doubled))
    return -total % 10 == int(check)


CHECKED = {"loinc": is_loinc, "snomed": is_concept}
"""By system."""
