"""Waiting until an export is there, and telling the server that it is no longer needed."""

import contextlib

import httpx

from mediflow_assets.errors import JobGone, PullFailed
from mediflow_assets.ingest.bulk_export.manifest import MOST_PAGES, Manifest, read_manifest, whole
from mediflow_assets.ingest.bulk_export.waiting import Patience
from mediflow_assets.ingest.bulk_export.wire import NOT_NOW, Wire

GONE = frozenset((404, 410))
_ACCEPT = {"Accept": "application/json"}


def await_manifest(wire: Wire, status_url: str, until: float) -> Manifest:
    """The manifest of an export, all its pages, once it is there. Raises JobGone where the server knows it no more or
    gave it up."""
    pages: dict[str, Manifest] = {}
    url: str | None = status_url
    while url:
        if url in pages or len(pages) == MOST_PAGES:
            raise PullFailed("The pages of the server's manifest have no end.")
        pages[url] = found = _await_page(wire, url, until)
        url = found.next_page
    return whole(list(pages.values()))


def _await_page(wire: Wire, url: str, until: float) -> Manifest:
    patience = Patience(wire.clock, until)
    while True:
        answer = wire.ask("GET", url, _ACCEPT, until)
        if answer.status == 200:
            return read_manifest(answer.members(), url)
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
