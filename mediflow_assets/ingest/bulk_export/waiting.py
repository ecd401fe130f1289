"""How long to wait before a server is asked again, and when to give up."""

import datetime as dt
import email.utils
import time
from collections.abc import Callable
from dataclasses import dataclass

from mediflow_assets.errors import PullFailed

MOST_FAILURES = 8
"""Failures one after the other of one thing that is asked for."""
_FIRST, _LONGEST = 1.0, 60.0


@dataclass(frozen=True)
class Clock:
    """The time, and how to let it pass."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


def told_seconds(retry_after: str | None, now: float) -> float | None:
    """What `Retry-After` says, in seconds or as a date (RFC 9110, 10.2.3); None where it says nothing."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        at = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return max(0.0, (at if at.tzinfo else at.replace(tzinfo=dt.UTC)).timestamp() - now)


@dataclass
class Patience:
    """Waits that grow from one second to a minute, unless the server says how long; up to a moment in all."""

    clock: Clock
    until: float
    _waits: int = 0

    def wait(self, retry_after: str | None) -> None:
        """Wait before the next time. Raises PullFailed where that would be too late."""
        told = told_seconds(retry_after, self.clock.now())
        seconds = min(_LONGEST, _FIRST * 2 ** min(self._waits, 10)) if told is None else told
        self._waits += 1
        if self.clock.now() + seconds > self.until:
            raise PullFailed(
                "The server is not ready within the time that a pull waits (--wait-hours). The export goes on there: "
                "pull again later."
            )
        # a server that says 0 is not asked without a pause
        self.clock.sleep(max(seconds, _FIRST))
