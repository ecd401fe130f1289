"""Every request but those for liveness leaves one audit record, on disk before its reply begins."""

import logging
import time
from collections.abc import MutableMapping
from typing import Any

from mediflow_assets.errors import MediFlowError
from mediflow_assets.governance.audit import Record
from serving.bodies import Receive, Scope, Send
from serving.problems import response

_UNTOLD = ("/health/live", "/health/ready", "/metrics", "/", "/.well-known/jwks.json", "/openapi.json", "/docs")
log = logging.getLogger("mediflow.gateway")


class Audited:
    """ASGI middleware around everything else. A reply that cannot be recorded is not given: 503."""

    def __init__(self, app: Any, state: Any) -> None:
        self._app, self._state = app, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, is_told, has_failed = time.perf_counter(), scope["path"] not in _UNTOLD, False
        told = scope.setdefault("state", {})

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal has_failed
            if has_failed:
                return
            if message["type"] == "http.response.start":
                action = f"{scope['method']} {getattr(scope.get('route'), 'path', 'unknown')}"
                rate = told.get("rate_headers", {})
                message["headers"] = [*message["headers"], *((k.encode(), v.encode()) for k, v in rate.items())]
                if is_told and not await self._recorded(action, message["status"], told):
                    has_failed = True
                    await response(503, "The audit log cannot be written; nothing is answered without it.")(
                        scope, receive, send
                    )
                    return
                took = round((time.perf_counter() - began) * 1000, 1)
                log.info("request", extra={"action": action, "status": message["status"], "ms": took,
                                           "request_id": told.get("request_id", "")})  # fmt: skip
            await send(message)

        await self._app(scope, receive, sending)

    async def _recorded(self, action: str, status: int, told: MutableMapping[str, Any]) -> bool:
        outcome = "done" if status < 400 else "failed" if status >= 500 else "refused"
        record = Record(
            "gateway",
            told.get("actor", ""),
            action,
            outcome,
            told.get("request_id", ""),
            told.get("model_version", ""),
            told.get("detail", str(status)),
        )
        try:
            await self._state.journal.record(record)
        except MediFlowError:
            return False
        return True
