"""What addresses and requests of a Bundle's entries say of resources: their ids, when they were modified."""

import re
from typing import Any

import msgspec

from mediflow_assets.contracts import borne, fhir

_ID = re.compile(fhir.ID_OF_REFERENCE)


class _Named(msgspec.Struct):
    id: Any = None
    identifier: Any = None


_names_of = msgspec.json.Decoder(_Named)


def id_put(kind: str, full_url: str | None, url: str | None) -> str | None:
    """By what a resource without an id is known: one that is put where an identifier stands by that and its system,
    which no id of FHIR looks like."""
    met = borne.by_condition(url or "", kind)
    return met.removeprefix(borne.MARK) if met else id_of(full_url) or id_of(url)


def id_kept(id_: str | None, full_url: str | None, text: str) -> str | None:
    """The id of a resource of Bronze, of which an older release may have kept an identifier's value alone."""
    if not id_ or full_url or f'"id":"{id_}"' in text:
        return id_
    try:
        found = _names_of.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return id_
    return id_ if isinstance(found.id, str) else borne.id_put(id_, found.identifier)


def id_of(address: str | None) -> str | None:
    """The id that an address ends in."""
    found = _ID.search(address or "")
    return found[1] if found else None


def version_of(response: Any) -> tuple[str | None, str | None]:
    """When a response says that a resource was modified, and its tag."""
    return text_of(response, "lastModified"), text_of(response, "etag")


def text_of(request: Any, name: str) -> str | None:
    """A text that a request or response has under a name."""
    if not isinstance(request, dict):
        return None
    said = request.get(name)
    return said if isinstance(said, str) else None
