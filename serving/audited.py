"""Every request but those for liveness leaves one audit record, on disk before its reply begins."""

import logging
import time
from collections.abc import Collection, MutableMapping
from typing import Any

from mediflow_assets.errors import MediFlowError
from mediflow_assets.identity.audit import Record
from serving.marked import Receive, Scope, Send
from serving.problems import response

_UNTOLD = ("/health/live", "/health/ready", "/metrics", "/", "/.well-known/jwks.json", "/openapi.json")
_REFUSALS = (401, 403, 429)
log = logging.getLogger("mediflow.gateway")


class Audited:
    """ASGI middleware around everything but `Marked`. A reply that cannot be recorded is not given: 503. What no one
    foresaw is 500, on the log by its class alone."""

    def __init__(self, app: Any, state: Any, paths: Collection[str] = ()) -> None:
        self._app, self._state, self._paths = app, state, paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, told = time.perf_counter(), scope.setdefault("state", {})
        has_begun = has_failed = False

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal has_begun, has_failed
            if has_failed:
                return
            if message["type"] == "http.response.start":
                action, status = self._action(scope), message["status"]
                is_told = scope["path"] not in _UNTOLD or status in _REFUSALS
                if is_told and not await self._recorded(action, status, told):
                    has_failed, status = True, 503
                took = time.perf_counter() - began
                self._state.metrics.told(action, status, took)
                log.info(
                    "request",
                    extra={
                        "action": action,
                        "status": status,
                        "ms": round(took * 1000, 1),
                        "request_id": told.get("request_id", ""),
                    },
                )
                has_begun = True
                if has_failed:
                    await _not_recorded(scope, receive, send)
                    return
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            kept = {"error": type(error).__name__, "request_id": told.get("request_id", "")}
            log.error("unforeseen", extra=kept)
            if has_begun:
                raise
            detail = "Something went wrong here; it is in the gateway's log under this request's id."
            await response(500, detail)(scope, receive, sending)

    def _action(self, scope: Scope) -> str:
        """Method and route as written in the code; a path that is none of ours is not repeated."""
        found = getattr(scope.get("route"), "path", None) or scope["path"]
        return f"{scope['method']} {found if found in self._paths else 'unknown'}"

    async def _recorded(self, action: str, status: int, told: MutableMapping[str, Any]) -> bool:
        outcome = "done" if status < 400 else "failed" if status >= 500 else "refused"
        record = Record(
            told.get("source", "gateway"),
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


async def _not_recorded(scope: Scope, receive: Receive, send: Send) -> None:
    detail = "The audit log cannot be written; nothing is answered without it."
    await response(503, detail, headers={"retry-after": "10"})(scope, receive, send)
