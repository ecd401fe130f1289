"""What is asked for: of whom, which types, found by which searches, since when."""

import json
import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from mediflow_assets.errors import PullFailed, SettingsInvalid
from mediflow_assets.ingest.bulk_export.addresses import joined
from mediflow_assets.ingest.bulk_export.wire import Wire

HEADERS = {"Accept": "application/fhir+json", "Prefer": "respond-async"}
_TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}\Z")
_FILTER = re.compile(r"[A-Z][A-Za-z]{1,63}\?[^\s#]+\Z")
_OF_RESULTS = re.compile(
    r"[?&](_sort|_count|_include|_revinclude|_summary|_total|_elements|_contained|_containedType|_score)\b"
)
"""Parameters of a search that say how it is answered (https://hl7.org/fhir/R4/search.html#modifyingresults)."""
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}\Z")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)\Z", re.ASCII)


def is_instant(text: object) -> bool:
    """Whether a text is an instant as FHIR writes it."""
    return isinstance(text, str) and _INSTANT.match(text) is not None


@dataclass(frozen=True)
class Export:
    """All patients, those of a group, or the whole server; of some types or of all."""

    group: str | None = None
    is_system: bool = False
    types: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    """Searches, each of one type: of that type comes what one of them finds."""
    is_posted: bool = False
    """Whether it is asked for in a body, which stands in no list of addresses."""

    def __post_init__(self) -> None:
        if self.group is not None and (self.is_system or not _ID.match(self.group)):
            raise SettingsInvalid("--group takes the id of a Group, and excludes --system.")
        if not all(_TYPE.match(kind) for kind in self.types):
            raise SettingsInvalid("--type takes a type of resource: Patient, Encounter, Condition, …")
        if not all(_FILTER.match(each) and not _OF_RESULTS.search(each) for each in self.filters):
            raise SettingsInvalid("--type-filter takes a search of one type, such as Encounter?date=ge2026-01-01.")

    @property
    def path(self) -> str:
        """Below the base of the server."""
        if self.is_system:
            return "$export"
        return f"Group/{self.group}/$export" if self.group else "Patient/$export"

    @property
    def name(self) -> str:
        """What of a server this is: the last pull of the same one tells since when the next one asks."""
        return " ".join((self.path, ",".join(sorted(set(self.types))), *sorted(set(self.filters))))

    def address(self, server: str, since: str | None) -> str:
        """Where it is asked for, and with what."""
        told = [("_type", ",".join(sorted(set(self.types)))), ("_since", since), *self._filtering()]
        query = urlencode([(name, value) for name, value in told if value], quote_via=quote)
        return f"{server}/{self.path}" + (f"?{query}" if query else "")

    def parameters(self, since: str | None) -> bytes:
        """What is asked for, as a resource (https://hl7.org/fhir/R4/parameters.html)."""
        told = [*(("_type", kind) for kind in sorted(set(self.types))), *self._filtering()]
        found = [{"name": name, "valueString": value} for name, value in told]
        found += [{"name": "_since", "valueInstant": since}] if since else []
        return json.dumps({"resourceType": "Parameters"} | ({"parameter": found} if found else {})).encode()

    def _filtering(self) -> list[tuple[str, str]]:
        return [("_typeFilter", each) for each in sorted(set(self.filters))]


def kick_off(wire: Wire, export: Export, since: str | None, until: float) -> str:
    """Ask for an export; gives the address of its status. Raises PullFailed."""
    if export.is_posted:
        url, headers = f"{wire.server}/{export.path}", HEADERS | {"Content-Type": "application/fhir+json"}
        answer = wire.ask("POST", url, headers, until, body=export.parameters(since))
    else:
        url = export.address(wire.server, since)
        answer = wire.ask("GET", url, HEADERS, until)
    place = answer.headers.get("Content-Location")
    if answer.status == 401 and wire.tokens is None:
        raise PullFailed("The server wants to know who asks: name the client in secrets/fhir.toml (docs/sources.md).")
    if answer.status != 202:
        raise PullFailed(answer.refusal("the request for an export"))
    if not place:
        raise PullFailed("The server took the request for an export, and does not say where its status is.")
    return joined(url, place)
