"""What an export is made of: its files, and the time up to which it tells."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mediflow_assets.errors import PullFailed
from mediflow_assets.ingest.bulk_export.addresses import joined
from mediflow_assets.ingest.bulk_export.kickoff import is_instant

MOST_FILES, MOST_PAGES = 100_000, 1_000
_TOO_MANY = f"The server's manifest names more than {MOST_FILES:,} files."
_TYPE = re.compile(r"[A-Za-z]{1,64}\Z")


class Kind(StrEnum):
    """What a file of an export holds: resources, Bundles of deletions, or OperationOutcomes. They come so."""

    OUTPUT = "output"
    DELETED = "deleted"
    ERROR = "error"


@dataclass(frozen=True)
class ExportFile:
    """One file of an export."""

    kind: Kind
    url: str
    type: str = ""
    count: int | None = None
    """How many resources it holds, where that is told."""


@dataclass(frozen=True)
class Manifest:
    """An export that is there."""

    transaction_time: str
    is_token_needed: bool
    files: tuple[ExportFile, ...]
    next_page: str | None = None
    """Where it goes on: https://build.fhir.org/ig/HL7/bulk-data/export.html#manifest-link."""


def read_manifest(said: dict[str, Any], status_url: str) -> Manifest:
    """A page of a manifest, its addresses whole. Raises PullFailed where it is not what the specification says."""
    at, is_token_needed = said.get("transactionTime"), said.get("requiresAccessToken")
    if not isinstance(at, str) or not is_instant(at) or not isinstance(is_token_needed, bool):
        raise PullFailed("The server's manifest lacks transactionTime or requiresAccessToken.")
    files = tuple(_file(kind, each, status_url) for kind in Kind for each in _list(said, kind))
    if len(files) > MOST_FILES:
        raise PullFailed(_TOO_MANY)
    return Manifest(at, is_token_needed, files, _next_page(_list(said, "link"), status_url))


def whole(pages: list[Manifest]) -> Manifest:
    """The manifest that pages make up: each file once, what was deleted after what was exported. All else is the same
    on each page. Raises PullFailed."""
    if len({(page.transaction_time, page.is_token_needed) for page in pages}) > 1:
        raise PullFailed("The pages of the server's manifest are not of one export.")
    by_url = {file.url: file for page in pages for file in page.files}
    if len(by_url) > MOST_FILES:
        raise PullFailed(_TOO_MANY)
    files = sorted(by_url.values(), key=lambda file: list(Kind).index(file.kind))
    return Manifest(pages[0].transaction_time, pages[0].is_token_needed, tuple(files))


def _next_page(links: list[Any], url: str) -> str | None:
    told = [each.get("url") for each in links if isinstance(each, dict) and each.get("relation") == "next"]
    if not told:
        return None
    if len(told) > 1 or not isinstance(told[0], str) or not told[0]:
        raise PullFailed("The server's manifest does not say where its next page is.")
    return joined(url, told[0])


def _list(said: dict[str, Any], name: str) -> list[Any]:
    found = said.get(name)
    if found is not None and not isinstance(found, list):
        raise PullFailed(f"'{name}' of the server's manifest is no list.")
    return found or []


def _file(kind: Kind, said: Any, status_url: str) -> ExportFile:
    url = said.get("url") if isinstance(said, dict) else None
    if not isinstance(url, str) or not url:
        raise PullFailed("The server's manifest names a file without an address.")
    named, count = said.get("type"), said.get("count")
    # it becomes part of a file's name
    told = named if isinstance(named, str) and _TYPE.match(named) else ""
    is_count = isinstance(count, int) and not isinstance(count, bool) and count >= 0
    return ExportFile(kind, joined(status_url, url), told, count if is_count else None)
