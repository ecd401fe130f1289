"""Outermost: each request gets an id, its own or the client's, and each reply that id and the security headers."""

import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

SECURITY = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}


class Marked:
    """ASGI middleware. What a route puts into `rate_headers` of its request's state goes out as well."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = scope.setdefault("state", {})
        told["request_id"] = _request_id(scope)

        async def sending(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                extra = SECURITY | {"x-request-id": told["request_id"]} | told.get("rate_headers", {})
                message["headers"] = [
                    *message["headers"],
                    *((k.encode(), v.encode()) for k, v in extra.items() if k.encode() not in given),
                ]
            await send(message)

        await self._app(scope, receive, sending)


def header(scope: Scope, name: bytes) -> str:
    """A header of the request, empty where there is none."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _request_id(scope: Scope) -> str:
    given = header(scope, b"x-request-id")
    is_plain = 0 < len(given) <= 64 and all(
        letter.isascii() and (letter.isalnum() or letter in "-_") for letter in given
    )
    return given if is_plain else uuid.uuid4().hex
