"""What reaches a route: bodies of users only, within 2 MB and 15 seconds, counted as the bytes arrive, strict JSON."""

import asyncio
from collections.abc import Mapping, MutableMapping
from typing import Any

from serving.access import CHALLENGE, REFUSED, claims_in
from serving.marked import Receive, Scope, Send, header
from serving.problems import response
from serving.strict_json import NotJson, parse

MOST_BYTES, MOST_FORM_BYTES, LONGEST_SECONDS = 2_000_000, 16_384, 15.0
MOST_HELD_BYTES = 64_000_000
"""Of all bodies that are on their way at one moment."""
MOST_AT_ONCE = 256
"""Requests that are worked on at one moment; how many connections are open is bounded in `deadlines`."""
_LARGE = 50_000
"""Bytes from which on a body is parsed beside the loop, so that small requests go on meanwhile."""
_JSON, _FORM, _FORM_PATH = "application/json", "application/x-www-form-urlencoded", "/token"


class _Refused(Exception):
    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.detail, self.headers = status, detail, dict(headers or {})


class Bodies:
    """ASGI middleware. Of a stranger's body nothing is kept: without a valid token the reply is 401, whatever was
    sent, and only `/token` takes a short form from anyone."""

    def __init__(self, app: Any, state: Any, seconds: float = LONGEST_SECONDS) -> None:
        self._app, self._state, self._seconds = app, state, seconds
        self._held = self._busy = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        parts = bytearray()
        try:
            async with asyncio.timeout(self._seconds):
                await self._read(scope, receive, parts)
            await _refuse_what_is_not_accepted(scope, bytes(parts))
            if self._busy >= MOST_AT_ONCE:
                raise _Refused(503, "Too many requests are being worked on.", {"retry-after": "1"})
        except TimeoutError:
            detail = f"The body did not arrive within {self._seconds:g} seconds."
            await response(408, detail, headers={"connection": "close"})(scope, _nothing, send)
        except _Refused as refused:
            await response(refused.status, refused.detail, headers=refused.headers)(scope, _nothing, send)
        else:
            await self._pass_on(scope, _replayed(bytes(parts), receive), send)
        finally:
            self._let_go(parts)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._busy += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._busy -= 1

    async def _read(self, scope: Scope, receive: Receive, parts: bytearray) -> None:
        is_form = scope["path"] == _FORM_PATH
        most, size = MOST_FORM_BYTES if is_form else MOST_BYTES, 0
        is_kept = is_form or not _has_body(scope) or claims_in(scope, self._state.keys) is not None
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Refused(400, "The connection was closed.")
            part = message.get("body", b"")
            size += len(part)
            if size > 2 * most:
                raise _Refused(413, f"The body is larger than {most:,} bytes.", {"connection": "close"})
            if size > most:
                # a client that still sends does not read: what is a little too large is taken, and not kept
                self._let_go(parts)
            elif is_kept:
                if self._held + len(part) > MOST_HELD_BYTES:
                    headers = {"connection": "close", "retry-after": "5"}
                    raise _Refused(503, "Too many bodies are on their way.", headers)
                parts += part
                self._held += len(part)
            if not message.get("more_body"):
                break
        if size and not is_kept:
            raise _Refused(401, REFUSED, CHALLENGE)
        if size > most:
            raise _Refused(413, f"The body is larger than {most:,} bytes.")

    def _let_go(self, parts: bytearray) -> None:
        self._held -= len(parts)
        parts.clear()


def _has_body(scope: Scope) -> bool:
    return header(scope, b"content-length") not in ("", "0") or header(scope, b"transfer-encoding") != ""


async def _refuse_what_is_not_accepted(scope: Scope, body: bytes) -> None:
    if not body or scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return
    kind = header(scope, b"content-type").split(";")[0].strip().lower()
    if scope["path"] == _FORM_PATH:
        if kind != _FORM:
            raise _Refused(415, f"Send {_FORM}.")
        return
    if kind != _JSON:
        raise _Refused(415, f"Send {_JSON}.")
    try:
        await asyncio.to_thread(parse, body) if len(body) > _LARGE else parse(body)
    except NotJson as problem:
        raise _Refused(422, str(problem)) from None


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
