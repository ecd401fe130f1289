"""Which system a diagnosis code is of: as its record says, else as the codes of its delivery speak, else by its form.

Standard library only. ICD-9-CM has codes that look like ICD-10's (V58.61, E850.1): they are never guessed to be.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.contracts.code_cells import codes_in
from mediflow_assets.contracts.diagnosis_codes import canonical_code, is_concept, is_listed, system_of

ICD9, ICD10, SNOMED, MIXED = "icd9", "icd10", "snomed", "mixed"
UNKNOWN_SYSTEM, NOT_TOLD = "unknown", "not told"
"""Stand for a system until a record is judged: a word that names none, and a code that might be of two."""
_WORDS = {
    ICD9: "9 09 ICD9 ICD09 ICD9CM ICD9CMDX I9 I9C CIE9 CIM9 CID9 216840111388361032 21684011138836103",
    ICD10: "0 10 ICD10 ICD10GM I10G ICD10AM ICD10CA ICD10WHO CIE10 CIM10 CID10 I10 216840111388363 "
    "ICD10CM I10C 2168401113883690",
    SNOMED: "SNOMED SNOMEDCT SCT SNOMEDCTUS SNOMEDCTINTERNATIONAL HTTPSNOMEDINFOSCT 2168401113883696",
}
_SYSTEM_OF_WORD = {word: system for system, words in _WORDS.items() for word in words.split()}
_CM = re.compile(r"ICD10CM$|I10C$|2168401113883690$")
"""Words for ICD-10-CM, whose published list judges its codes. Other countries' have codes that it does not have."""
_YEAR = re.compile(r"20[0-9]{2}\Z")
"""ICD-10-GM is named by its year, as in the German data of section 21."""
_VERSION = re.compile(r"(?<=[A-Z])20[0-9]{2}\Z")
_ICD9 = re.compile(r"([0-9]{3}|V[0-9]{2}|E[0-9]{3})(?:[.]?([0-9]{1,2}))?\Z")
_NUMBER = re.compile(r"[0-9]{3}[.]?[0-9]{0,2}\Z")
_ICD10 = re.compile(v.ICD10_PATTERN.replace(r"\z", r"\Z"))
_MOST_OTHERS = 0.05
"""Of the distinct codes of a delivery in one system: those that may be none of its codes."""
_ADDRESS = re.compile(r"https?://(?:snomed[.]info/sct(?:/.*)?|.*/icd-?(9|10)(?:-?[a-z]{2,4})?/?)\Z", re.I)
KNOWN = (ICD9, ICD10, SNOMED)
UNREAD = "?"
"""Stands for the system of a code in a list that cannot be read."""


@dataclass(frozen=True)
class Reading:
    """A code in the one spelling of its system, and that: a system, None where it is none's, or why it is not known."""

    code: str
    system: str | None
    listed: str | None = None
    """All codes of its cell in their order, where that holds several, each after its system."""


def named_system(word: str) -> str | None:
    """The system that a word names, such as ICD-9-CM, 10, SNOMED CT, an OID or an address; None where it names none.

    An address names what it ends in, whatever country's; of SNOMED CT's it does not matter which edition it says.
    """
    if address := _ADDRESS.match(word.strip()):
        return {"9": ICD9, "10": ICD10}.get(address[1], SNOMED)
    plain = _plain(word)
    return ICD10 if _YEAR.match(plain) else _SYSTEM_OF_WORD.get(plain)


def icd9(code: str) -> str | None:
    """A code of ICD-9-CM in its one spelling, such as 428.0, V58.61 or E850.1; None where it cannot be one."""
    # a code that was taken for one of ICD-10 has its point elsewhere
    plain = code.strip().upper()
    found = _ICD9.match(plain.replace(".", "") if _ICD10.match(plain) else plain)
    if not found or not _is_category(found[1]) or (found[1][0] == "E" and len(found[2] or "") > 1):
        return None
    return f"{found[1]}.{found[2]}" if found[2] else found[1]


def read_code(code: str, named: str | None = None, speaks: str | None = None) -> Reading:
    """A code as its record says what it is; else as its delivery speaks: `icd9`, or `mixed` where it tells of two."""
    plain = canonical_code(code)
    if named is not None:
        return _of_system(plain, named_system(named), is_by_list=bool(_CM.search(_plain(named))))
    if speaks == ICD9 and (found := icd9(plain)):
        return Reading(found, ICD9)
    if is_number(plain) or (speaks == MIXED and icd9(plain) and not is_listed(plain)):
        return Reading(plain, NOT_TOLD)
    return Reading(plain, system_of(plain))


def read_cell(cell: str, named: str | None = None, speaks: str | None = None, *, may_list: bool = False) -> Reading:
    """The same of a cell, its code without marks; of one with several, where it may have such, the first, and all of
    them; no code where all are ruled out, or where others can be read and the first cannot."""
    codes = codes_in(cell)
    if not codes:
        return Reading("", None)
    codes = codes if may_list or len(codes) == 1 else [cell]
    read = list({reading.code: reading for reading in (read_code(code, named, speaks) for code in codes)}.values())
    if len(read) == 1:
        return read[0]
    is_unread = read[0].system not in KNOWN and any(each.system in KNOWN for each in read)
    first = Reading("", None) if is_unread else read[0]
    systems = (each.system if each.system in KNOWN else UNREAD for each in read)
    return replace(first, listed=" ".join(f"{system}:{each.code}" for system, each in zip(systems, read, strict=True)))


def speaks(codes: Collection[str]) -> str | None:
    """What the distinct codes of a delivery say of those of which no record names a system: `icd9` where all are of
    ICD-9-CM, but few, and some are numbers; `mixed` where more are of others; None where hardly any is a number."""
    known = {code: (icd9(code), system_of(code)) for code in codes}
    numbers = sum(is_number(code) and bool(of_9) for code, (of_9, _) in known.items())
    others = sum(bool(system) and not of_9 for of_9, system in known.values())
    if numbers <= _MOST_OTHERS * (numbers + others):
        return None
    return ICD9 if others <= _MOST_OTHERS * len(known) else MIXED


def is_number(code: str) -> bool:
    """Whether a code has the form of most of ICD-9-CM: three to five digits."""
    return bool(_NUMBER.match(code))


def may_be_icd9(cell: str) -> bool:
    """Whether the system of some code of a cell is not told by its form alone."""
    return any(is_number(code) or icd9(code) is not None for code in codes_in(cell))


def _plain(word: str) -> str:
    plain = re.sub(r"[^0-9A-Z]", "", word.upper().removeprefix("URN:OID:"))
    # of which year a version is (ICD-10-GM-2024, I10G2024) does not matter
    return _VERSION.sub("", plain)


def _of_system(code: str, system: str | None, *, is_by_list: bool) -> Reading:
    if system is None:
        return Reading(code, UNKNOWN_SYSTEM)
    if system == ICD9:
        found = icd9(code)
        return Reading(found or code, ICD9 if found else not_of(ICD9))
    is_icd10 = is_listed(code) if is_by_list else system_of(code) == ICD10
    is_one = is_concept(code) if system == SNOMED else is_icd10
    return Reading(code, system if is_one else not_of(system))


def not_of(system: str) -> str:
    """Stands for the system of a code that is said to be of it, and is not."""
    return f"not {system}"


def _is_category(text: str) -> bool:
    if text[0] == "V":
        return 1 <= int(text[1:]) <= 91
    if text[0] == "E":
        return int(text[1:]) <= 30 or 800 <= int(text[1:]) <= 999
    return int(text) >= 1
