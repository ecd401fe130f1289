"""How an identifier is spelled, wherever it is stored, compared or pseudonymised, and whose it is.

An id means one person within its namespace only: the record numbers of two systems have nothing to do with each other.
"""

import hashlib
import re
import unicodedata

from mediflow_assets.contracts.blanks import BLANKS
from mediflow_assets.contracts.not_given import unwrapped

MRN, SYNTHEA, FHIR = "mrn", "synthea", "fhir"
"""Namespaces: the record numbers of the hospital, and the ids of systems that have their own."""
NAMESPACE = "id_namespace"
"""The column that says whose the ids of a record are."""
_DOMAINS = (
    "patient",
    "encounter",
    "observation",
    "procedure",
    "medication",
    "allergy",
    "claim",
    "claim_line",
    "encounter_location",
)
PSEUDONYMS = {f"{domain}_key": (domain, f"{domain}_id") for domain in _DOMAINS}
"""Columns of pseudonyms: within which domain they stand, and for which column of ids."""
_LONGEST, _TOLD_APART = 40, 9
_FORM = re.compile(rf"[a-z][a-z0-9_-]{{0,{_LONGEST - 1}}}\Z")
_APART = re.compile(r"(.*)-[0-9a-f]{8}\Z")


def is_namespace(name: object) -> bool:
    """Whether a name may be one of a namespace: in small letters, so that no id in capitals is mistaken for it."""
    return isinstance(name, str) and _FORM.match(name) is not None


def namespace_of_authority(name: str | None) -> str:
    """The namespace of those ids that an assigning authority has given: its own name, as one is written; empty where
    none is named.

    Of a name that is too long, or of more than ASCII, the digest stands behind what can be written:
    the record numbers of two authorities are never those of one.
    """
    full = unicodedata.normalize("NFC", (name or "").strip(BLANKS)).lower()
    if not full:
        return ""
    word = re.sub(r"[^a-z0-9_]+", "-", full).strip("-")
    word = word if word[:1].isalpha() else f"of-{word}".rstrip("-")
    if full.isascii() and word != "of" and len(word) <= _LONGEST:
        return word
    return f"{word[: _LONGEST - _TOLD_APART]}-{hashlib.sha256(full.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def may_have_been(namespace: str, former: str) -> bool:
    """Whether ids of a namespace may have stood in another one before digests told authorities apart."""
    found, is_digested = _APART.match(namespace), _APART.match(former)
    if not found or is_digested:
        return False
    stem = found[1]
    return former.startswith(stem) if len(stem) == _LONGEST - _TOLD_APART else former == stem


def canonical(identifier: str, keeps_case: bool = False) -> str:
    """One spelling for one identifier: trimmed of blanks, Unicode NFC (before and after the case), and in upper case
    unless the case tells one id from another."""
    composed = unicodedata.normalize("NFC", identifier).strip(BLANKS)
    return composed if keeps_case else unicodedata.normalize("NFC", composed.upper())


def as_delivered(identifier: str, keeps_case: bool = False) -> str:
    """The same for an id in a record, which a spreadsheet may have wrapped; one whose case tells is taken as it is."""
    return canonical(identifier if keeps_case else unwrapped(identifier.strip(BLANKS)), keeps_case)


def qualified(identifier: str, namespace: str) -> str:
    """An id with its namespace, as it is pseudonymised: the hospital's own record numbers stand alone."""
    return identifier if namespace == MRN else f"{namespace}|{identifier}"
