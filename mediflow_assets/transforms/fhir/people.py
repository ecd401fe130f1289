"""Which of several names, addresses, telephones and identifiers is the one of today: what is old comes last.

`use` and `period` by https://hl7.org/fhir/R4/datatypes.html; identifiers by the types of v2-0203, or by their system.
"""

from collections.abc import Sequence

from mediflow_assets.transforms.fhir import codings
from mediflow_assets.transforms.fhir.elements import NOTHING, Element, one, several, text

_NAMES = ("official", "usual", None, "temp", "nickname", "anonymous", "maiden", "old")
_ADDRESSES = ("home", None, "billing", "work", "temp", "old")
_TELEPHONES = ("home", "mobile", None, "work", "temp", "old")
_GROUPS = {
    "1002-5": "American Indian or Alaska Native",
    "2028-9": "Asian",
    "2054-5": "Black or African American",
    "2076-8": "Native Hawaiian or Other Pacific Islander",
    "2106-3": "White",
    "2135-2": "Hispanic or Latino",
    "2186-5": "Not Hispanic or Latino",
}
"""The groups of the OMB by their codes: https://hl7.org/fhir/us/core/ValueSet-omb-race-category.html."""
_RACES = {"race": ("us-core-race", "argo-race"), "ethnicity": ("us-core-ethnicity", "argo-ethnicity")}


def name(person: Element) -> Element:
    """The name that a person bears."""
    return _current(person, several(person.get("name")), _NAMES)


def address(person: Element) -> Element:
    """Where a person lives."""
    return _current(person, several(person.get("address")), _ADDRESSES)


def telecom(person: Element, system: str) -> str | None:
    """How a person is reached by `phone` or `email`; one that names no system is told by its look."""
    told = [each for each in several(person.get("telecom")) if _system_of(each) == system and text(each.get("value"))]
    said = text(_current(person, told, _TELEPHONES).get("value"))
    return said and said.removeprefix("tel:").removeprefix("mailto:")


def _system_of(contact: Element) -> str | None:
    told = text(contact.get("system"))
    value = text(contact.get("value")) or ""
    if told is None:
        return "email" if "@" in value else "phone" if any(map(str.isdigit, value)) else None
    return {"sms": "phone"}.get(told, told)


def _current(person: Element, told: Sequence[Element], uses: Sequence[str | None]) -> Element:
    """The first of those that come first by whether they hold, by their rank, and by their use."""
    if len(told) < 2:
        return next(iter(told), NOTHING)

    def place(each: Element) -> tuple[bool, int, int, bool]:
        use, rank = text(each.get("use")), each.get("rank")
        by_use = uses.index(use) if use in uses else len(uses)
        # nobody lives in a postal box
        return not _holds(person, each), rank if isinstance(rank, int) else 99, by_use, each.get("type") == "postal"

    return min(told, key=place)


def _holds(person: Element, each: Element) -> bool:
    """Whether something is a person's as of the version that tells it; what ends at a time that cannot be compared with
    that has ended."""
    period, told = one(each.get("period")), (text(one(person.get("meta")).get("lastUpdated")) or "")[:10]
    begin, end = ((text(period.get(name)) or "")[:10] for name in ("start", "end"))
    is_yet_to_begin, is_yet_to_end = (bool(told) and day > told for day in (begin, end))
    return each.get("use") != "old" and not is_yet_to_begin and (not end or is_yet_to_end)


def identifier(person: Element, type_: str, *systems: str) -> str | None:
    """The value of the identifier of a type, or of one of these systems, that is still borne.

    A system that ends in `.` or `-` is how several begin.
    """
    begin = tuple(each for each in systems if each.endswith((".", "-")))
    for each in several(person.get("identifier")):
        system = text(each.get("system")) or ""
        is_it = codings.is_of_type(each.get("type"), type_) or system in systems or system.startswith(begin)
        if is_it and _holds(person, each) and (found := text(each.get("value"))):
            return found
    return None


def us_core(person: Element, what: str) -> str | None:
    """Race or ethnicity as the extensions of US Core tell it: by their groups, in detail, or in words."""
    for extension in several(person.get("extension")):
        if str(extension.get("url")).rsplit("/", 1)[-1] not in _RACES[what]:
            continue
        parts = several(extension.get("extension"))
        for kind in ("ombCategory", "detailed"):
            of_kind = [one(part.get("valueCoding")) for part in parts if part.get("url") == kind]
            if shown := [found for each in of_kind if (found := _shown(each))]:
                return "; ".join(shown)
        in_words = (text(part.get("valueString")) for part in parts if part.get("url") == "text")
        return next(in_words, None) or codings.words(extension.get("valueCodeableConcept"))
    return None


def _shown(group: Element) -> str | None:
    return text(group.get("display")) or _GROUPS.get(str(group.get("code")))
