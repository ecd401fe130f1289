"""Whom a FHIR resource is about: the patients and encounters that it is, or refers to."""

import json
import re
from collections.abc import Iterator

_REFERENCE = re.compile(r'"reference"\s*:\s*"((?:[^"\\]|\\.)*)"')
_LAST = re.compile(r"([^/:|]+)\Z")
"""As `transforms.fhir` reads it: `Patient/1`, `urn:uuid:1` and `Patient?identifier=system|1` all name 1."""
_TYPED = re.compile(r"(?:\A|/)([A-Z][A-Za-z]+)[/?]")


def people_of(resource_type: str | None, id_: str | None, full_url: str | None, text: str) -> Iterator[str]:
    """The ids of patients: a Patient's own, and those that are referred to."""
    return _named("Patient", resource_type, id_, full_url, text)


def encounters_of(resource_type: str | None, id_: str | None, full_url: str | None, text: str) -> Iterator[str]:
    """The ids of encounters: an Encounter's own, and those that are referred to."""
    return _named("Encounter", resource_type, id_, full_url, text)


def _named(kind: str, resource_type: str | None, id_: str | None, full_url: str | None, text: str) -> Iterator[str]:
    if resource_type == kind:
        yield from (each for each in (id_, _last(full_url)) if each)
    for reference in _REFERENCE.findall(text):
        # an escape in a reference is legal, and so rare that only then JSON is read
        spelled = str(json.loads(f'"{reference}"')) if "\\" in reference else reference
        typed = _TYPED.findall(spelled)
        # `urn:uuid:1` says no type: it may be either
        if (not typed or typed[-1] == kind) and (found := _last(spelled)):
            yield found


def _last(reference: str | None) -> str | None:
    found = _LAST.search(reference or "")
    return found.group(1) if found else None
