"""How often a password may be tried, and how often a user may ask."""

import time

from limits import RateLimitItem, RateLimitItemPerMinute, storage, strategies

PER_ACCOUNT, PER_ADDRESS = RateLimitItemPerMinute(10, 5), RateLimitItemPerMinute(50, 5)
"""Tries in five minutes."""
PER_USER = RateLimitItemPerMinute(60_000)


class Throttle:
    """Moving windows in memory: of one process, and forgotten when it ends."""

    def __init__(self, per_user: RateLimitItem = PER_USER) -> None:
        self._window = strategies.MovingWindowRateLimiter(storage.MemoryStorage())
        self._fixed = strategies.FixedWindowRateLimiter(storage.MemoryStorage())
        self._per_user = per_user

    def may_try(self, account: str, address: str) -> bool:
        """Whether a password may be looked at: told before it is hashed, for that is what costs."""
        by_address = self._window.hit(PER_ADDRESS, "address", address)
        return self._window.hit(PER_ACCOUNT, "account", account.strip().lower()[:64]) and by_address

    def may_ask(self, user: str) -> tuple[bool, dict[str, str]]:
        """Whether a user may ask once more, and the `RateLimit` headers that say so."""
        is_free = self._fixed.hit(self._per_user, user)
        stats = self._fixed.get_window_stats(self._per_user, user)
        after = max(0, int(stats.reset_time - time.time()))
        limit = self._per_user.amount
        return is_free, {
            "ratelimit": f'"user";r={stats.remaining};t={after}',
            "ratelimit-policy": f'"user";q={limit};w=60',
        }
