"""What the gateway holds while it runs: keys, users, audit, champions, the lake's small tables."""

import asyncio
import contextlib
import gc
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from fastapi import Request
from limits import RateLimitItemPerMinute

from mediflow_assets.errors import MediFlowError
from mediflow_assets.identity.audit import AuditLog
from mediflow_assets.identity.prediction_log import PredictionLog
from mediflow_assets.identity.revoked_tokens import Revoked
from mediflow_assets.identity.token_keys import SigningKey, load_keys
from mediflow_assets.identity.users import Users
from mediflow_assets.scoring import Bundle, Champions, models_uri
from mediflow_assets.settings import Settings
from serving.journal import Journal
from serving.lake import UNREADABLE, LakeReader
from serving.metrics import Metrics
from serving.problems import Problem
from serving.remembered import Remembered
from serving.scraping import scrape_token
from serving.throttle import Throttle, Turns
from serving.walking import Walk

log = logging.getLogger("mediflow.gateway")
LOOK_SECONDS = 2.0
"""How often a new champion is looked for."""


@dataclass
class State:
    """One process's parts."""

    settings: Settings
    keys: tuple[SigningKey, ...]
    users: Users
    revoked: Revoked
    audit: AuditLog
    journal: Journal
    remembered: Remembered
    champions: Champions
    lake: LakeReader
    throttle: Throttle
    scrape_token: str
    metrics: Metrics = field(default_factory=Metrics)
    walk: Walk = field(init=False)
    hashing: Turns = field(default_factory=lambda: Turns(1, 32))
    """A password takes 64 MiB and all cores for a moment: one at a time, so that predictions go on."""
    batches: Turns = field(default_factory=lambda: Turns(2, 32))
    """Threads are few, and each single request needs one for a moment too."""

    def __post_init__(self) -> None:
        """The walk is of this audit log."""
        self.walk = Walk(self.audit)

    @classmethod
    def of(cls, settings: Settings) -> "State":
        """All parts of a home. Raises SettingsInvalid where there is none."""
        settings.require_home()
        champions = Champions(models_uri(settings.lake_root))
        champions.refresh()
        lake = LakeReader(settings.lake_root)
        with contextlib.suppress(*UNREADABLE):
            lake.refresh()
        audit = AuditLog(settings.ops_url, settings.audit_head)
        return cls(
            settings,
            load_keys(settings.secrets),
            Users(settings.ops_url),
            Revoked(settings.ops_url),
            audit,
            Journal(audit),
            Remembered(PredictionLog(settings.ops_url), settings.keep_predictions_days),
            champions,
            lake,
            Throttle(RateLimitItemPerMinute(settings.requests_per_minute)),
            scrape_token(settings),
        )

    def champion(self, name: str) -> Bundle:
        """The model that answers. Raises Problem 503 where there is none: nothing is made up."""
        bundle = self.champions.get(name)
        if bundle is None:
            detail = f"{name} has no champion that can be loaded. Train it with 'mediflow run --select models'."
            raise Problem(503, detail, headers={"retry-after": "30"})
        return bundle

    def is_recordable(self) -> bool:
        """Whether the database of users and audit answers at this moment."""
        try:
            self.audit.latest(1)
        except MediFlowError:
            return False
        return True

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look for new champions until the gateway ends."""
        # what was made at the start stays: the collector need not walk it again while requests wait
        gc.collect()
        gc.freeze()
        looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.to_thread(self.journal.close)
            await asyncio.to_thread(self.remembered.close)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for renew in (self._take_champions, self.lake.refresh, self._take_keys):
                try:
                    await asyncio.to_thread(renew)
                except Exception as error:
                    # what was read before serves on, and is looked at again: nothing ends the looking
                    log.warning("cannot be renewed", extra={"action": renew.__name__, "error": type(error).__name__})

    def _take_champions(self) -> None:
        for name in self.champions.refresh():
            bundle = self.champions.get(name)
            log.info("champion", extra={"action": name, "status": bundle.version if bundle else "none"})

    def _take_keys(self) -> None:
        self.keys = load_keys(self.settings.secrets)


def state_of(request: Request) -> State:
    """The state of the app that serves a request."""
    found: State = request.app.state.mediflow
    return found
