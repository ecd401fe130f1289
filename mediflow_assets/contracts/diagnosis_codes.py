"""Diagnosis codes as their systems define them: ICD-10-CM by its published list, SNOMED CT by its check digit.

Standard library only. The list (98,000 codes, 17 kB) is read on first use. `deploy/codes/icd10cm.py` writes it anew.
"""

import gzip
import re
from functools import cache
from pathlib import Path

from mediflow_assets.contracts import vocabulary as v

CONCEPT_PATTERN = r"^([1-9][0-9]{2,14}00[0-9]|[1-9][0-9]{7,14}10[0-9])\z"
"""A SNOMED CT identifier of a concept: its partition identifier, before the check digit, is 00, or 10 for one of an
extension (SNOMED CT Release File Specification, SCTID)."""
PRODUCT = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678", "5987604321", "6598710432", "7659821043",
    "8765932104", "9876543210",
)  # fmt: skip
"""Verhoeff's check: what each pair of digits makes (the dihedral group of order 10)."""
TURNED = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip
"""What each digit counts as, by its place from the right, modulo 8."""
_LIST = Path(__file__).with_name("icd10cm.gz")
_ICD10, _CONCEPT = (re.compile(pattern.replace(r"\z", r"\Z")) for pattern in (v.ICD10_PATTERN, CONCEPT_PATTERN))


def canonical_code(code: str) -> str:
    """The one spelling of a code: upper case, an ICD-10 code with its point after the third character."""
    plain = code.strip().upper()
    if not _ICD10.match(plain):
        return plain
    plain = plain.replace(".", "")
    return f"{plain[:3]}.{plain[3:]}" if len(plain) > 3 else plain


def is_concept(code: str) -> bool:
    """Whether a code identifies a SNOMED CT concept, as far as its digits tell."""
    return bool(_CONCEPT.match(code)) and _check(code) == 0


def system_of(code: str) -> str | None:
    """icd10 where the category is in the published list, snomed for a concept, else None. The code itself need not be
    listed: other countries and later releases have more."""
    plain = canonical_code(code)
    if _ICD10.match(plain):
        return "icd10" if plain[:3] in categories() else None
    return "snomed" if is_concept(plain) else None


def is_listed(code: str) -> bool:
    """Whether a code is of ICD-10-CM's list, with or without its point, or a SNOMED CT concept."""
    return canonical_code(code).replace(".", "") in icd10cm() or is_concept(code.strip())


@cache
def icd10cm() -> frozenset[str]:
    """Every code of ICD-10-CM, categories too, without the point."""
    codes, code = [], ""
    for line in gzip.decompress(_LIST.read_bytes()).decode().split("\n"):
        code = code[: int(line[0])] + line[1:]
        codes.append(code)
    return frozenset(codes)


@cache
def categories() -> frozenset[str]:
    """The categories of ICD-10-CM: three characters each."""
    return frozenset(code[:3] for code in icd10cm())


def _check(digits: str) -> int:
    value = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(PRODUCT[value][int(TURNED[place % len(TURNED)][int(digit)])])
    return value
