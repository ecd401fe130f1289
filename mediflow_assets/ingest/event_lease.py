"""The lease of `bronze/encounter_events`: one landing holds it, and whoever else needs the table asks for it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from mediflow_assets.storage.lease import held_by, lake_lease

ASKED_SECONDS = 20.0
"""The service gives the table up within ten."""


def lock_of(home: Path) -> Path:
    """The lease of `bronze/encounter_events`: of two landings, or two services, one holds it."""
    return home / "events.lock"


@contextlib.contextmanager
def events_asked_for(home: Path, holder: str, wait_seconds: float = ASKED_SECONDS) -> Iterator[None]:
    """Hold `bronze/encounter_events`, asking the service to give it up meanwhile. Raises LakeBusy."""
    # what asks is a lease as well, which ends with its holder: a file that stayed would keep the service out for good
    with lake_lease(_asking(home), holder, wait_seconds), lake_lease(lock_of(home), holder, wait_seconds):
        yield


def is_asked_for(home: Path) -> bool:
    """Whether somebody waits for the table, or holds it having asked."""
    return held_by(_asking(home)) is not None


def _asking(home: Path) -> Path:
    return home / "events.asked"
