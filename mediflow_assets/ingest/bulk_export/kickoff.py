"""What is asked for: of whom, which types, since when."""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from mediflow_assets.errors import PullFailed, SettingsInvalid
from mediflow_assets.ingest.bulk_export.addresses import joined
from mediflow_assets.ingest.bulk_export.wire import Wire

HEADERS = {"Accept": "application/fhir+json", "Prefer": "respond-async"}
_TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}\Z")
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

    def __post_init__(self) -> None:
        if self.group is not None and (self.is_system or not _ID.match(self.group)):
            raise SettingsInvalid("--group takes the id of a Group, and excludes --system.")
        if not all(_TYPE.match(kind) for kind in self.types):
            raise SettingsInvalid("--type takes a type of resource: Patient, Encounter, Condition, …")

    @property
    def path(self) -> str:
        """Below the base of the server."""
        if self.is_system:
            return "$export"
        return f"Group/{self.group}/$export" if self.group else "Patient/$export"

    @property
    def name(self) -> str:
        """What of a server this is: the last pull of the same one tells since when the next one asks."""
        return f"{self.path} {','.join(sorted(set(self.types)))}"

    def address(self, server: str, since: str | None) -> str:
        """Where it is asked for."""
        told = {"_type": ",".join(sorted(set(self.types))), "_since": since}
        query = urlencode({name: value for name, value in told.items() if value}, quote_via=quote)
        return f"{server}/{self.path}" + (f"?{query}" if query else "")


def kick_off(wire: Wire, export: Export, since: str | None, until: float) -> str:
    """Ask for an export; gives the address of its status. Raises PullFailed."""
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
