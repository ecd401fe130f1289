"""A whole pull: an export is asked for or gone on with, and each of its files becomes a file of the inbox, once."""

import datetime as dt
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from mediflow_assets.contracts import fhir
from mediflow_assets.errors import DeliveryRefused, JobGone
from mediflow_assets.ingest.bulk_export import pull_state
from mediflow_assets.ingest.bulk_export.download import fetch
from mediflow_assets.ingest.bulk_export.kickoff import Export, kick_off
from mediflow_assets.ingest.bulk_export.lines import lines_of
from mediflow_assets.ingest.bulk_export.manifest import ExportFile, Kind
from mediflow_assets.ingest.bulk_export.outcomes import INCOMPLETE, severities
from mediflow_assets.ingest.bulk_export.polling import await_manifest, let_go
from mediflow_assets.ingest.bulk_export.pull_state import Job, PullState, digest
from mediflow_assets.ingest.bulk_export.wire import Wire
from mediflow_assets.ingest.inbox import Inbox
from mediflow_assets.secrets.secret_files import sync_folder
from mediflow_assets.sources import recognise

FULL = ""
"""In place of a time: ask for all, whatever was pulled before."""
_TRIES = 2
"""Exports that are asked for in one pull, where the server lost the first."""
Told = Callable[[str, int, int], None]


class Fate(StrEnum):
    """What became of a file."""

    TAKEN = "taken"
    EMPTY = "empty"
    REFUSED = "refused"


@dataclass(frozen=True)
class Bounds:
    """How much a pull waits for and takes."""

    wait_seconds: float = 24 * 3600
    file_bytes: int = 64 << 30
    is_past_errors: bool = False
    """Whether the next pull asks from here on although the server could not export everything."""
    is_anew: bool = False
    """Whether an export that was begun is let go, and another one asked for."""


@dataclass
class Pulled:
    """What a pull brought."""

    since: str | None
    transaction_time: str
    fates: Counter[tuple[Kind, Fate]] = field(default_factory=Counter)
    issues: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    is_let_go: bool = False
    is_complete: bool = True
    """Whether the next pull asks from `transaction_time` on."""

    def of(self, fate: Fate, *kinds: Kind) -> int:
        """How many files of some kinds had this fate."""
        return sum(self.fates[kind, fate] for kind in kinds or Kind)


def pull(
    wire: Wire, export: Export, inbox: Inbox, since: str | None, bounds: Bounds, told: Told = lambda *_: None
) -> Pulled:
    """Pull an export into the inbox: what changed since the last pull of the same one unless `since` says otherwise.

    One that was cut short is gone on with. Raises PullFailed; what has come by then stays.
    """
    with pull_state.opened(inbox.folder, wire.server, export.name) as state:
        wanted = state.since if since is None else since or None
        if state.job and (bounds.is_anew or state.job.since != wanted):
            let_go(wire, state.job.status_url)
            state.begin(None)
        going = _Pull(wire, export, inbox, bounds, state, wire.clock.now() + bounds.wait_seconds, told)
        for _ in range(_TRIES - 1):
            try:
                return going.through(wanted)
            except JobGone:
                # what it has brought is known by its content, should it come again
                state.begin(None)
        try:
            return going.through(wanted)
        except JobGone:
            state.begin(None)
            raise


@dataclass
class _Pull:
    """One pull on its way."""

    wire: Wire
    export: Export
    inbox: Inbox
    bounds: Bounds
    state: PullState
    until: float
    told: Told

    def through(self, since: str | None) -> Pulled:
        """To its end. Raises JobGone where the server has lost the export."""
        job = self.state.job or self._begin(since)
        manifest = await_manifest(self.wire, job.status_url, self.until)
        for number, file in enumerate(manifest.files, start=1):
            if digest(file.url) not in self.state.done:
                self.told("files", number - 1, len(manifest.files))
                fate = self._bring(file, f"{job.name}-{number:06d}", manifest.is_token_needed)
                self.state.note(digest(file.url), fate)
        self.told("files", len(manifest.files), len(manifest.files))
        pulled = _summed(self.state.done, Pulled(job.since, manifest.transaction_time), self.bounds)
        # changes between the last pull and a later time that somebody named did not come
        is_next = pulled.is_complete and job.since in (None, self.state.since)
        self.state.end(manifest.transaction_time if is_next else self.state.since)
        pulled.is_let_go = let_go(self.wire, job.status_url)
        return pulled

    def _begin(self, since: str | None) -> Job:
        at = dt.datetime.fromtimestamp(self.wire.clock.now(), dt.UTC)
        name = f"fhir-{at:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        job = Job(kick_off(self.wire, self.export, since, self.until), since, name)
        self.state.begin(job)
        return job

    def _bring(self, file: ExportFile, name: str, is_token_needed: bool) -> dict[str, Any]:
        """Download a file and put it into the inbox; gives what is to be remembered of it."""
        path = self.state.scratch
        try:
            size = fetch(self.wire, file, path, self.until, is_token_needed, self.bounds.file_bytes)
            issues = severities(path) if file.kind is Kind.ERROR else {}
            what = file.type if file.kind is Kind.OUTPUT else file.kind
            # runs take them in the order of their names: what was deleted comes after what was exported
            fate = _into_inbox(path, self.inbox, f"{name}-{what or 'resources'}.ndjson")
        finally:
            path.unlink(missing_ok=True)
        return {"kind": file.kind, "fate": fate, "bytes": size, "issues": dict(issues)}


def _into_inbox(path: Path, inbox: Inbox, name: str) -> Fate:
    """Have a file that is whole become one of the inbox; one that holds no FHIR is kept among the refused."""
    if next(lines_of(path), None) is None:
        return Fate.EMPTY
    try:
        if recognise(path, inbox.feeds, inbox.limits).source != fhir.SOURCE.name:
            raise DeliveryRefused("is no FHIR.")
    except DeliveryRefused:
        inbox.refuse(path, name)
        return Fate.REFUSED
    path.rename(inbox.folder / name)
    sync_folder(inbox.folder)
    return Fate.TAKEN


def _summed(done: dict[str, dict[str, Any]], pulled: Pulled, bounds: Bounds) -> Pulled:
    for each in done.values():
        pulled.fates[Kind(each["kind"]), Fate(each["fate"])] += 1
        pulled.bytes += each["bytes"]
        pulled.issues.update(each["issues"])
    is_short = not bounds.is_past_errors and any(pulled.issues[each] for each in INCOMPLETE)
    pulled.is_complete = not is_short and not pulled.of(Fate.REFUSED)
    return pulled
