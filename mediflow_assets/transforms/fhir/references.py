"""Whom or what a Reference names: https://hl7.org/fhir/R4/references.html."""

import re

from mediflow_assets.contracts import borne, fhir
from mediflow_assets.transforms.fhir.elements import NOTHING, Element, one, several, text

_ID, _TYPE = re.compile(fhir.ID_OF_REFERENCE), re.compile(fhir.TYPE_OF_REFERENCE)


def id_of(reference: object, kind: str) -> str | None:
    """The id of the resource that a Reference names: relative, absolute, by URN, or one version of it.

    None where it says that this is of another type, and of one that is contained, which has no id of its own.
    """
    said = one(reference)
    address = text(said.get("reference"))
    if address is None or "?" in address or _is_other(text(said.get("type")), kind):
        return None
    named, type_ = _ID.search(address), _TYPE.search(address)
    return named[1] if named and (not type_ or type_[1] == kind) else None


def who(reference: object, kind: str) -> str | None:
    """The id of the patient or encounter that a Reference names; else the name of the one that bears an identifier, as
    the Reference says it, or its condition."""
    if (id_ := id_of(reference, kind)) is not None:
        return id_
    said = one(reference)
    address = text(said.get("reference"))
    if address is not None:
        return borne.by_condition(address, kind)
    return None if _is_other(text(said.get("type")), kind) else borne.by_identifier(said.get("identifier"))


def _is_other(told: str | None, kind: str) -> bool:
    return told is not None and told.rsplit("/", 1)[-1] != kind


def contained(reference: object, within: Element) -> Element:
    """The resource that a Reference such as `#x` names in the one that contains it; an empty one where it does not."""
    address = text(one(reference).get("reference")) or ""
    if not address.startswith("#"):
        return NOTHING
    return next((each for each in several(within.get("contained")) if each.get("id") == address[1:]), NOTHING)


def name_of(reference: object, within: Element) -> str | None:
    """What is referred to, in words: as the Reference shows it, else the name of what is contained."""
    return text(one(reference).get("display")) or text(contained(reference, within).get("name"))
