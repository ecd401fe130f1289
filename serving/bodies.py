"""What reaches a route: bodies within 2 MB and 15 seconds, counted as the bytes arrive, and strict JSON."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from serving.problems import response
from serving.strict_json import NotJson, parse

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MOST_BYTES, LONGEST_SECONDS = 2_000_000, 15.0
_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"
_SECURITY = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}


class _Refused(Exception):
    def __init__(self, status: int, detail: str) -> None:
        self.status, self.detail = status, detail


class Bodies:
    """ASGI middleware. Gives each request an id, its own or the client's, and each reply security headers."""

    def __init__(self, app: Any, most_bytes: int = MOST_BYTES, seconds: float = LONGEST_SECONDS) -> None:
        self._app, self._most, self._seconds = app, most_bytes, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id

        async def sending(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                extra = {"x-request-id": request_id, **_SECURITY}
                message["headers"] = [*message["headers"], *((k.encode(), v.encode()) for k, v in extra.items()
                                                             if k.encode() not in given)]  # fmt: skip
            await send(message)

        try:
            body = await asyncio.wait_for(self._read(scope, receive), self._seconds)
        except TimeoutError:
            await self._refuse(408, f"The body did not arrive within {self._seconds:g} seconds.", scope, sending)
        except _Refused as refused:
            await self._refuse(refused.status, refused.detail, scope, sending)
        else:
            await self._app(scope, _replayed(body, receive), sending)

    async def _read(self, scope: Scope, receive: Receive) -> bytes:
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Refused(400, "The connection was closed.")
            part = message.get("body", b"")
            size += len(part)
            if size > self._most:
                raise _Refused(413, f"The body is larger than {self._most:,} bytes.")
            parts.append(part)
            if not message.get("more_body"):
                break
        body = b"".join(parts)
        _refuse_what_is_not_accepted(scope, body)
        return body

    async def _refuse(self, status: int, detail: str, scope: Scope, send: Send) -> None:
        # what is still on its way is not waited for
        await response(status, detail, headers={"connection": "close"})(scope, _nothing, send)


def _refuse_what_is_not_accepted(scope: Scope, body: bytes) -> None:
    if not body or scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return
    kind = next((v.decode("latin-1") for k, v in scope["headers"] if k == b"content-type"), "").split(";")[0].strip()
    if kind.lower() == _FORM and scope["path"] == "/token":
        return
    if kind.lower() != _JSON:
        raise _Refused(415, f"Send {_JSON}.")
    try:
        parse(body)
    except NotJson as problem:
        raise _Refused(422, str(problem)) from None


def _request_id(scope: Scope) -> str:
    given = next((v.decode("latin-1") for k, v in scope["headers"] if k == b"x-request-id"), "")
    is_plain = 0 < len(given) <= 64 and all(
        letter.isascii() and (letter.isalnum() or letter in "-_") for letter in given
    )
    return given if is_plain else uuid.uuid4().hex


def _replayed(body: bytes, receive: Receive) -> Receive:
    told = False

    async def again() -> MutableMapping[str, Any]:
        nonlocal told
        if not told:
            told = True
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return again


async def _nothing() -> MutableMapping[str, Any]:
    return {"type": "http.disconnect"}
