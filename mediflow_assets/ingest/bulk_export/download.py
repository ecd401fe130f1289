"""One file of an export: on disk to its last byte, or not at all."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import httpx

from mediflow_assets.errors import JobGone, PullFailed
from mediflow_assets.ingest.bulk_export.lines import ends_whole, is_packed, lines_of
from mediflow_assets.ingest.bulk_export.manifest import ExportFile, Kind
from mediflow_assets.ingest.bulk_export.polling import GONE
from mediflow_assets.ingest.bulk_export.waiting import MOST_FAILURES, Patience
from mediflow_assets.ingest.bulk_export.wire import NOT_NOW, Wire

_ACCEPT = "application/fhir+ndjson"
_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)\Z", re.ASCII)


@dataclass
class _Came:
    """How much of a file is there."""

    bytes: int = 0
    tag: str = ""
    """The strong validator by which the rest may be asked for (RFC 9110, 13.1.5)."""
    is_length_told: bool = False


class _Cut(Exception):
    """It did not come to its end."""


class _NotNow(_Cut):
    """The server has it, and does not give it now."""

    def __init__(self, retry_after: str | None) -> None:
        self.retry_after = retry_after


def fetch(wire: Wire, file: ExportFile, to: Path, until: float, is_token_needed: bool, most_bytes: int) -> int:
    """Download a file; gives its bytes, which are on disk. Goes on where it was cut short if the server knows how.

    Raises JobGone where the server no longer has it, PullFailed where it does not come whole.
    """
    if is_token_needed and wire.tokens and not wire.sees_token(file.url):
        raise PullFailed(
            "A file lies at another host, which asks for the token of this server. If that host is the server's own, "
            "name it in token_hosts of secrets/fhir.toml."
        )
    came, patience, failures, is_renewed = _Came(), Patience(wire.clock, until), 0, False
    while True:
        before = came.bytes
        try:
            status = _some(wire, file, to, came, is_token_needed, most_bytes)
            if status == 401 and wire.tokens and not is_renewed:
                is_renewed = True
                wire.tokens.forget()
                continue
            _require_given(status)
            _require_whole(to, file, came)
            return came.bytes
        except (httpx.TransportError, _Cut) as error:
            failures = 0 if came.bytes > before and came.tag else failures + 1
            if failures >= MOST_FAILURES:
                raise PullFailed("A file of the export did not come whole, however often it was asked for.") from None
            if not came.tag:
                came = _Came()
            patience.wait(error.retry_after if isinstance(error, _NotNow) else None)


def _some(wire: Wire, file: ExportFile, to: Path, came: _Came, has_token: bool, most_bytes: int) -> int:
    """Ask for a file, or for the rest of it, and write what comes; gives the status of the answer."""
    headers = {"Accept": _ACCEPT}
    if came.bytes:
        headers |= {"Range": f"bytes={came.bytes}-", "If-Range": came.tag}
    with wire.opened("GET", file.url, headers, has_token=has_token) as response:
        if response.status_code == 416:
            came.bytes, came.tag = 0, ""
            raise _Cut
        if response.status_code in NOT_NOW:
            raise _NotNow(response.headers.get("Retry-After"))
        if response.status_code not in (200, 206):
            return response.status_code
        expected = _begin(response, came)
        if max(expected or 0, came.bytes) > most_bytes:
            raise PullFailed(_too_long(most_bytes))
        _write(response, to, came, most_bytes)
        if expected is not None and came.bytes != expected:
            raise _Cut
        return response.status_code


def _begin(response: httpx.Response, came: _Came) -> int | None:
    """From where on an answer tells, and how long the file is in all, where that is said."""
    length = response.headers.get("Content-Length", "")
    if response.status_code == 206:
        told = _RANGE.match(response.headers.get("Content-Range", ""))
        if not told or int(told[1]) != came.bytes or not came.tag:
            came.bytes, came.tag = 0, ""
            raise _Cut
        came.is_length_told = True
        return int(told[2]) if told[2] != "*" else None
    tag = response.headers.get("ETag", "")
    came.bytes, came.tag = 0, tag if tag.startswith('"') and tag.isascii() else ""
    came.is_length_told = bool(length) or "Transfer-Encoding" in response.headers
    return int(length) if length.isascii() and length.isdigit() else None


def _write(response: httpx.Response, to: Path, came: _Came, most_bytes: int) -> None:
    """Append what comes, and have it on disk, however it ends."""
    with to.open("r+b" if came.bytes else "wb") as target:
        target.truncate(came.bytes)
        target.seek(came.bytes)
        try:
            # pieces as they come: larger ones would be lost where the download is cut
            for piece in response.iter_raw():
                if came.bytes + len(piece) > most_bytes:
                    raise PullFailed(_too_long(most_bytes))
                target.write(piece)
                came.bytes += len(piece)
        finally:
            target.flush()
            os.fsync(target.fileno())


def _require_given(status: int) -> None:
    if status in GONE:
        raise JobGone("The server no longer has a file of the export.")
    if status not in (200, 206):
        raise PullFailed(f"The server answered {status} to the request for a file of the export.")


def _require_whole(path: Path, file: ExportFile, came: _Came) -> None:
    """Raise _Cut where a file breaks off, PullFailed where it is whole and holds less than is said; nothing can be told
    of a packed one."""
    if is_packed(path):
        return
    is_short = file.kind is Kind.OUTPUT and file.count and sum(1 for _ in lines_of(path)) < file.count
    if is_short and came.is_length_told:
        raise PullFailed(
            "A file of the export holds fewer resources than the server's manifest says. Pull again; if that does not "
            "help, ask for another export with --anew."
        )
    if is_short or not (came.is_length_told or ends_whole(path)):
        came.bytes, came.tag = 0, ""
        raise _Cut


def _too_long(most_bytes: int) -> str:
    return f"A file of the export is longer than {most_bytes:,} bytes (--file-bytes)."
