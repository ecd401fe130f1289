"""Diagnosis codes as their systems define them: ICD-10-CM by its published list, SNOMED CT by its check digit.

Standard library only. The list (98,000 codes, 17 kB) is read on first use. `deploy/codes/icd10cm.py` writes it again.
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
    "0123456789",
    "1234067895",
    "2340178956",
    "3401289567",
    "4012395678",
    "5987604321",
    "6598710432",
    "7659821043",
    "8765932104",
    "9876543210",
)
"""Verhoeff's check: what each pair of digits makes (the dihedral group of order 10)."""
TURNED = (
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
)
"""What each digit counts as, by its place from the right, modulo 8."""
_OF_WHO_ALONE = """
A16 A97 B21 B22 B23 B24 B98 C97 E12 E14 E90 F00 F38 F61 F62 F83 F92 G22 G41 H03 H06 H13 H19 H45 H48 H58 I64 I98 J46
K07 K10 K93 M03 M09 M68 M73 M82 O05 O06 O81 O83 O84 O95 O96 O97 P20 P21 P75 R02 R72 R95 R96 R98 S18 T00 T01 T02 T03
T04 T05 T06 T08 T09 T10 T11 T12 T13 T29 T35 T90 T91 T92 T93 T94 T95 T96 T97 T98 U04 U08 U82 U83 U84 U85 W02 W41 W43
W66 W68 W70 W75 W76 W77 W78 W79 W80 W81 W83 W84 W87 W91 X09 X20 X21 X22 X23 X24 X25 X26 X27 X28 X29 X33 X40 X41 X42
X43 X44 X45 X46 X47 X48 X49 X51 X53 X54 X57 X59 X60 X61 X62 X63 X64 X65 X66 X67 X68 X69 X70 X84 X85 X86 X87 X88 X89
X90 X91 Y05 Y06 Y10 Y11 Y12 Y13 Y14 Y15 Y16 Y17 Y18 Y19 Y20 Y34 Y40 Y41 Y42 Y43 Y44 Y45 Y46 Y47 Y48 Y49 Y50 Y51 Y52
Y53 Y54 Y55 Y56 Y57 Y58 Y59 Y60 Y61 Y85 Y86 Y87 Y88 Y89 Y91 Y96 Y97 Y98 Z10 Z24 Z25 Z26 Z27 Z35 Z50 Z54 Z61
"""
OF_WHO_ALONE = frozenset(_OF_WHO_ALONE.split())
"""Categories of WHO's ICD-10 (version 2019) that ICD-10-CM does not have: strokes and diabetes not told further, causes
of injury. Other countries code by them."""
_LIST = Path(__file__).with_name("icd10cm.gz")
_ICD10, _CONCEPT = (re.compile(pattern.replace(r"\z", r"\Z")) for pattern in (v.ICD10_PATTERN, CONCEPT_PATTERN))

_FRACTION = re.compile(v.WHOLE_FRACTION.replace(r"\z", r"\Z"))


def canonical_code(code: str) -> str:
    """The one spelling of a code: upper case, an ICD-10 code with its point after the third character.

    A SNOMED CT identifier has no point: `88805009.0` was read as a number on its way.
    """
    plain = code.strip().upper()
    if not _ICD10.match(plain):
        return _FRACTION.sub(r"\1", plain)
    plain = plain.replace(".", "")
    return f"{plain[:3]}.{plain[3:]}" if len(plain) > 3 else plain


def is_concept(code: str) -> bool:
    """Whether a code identifies a SNOMED CT concept, as far as its digits tell."""
    return bool(_CONCEPT.match(code)) and _check(code) == 0


def system_of(code: str) -> str | None:
    """icd10 where the category is in a published list, snomed for a concept, else None. The code itself need not be
    listed: other countries and later releases have more."""
    plain = canonical_code(code)
    if _ICD10.match(plain):
        return "icd10" if plain[:3] in categories() else None
    return "snomed" if is_concept(plain) else None


def is_listed(code: str) -> bool:
    """Whether a code is of ICD-10-CM's list, with or without its point. SNOMED CT has no list here: of other numbers of
    its form one in a thousand passes for a concept."""
    return canonical_code(code).replace(".", "") in icd10cm()


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
    """The categories of ICD-10-CM, and those that WHO's ICD-10 has beside them: three characters each."""
    return frozenset(code[:3] for code in icd10cm()) | OF_WHO_ALONE


def _check(digits: str) -> int:
    value = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(PRODUCT[value][int(TURNED[place % len(TURNED)][int(digit)])])
    return value
