"""What CodeableConcepts and Codings say, chosen by system: https://hl7.org/fhir/R4/datatypes.html#CodeableConcept.

A concept may be coded several times over. Where its place is of no matter, a Coding is taken for a concept of its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.contracts.code_systems import named_system
from mediflow_assets.transforms.fhir.elements import one, several, text

_PUBLISHED = (
    "http://terminology.hl7.org/",
    "http://hl7.org/fhir/",
    "http://www.nubc.org/",
    "https://www.nubc.org/",
    "urn:oid:2.16.840.1.113883.",
)
"""How the addresses of code systems begin whose codes mean the same everywhere: HL7's own, and NUBC's."""


class Coding(NamedTuple):
    """A code, the system that it is of, and its words."""

    code: str | None = None
    system: str | None = None
    display: str | None = None


NONE = Coding()


_CERTAINTY, _RULED_OUT = "icd-10-gm-diagnosesicherheit", "A"
"""The extension of a coding of ICD-10-GM by which a diagnosis is suspected, ruled out and so on, and what says the
latter: https://simplifier.net/basisprofil-de-r4."""


def codings(concepts: object) -> Iterator[Coding]:
    """Every coding of a concept, or of several, in their order."""
    for concept in several(concepts):
        for each in several(concept["coding"]) if "coding" in concept else (concept,):
            yield Coding(text(each.get("code")), text(each.get("system")), text(each.get("display")))


def words(concepts: object) -> str | None:
    """What concepts are called: by the first coding that says it, else by a text."""
    if not concepts:
        return None
    told = next((each.display for each in codings(concepts) if each.display), None)
    return told or next((found for each in several(concepts) if (found := text(each.get("text")))), None)


def of_system(concepts: object, *systems: str) -> Coding:
    """The first coding of one of these systems."""
    return next((each for each in codings(concepts) if each.code and each.system in systems), NONE)


def diagnosis(concepts: object) -> Coding:
    """The first coding of ICD or SNOMED CT; else the first that names no system, which is told by its form; else the
    first."""
    told = [each for each in codings(concepts) if each.code]
    known = (each for each in told if each.system and named_system(each.system))
    return next(known, None) or next((each for each in told if not each.system), None) or next(iter(told), NONE)


def is_diagnosis(coding: Coding) -> bool:
    """Whether a coding may be one of ICD or SNOMED CT."""
    return bool(coding.code) and (not coding.system or named_system(coding.system) is not None)


def is_ruled_out(concepts: object) -> bool:
    """Whether a diagnosis is told to be none by the certainty beside its code."""
    each = (coding for concept in several(concepts) for coding in several(concept.get("coding")) or (concept,))
    told = (extension for coding in each for extension in several(coding.get("extension")))
    return any(
        str(extension.get("url")).rsplit("/", 1)[-1].lower() == _CERTAINTY
        and _RULED_OUT in (one(extension.get("valueCoding")).get("code"), extension.get("valueCode"))
        for extension in told
    )


def word_of(vocabulary: Mapping[str, str], concepts: object) -> str | None:
    """What concepts stand for in a closed vocabulary, by a published code, or one of no system; else by their words.

    A code of a house's own may look like a published one and mean something else.
    """
    if not concepts:
        return None
    told = list(codings(concepts))
    codes = (each.code for each in told if each.system is None or each.system.startswith(_PUBLISHED))
    texts = (text(each.get("text")) for each in several(concepts))
    return _known(vocabulary, codes) or _known(vocabulary, (*(each.display for each in told), *texts))


def _known(vocabulary: Mapping[str, str], said: Iterable[str | None]) -> str | None:
    return next((found for each in said if each and (found := v.word_of(vocabulary, each))), None)


def is_of_type(concepts: object, *codes: str) -> bool:
    """Whether concepts have one of these codes, whatever their system."""
    return any(each.code in codes for each in codings(concepts))


def first_code(concepts: object) -> str | None:
    """The first code there is."""
    return next((each.code for each in codings(concepts) if each.code), None)
