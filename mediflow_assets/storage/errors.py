"""Errors of engines and libraries, re-raised as ours: their texts may hold row values, so only the class is told."""

import contextlib
import re
from collections.abc import Iterator

from deltalake.exceptions import DeltaError

from mediflow_assets.errors import EngineFailed, EngineUnreachable, LogInvalid, MediFlowError

_CODE = re.compile(r"(?:\([\w.$]+\) )?\[([A-Z_]+(?:\.[A-Z_]+)*)\]")
"""An engine's error code: only where the text begins with it, for further on brackets may hold a row's value."""
_SESSION_GONE = ("NO_ACTIVE_SESSION", "INVALID_HANDLE.SESSION", "SESSION_CLOSED", "SESSION_NOT_FOUND")
_DISK = ("No space left", "File too large", "StorageFull")
_LOG_INVALID = re.compile(
    r"Kernel error: (?:Json error|Invalid Checkpoint|No table metadata or protocol found"
    r"|(?:Arrow error: )?Parquet error|Arrow error: EOF|Generic delta kernel error: Expected contiguous commit files)"
)
"""What delta-rs says of a log that it was given whole; a store that does not give it is an OSError, or External."""


@contextlib.contextmanager
def storage_errors(step: str, passing: type[BaseException] | tuple[type[BaseException], ...] = ()) -> Iterator[None]:
    """Raise EngineFailed in place of what a library raises, naming the step, the class and the error code."""
    try:
        yield
    except (MediFlowError, KeyboardInterrupt, SystemExit):
        raise
    except passing:
        raise
    except Exception as error:
        raise _ours(step, error) from None


def is_session_gone(error: Exception) -> bool:
    """Whether the server does not know the session any more: it was restarted, or has ended the session."""
    return any(sign in str(error) for sign in _SESSION_GONE)


def _ours(step: str, error: Exception) -> MediFlowError:
    text = str(error)
    if any(sign in text for sign in _DISK):
        return EngineFailed(f"{step}: the disk is full. Make room and run again; nothing was committed.")
    if "UNAVAILABLE" in text or "failed to connect" in text.lower():
        return EngineUnreachable(f"{step}: the Spark Connect server does not answer. Is it running?")
    if is_session_gone(error):
        return EngineUnreachable(
            f"{step}: the Spark Connect server has ended this session; it was restarted. Run again."
        )
    code = _CODE.match(text)
    is_damage = isinstance(error, DeltaError) and _LOG_INVALID.match(text) and "External" not in text
    failure = LogInvalid if is_damage else EngineFailed
    return failure(f"{step}: {type(error).__name__}{' ' + code.group(1) if code else ''}")
