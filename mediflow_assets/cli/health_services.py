"""The services that MediFlow stands on beside its home: what `mediflow doctor` asks of them, where they are set."""

import os
import socket
from collections.abc import Callable

from mediflow_assets.cluster.healthy import is_healthy
from mediflow_assets.errors import MediFlowError
from mediflow_assets.settings import Settings

Check = Callable[[Settings], str]
_SECONDS = 5.0


class ServiceDown(MediFlowError):
    """A service does not answer; the text says which setting names it."""


def services(settings: Settings) -> dict[str, Check]:
    """The checks of what is set."""
    found: dict[str, Check] = {"inbox": _inbox}
    if settings.tracking_uri.startswith("http"):
        found["registry"] = _registry
    if os.environ.get("MEDIFLOW_KAFKA"):
        found["broker"] = _broker
    return found


def _inbox(settings: Settings) -> str:
    from mediflow_assets.sources import Feeds
    from mediflow_assets.steps.bucket_inbox import dropped
    from mediflow_assets.steps.inbox import Inbox

    inbox = Inbox(settings.inbox, Feeds())
    waiting = len(inbox.dropped()) + len(inbox.waiting())
    if settings.inbox_uri:
        try:
            waiting += len(dropped(settings.inbox_uri))
        except OSError as error:
            raise ServiceDown(
                f"{settings.inbox_uri} cannot be listed ({type(error).__name__}). Check the object store, its key and "
                "MEDIFLOW_INBOX."
            ) from None
    return f"{waiting} files wait"


def _registry(settings: Settings) -> str:
    if not is_healthy(settings.tracking_uri.rstrip("/") + "/health"):
        raise ServiceDown("the registry of models does not answer. Start it, or check MLFLOW_TRACKING_URI.")
    return "answers"


def _broker(settings: Settings) -> str:
    for server in os.environ["MEDIFLOW_KAFKA"].split(","):
        host, _, port = server.strip().rpartition(":")
        try:
            socket.create_connection((host, int(port)), _SECONDS).close()
            return "answers"
        except (OSError, ValueError):
            continue
    raise ServiceDown("no Kafka broker answers. Start it, or check MEDIFLOW_KAFKA.")
