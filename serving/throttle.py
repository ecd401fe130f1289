"""How often a password may be tried, how often a user may ask, and how much of what is heavy goes on at once."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute, aio, storage, strategies

from serving.problems import Problem

PER_ACCOUNT, PER_ADDRESS = RateLimitItemPerMinute(10, 5), RateLimitItemPerMinute(50, 5)
"""Tries in five minutes."""
PER_USER = RateLimitItemPerMinute(30_000)
LOOKUPS_PER_HOUR = 600
"""Of pseudonyms, by one user: enough for a ward, too few for a dictionary."""


class Turns:
    """So many at once, so many more in the queue; who comes on top is sent away."""

    def __init__(self, at_once: int, most_waiting: int) -> None:
        self._free, self._most, self._here = asyncio.Semaphore(at_once), at_once + most_waiting, 0

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """A turn. Raises Problem 503 where the queue is full."""
        if self._here >= self._most:
            raise Problem(503, "Too many requests of this kind are waiting.", headers={"retry-after": "5"})
        self._here += 1
        try:
            async with self._free:
                yield
        finally:
            self._here -= 1


class Throttle:
    """Moving windows in memory: of one process, and forgotten when it ends."""

    def __init__(self, per_user: RateLimitItem = PER_USER) -> None:
        self._window = strategies.MovingWindowRateLimiter(storage.MemoryStorage())
        # asked for every request: the storage for threads starts one each time, which costs more than a prediction
        self._fixed = aio.strategies.FixedWindowRateLimiter(aio.storage.MemoryStorage())
        self._per_user = per_user

    def may_try(self, account: str, address: str) -> bool:
        """Whether a password may be looked at: told before it is hashed, for that is what costs."""
        # an address that may not try any more neither closes accounts to others nor fills the memory with names
        return self._window.hit(PER_ADDRESS, "address", address) and self._window.hit(
            PER_ACCOUNT, "account", account.strip().lower()[:64]
        )

    def may_look_up(self, user: str) -> bool:
        """Whether a user may ask for one more pseudonym."""
        return self._window.hit(RateLimitItemPerHour(LOOKUPS_PER_HOUR), "lookup", user)

    async def may_ask(self, user: str) -> tuple[bool, dict[str, str]]:
        """Whether a user may ask once more, and the `RateLimit` headers that say so."""
        is_free = await self._fixed.hit(self._per_user, user)
        stats = await self._fixed.get_window_stats(self._per_user, user)
        after = max(0, int(stats.reset_time - time.time()))
        limit = self._per_user.amount
        return is_free, {
            "ratelimit": f'"user";r={stats.remaining};t={after}',
            "ratelimit-policy": f'"user";q={limit};w=60',
        }
