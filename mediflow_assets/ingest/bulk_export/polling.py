"""Waiting until an export is there, and telling the server that it is no longer needed."""

import contextlib

import httpx

from mediflow_assets.errors import JobGone, PullFailed
from mediflow_assets.ingest.bulk_export.manifest import Manifest, read_manifest
from mediflow_assets.ingest.bulk_export.waiting import Patience
from mediflow_assets.ingest.bulk_export.wire import NOT_NOW, Wire

GONE = frozenset((404, 410))
_ACCEPT = {"Accept": "application/json"}


def await_manifest(wire: Wire, status_url: str, until: float) -> Manifest:
    """The manifest of an export, once it is there. Raises JobGone where the server knows it no more or gave it up."""
    patience = Patience(wire.clock, until)
    while True:
        answer = wire.ask("GET", status_url, _ACCEPT, until)
        if answer.status == 200:
            return read_manifest(answer.members(), status_url)
        if answer.status in GONE:
            raise JobGone("The server no longer has the export.")
        if answer.status in NOT_NOW:
            raise JobGone(answer.refusal("the question for the export's status, again and again"))
        if answer.status != 202:
            raise PullFailed(answer.refusal("the question for the export's status"))
        patience.wait(answer.headers.get("Retry-After"))


def let_go(wire: Wire, status_url: str) -> bool:
    """Have the server remove an export; whether it says that it does. What it answers changes nothing here."""
    with contextlib.suppress(PullFailed, httpx.TransportError):
        answer = wire.once("DELETE", status_url, _ACCEPT)
        return answer.status < 300 or answer.status in GONE
    return False
