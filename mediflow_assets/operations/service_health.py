"""The services that MediFlow stands on beside its home: what `mediflow doctor` asks of them, where they are set."""

import os
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from mediflow_assets.cluster.healthy import is_healthy
from mediflow_assets.errors import MediFlowError
from mediflow_assets.settings import Settings

Check = Callable[[Settings], str]
_SECONDS = 5.0
CONTINUOUS = "continuous"


class ServiceDown(MediFlowError):
    """A service does not answer; the text says which setting names it."""


def services(settings: Settings) -> dict[str, Check]:
    """The checks of what is set."""
    found: dict[str, Check] = {"inbox": _inbox}
    if settings.tracking_uri.startswith("http"):
        found["registry"] = _registry
    if os.environ.get("MEDIFLOW_KAFKA"):
        found["broker"] = _broker
    if settings.landing == CONTINUOUS:
        found["stream"] = _stream
    if os.environ.get("DAGSTER_DATABASE_URL"):
        found["dagster"] = _dagster
    if os.environ.get("MEDIFLOW_GATEWAY_URL"):
        found["gateway"] = _gateway
    if settings.alert_webhook:
        found["webhook"] = _webhook
    return found


def _inbox(settings: Settings) -> str:
    from mediflow_assets.ingest.bucket_inbox import dropped
    from mediflow_assets.sources import Feeds

    inbox = settings.open_inbox(Feeds())
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


def _broker(_settings: Settings) -> str:
    for server in os.environ["MEDIFLOW_KAFKA"].split(","):
        host, _, port = server.strip().rpartition(":")
        try:
            socket.create_connection((host, int(port)), _SECONDS).close()
            return "answers"
        except (OSError, ValueError):
            continue
    raise ServiceDown("no Kafka broker answers. Start it, or check MEDIFLOW_KAFKA.")


def _stream(settings: Settings) -> str:
    from mediflow_assets.operations import topic
    from mediflow_assets.storage.delta import Lake

    standing = topic.read_status(settings, Lake(settings.lake_root))
    if standing["problem"]:
        raise ServiceDown(standing["problem"])
    if standing["service"] == topic.NOT_RUNNING:
        raise ServiceDown("nobody lands events. Start 'mediflow stream serve', or set MEDIFLOW_LANDING otherwise.")
    return f"landing, by {standing['service']}"


def _dagster(_: Settings) -> str:
    from mediflow_assets.defs.daemons import silent_daemons

    try:
        silent = silent_daemons()
    except Exception as error:
        raise ServiceDown(
            f"Dagster's storage does not answer ({type(error).__name__}). Start PostgreSQL, or check "
            "DAGSTER_DATABASE_URL and DAGSTER_HOME."
        ) from None
    if silent:
        raise ServiceDown(f"not heard of lately: {', '.join(silent)}. Start 'dagster-daemon run'; its log says more.")
    return "storage answers, every daemon is alive"


def _gateway(_: Settings) -> str:
    if not is_healthy(os.environ["MEDIFLOW_GATEWAY_URL"].rstrip("/") + "/health/live"):
        raise ServiceDown("the gateway does not answer. Start it, or check MEDIFLOW_GATEWAY_URL.")
    return "answers"


def _webhook(settings: Settings) -> str:
    """Whether somebody listens there; nothing is posted."""
    parts = urlsplit(str(settings.alert_webhook))
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        socket.create_connection((str(parts.hostname), port), _SECONDS).close()
    except (OSError, ValueError):
        raise ServiceDown("nobody listens where alerts are posted. Check MEDIFLOW_ALERT_WEBHOOK.") from None
    return "somebody listens"
