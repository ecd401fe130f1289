"""A cache of figures that computes each of them once, however many people open a page at the same time."""

from collections.abc import Callable
from functools import lru_cache, wraps
from threading import RLock
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")


def once(most: int = 4) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Keep the last `most` results, by the arguments: pinned versions of tables, and what was chosen. Nothing else
    enters, so that no result depends on who asks."""

    def decorate(compute: Callable[_P, _R]) -> Callable[_P, _R]:
        known: Callable[_P, _R] = lru_cache(maxsize=most)(compute)  # type: ignore[assignment]
        lock = RLock()

        @wraps(compute)
        def found(*given: _P.args, **named: _P.kwargs) -> _R:
            # without it ten sessions that open a page at once read the same table ten times
            with lock:
                return known(*given, **named)

        return found

    return decorate
