"""Whom FHIR resources name: as their own id, or by a reference."""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pyarrow as pa

from mediflow_assets.contracts import borne, fhir
from mediflow_assets.sources.fhir_addresses import id_kept
from mediflow_assets.sources.people import Named, lists

FILLED = ("resource_type", "resource_id", "full_url", "resource", "last_modified", "etag", "known_as")
"""The columns of Bronze that this reader knows; one that its contract has besides stays empty."""
_NAMING = (*FILLED[:4], "known_as")
_REFERENCE = re.compile(r'"reference"\s*:\s*"((?:[^"\\]|\\.)*)"')
_LOGICAL = re.compile(r'"identifier"\s*:\s*\{')
_ID = re.compile(fhir.ID_OF_REFERENCE)
_TYPE = re.compile(fhir.TYPE_OF_REFERENCE)


def people_of(records: pa.RecordBatch) -> Named:
    """The patients and encounters that resources are, or refer to."""
    stored = zip(*(records.column(name).to_pylist() for name in _NAMING), strict=True)
    rows = [(*row, fhir.as_named(resource, known_as)) for *row, resource, known_as in stored]
    encounters = [[*_named("Encounter", *row)] for row in rows]
    # what another resource refers to may as well be something else: an untyped reference is taken for both
    own = [each if row[0] == "Encounter" else () for row, each in zip(rows, encounters, strict=True)]
    return Named(lists([[*_named("Patient", *row)] for row in rows]), lists(own), lists(encounters))


def _named(kind: str, resource_type: str | None, id_: str | None, full_url: str | None, text: str) -> Iterator[str]:
    if resource_type == kind:
        yield from (each for each in (id_kept(id_, full_url, text), _last(full_url)) if each)
    for reference in _REFERENCE.findall(text):
        # an escape in a reference is legal, and so rare that only then JSON is read
        spelled = str(json.loads(f'"{reference}"')) if "\\" in reference else reference
        if "?" in spelled:
            yield from (each for each in (borne.by_condition(spelled, kind),) if each)
            continue
        typed = _TYPE.search(spelled)
        # `urn:uuid:1` says no type: it may be either
        if (not typed or typed[1] == kind) and (found := _last(spelled)):
            yield found

    if kind == "Patient" and _LOGICAL.search(text):
        yield from _logical(_decoded(text))


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _logical(told: Any) -> Iterator[str]:
    """The names of those who may be patients and are referred to by an identifier alone."""
    if isinstance(told, list):
        for each in told:
            yield from _logical(each)
    elif isinstance(told, dict):
        type_ = told.get("type")
        is_other = isinstance(type_, str) and type_.rsplit("/", 1)[-1] != "Patient"
        if "reference" not in told and not is_other and (name := borne.by_identifier(told.get("identifier"))):
            yield name
        for value in told.values():
            if isinstance(value, dict | list):
                yield from _logical(value)


def names_borne(records: pa.RecordBatch) -> list[tuple[str | None, tuple[str, ...]]]:
    """Per record the Patient that it is, and the names by which others may mean it: the identifiers that it bears."""
    rows = zip(*(records.column(name).to_pylist() for name in _NAMING[:4]), strict=True)
    return [
        _borne(id_kept(id_, url, text) or _last(url), text) if kind == "Patient" else (None, ())
        for kind, id_, url, text in rows
    ]


def _borne(id_: str | None, text: str) -> tuple[str | None, tuple[str, ...]]:
    told = _decoded(text)
    identifiers = told.get("identifier") if isinstance(told, dict) else None
    each = map(borne.by_identifier, identifiers if isinstance(identifiers, list) else ())
    return id_, tuple(dict.fromkeys(name for name in each if name))


def _last(reference: str | None) -> str | None:
    found = _ID.search(reference or "")
    return found.group(1) if found else None
