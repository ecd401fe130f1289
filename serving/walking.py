"""The audit chain is walked beside the requests: millions of records take longer than a reply may."""

import asyncio
import contextlib
import datetime as dt

from mediflow_assets.identity.audit import AuditLog, Verdict
from serving.problems import Problem

LONGEST_WAIT_SECONDS = 2.0


class Walk:
    """One walk at a time; while it goes on the result of the one before is given, with its time."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit
        self._going: asyncio.Task[None] | None = None
        self._newest: tuple[str, Verdict] | None = None

    async def verdict(self) -> tuple[str, Verdict]:
        """When the walk began, UTC, and what it found; of now where it is short. Raises Problem 503 before the first
        one is over."""
        if self._going is None or self._going.done():
            self._going = asyncio.create_task(self._walk())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._going), LONGEST_WAIT_SECONDS)
        if self._newest is None:
            raise Problem(503, "The audit log is being walked. Ask again soon.", headers={"retry-after": "10"})
        return self._newest

    async def _walk(self) -> None:
        began = f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
        self._newest = began, await asyncio.to_thread(self._audit.verify)
