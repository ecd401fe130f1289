"""How an identifier is spelled, wherever it is stored, compared or pseudonymised, and whose it is.

An id means one person within its namespace only: the record numbers of two systems have nothing to do with each other.
"""

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
    "claim",
    "claim_line",
    "encounter_location",
)
PSEUDONYMS = {f"{domain}_key": (domain, f"{domain}_id") for domain in _DOMAINS}
"""Columns of pseudonyms: within which domain they stand, and for which column of ids."""
_FORM = re.compile(r"[a-z][a-z0-9_-]{0,39}\Z")


def is_namespace(name: object) -> bool:
    """Whether a name may be one of a namespace: in small letters, so that no id in capitals is mistaken for it."""
    return isinstance(name, str) and _FORM.match(name) is not None


def namespace_of_authority(name: str | None) -> str:
    """The namespace of those ids that an assigning authority has given: its own name, as one is written; empty where
    none is named."""
    word = re.sub(r"[^a-z0-9_]+", "-", (name or "").lower()).strip("-")
    return (word if not word or word[0].isalpha() else f"of-{word}")[:40]


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
