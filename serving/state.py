"""What the gateway holds while it runs: keys, users, audit, champions, the lake's small tables."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from fastapi import Request

from mediflow_assets.governance.audit import AuditLog
from mediflow_assets.governance.users import Users
from mediflow_assets.scoring import Bundle, Champions, models_uri
from mediflow_assets.settings import Settings
from serving.journal import Journal
from serving.lake import LakeReader
from serving.problems import Problem
from serving.revoked import Revoked
from serving.signing import SigningKey, load_keys
from serving.throttle import Throttle

LOOK_SECONDS = 2.0
"""How often a new champion is looked for."""


@dataclass
class State:
    """One process's parts."""

    settings: Settings
    keys: tuple[SigningKey, ...]
    users: Users
    revoked: Revoked
    journal: Journal
    champions: Champions
    lake: LakeReader
    throttle: Throttle = field(default_factory=Throttle)

    @classmethod
    def of(cls, settings: Settings) -> "State":
        """All parts of a home. Raises SecretMissing and the like where it was not set up."""
        champions = Champions(models_uri(settings.lake_root))
        champions.refresh()
        return cls(
            settings,
            load_keys(settings.secrets),
            Users(settings.ops_url),
            Revoked(settings.ops_url),
            Journal(AuditLog(settings.ops_url, settings.audit_head)),
            champions,
            LakeReader(settings.lake_root),
        )

    def champion(self, name: str) -> Bundle:
        """The model that answers. Raises Problem 503 where there is none: nothing is made up."""
        bundle = self.champions.get(name)
        if bundle is None:
            detail = f"{name} has no champion that can be loaded. Train it with 'mediflow run --select models'."
            raise Problem(503, detail, headers={"retry-after": "30"})
        return bundle

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look for new champions until the gateway ends."""
        looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.to_thread(self.journal.close)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            with contextlib.suppress(OSError):
                await asyncio.to_thread(self.champions.refresh)
                await asyncio.to_thread(self.lake.refresh)


def state_of(request: Request) -> State:
    """The state of the app that serves a request."""
    found: State = request.app.state.mediflow
    return found
