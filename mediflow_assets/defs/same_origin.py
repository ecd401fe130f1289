"""Requests that a browser sends for a page of somebody else are refused, before anything of Dagster sees them.

Dagster's UI asks for no login on localhost, so any page that is open in the same browser could launch runs. A browser
names the page it asks for in `Origin` and in `Sec-Fetch-Site`; a page that points its own name at this machine is known
by `Host`. A program that is no browser sends neither and is served.
"""

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_READS = ("GET", "HEAD", "OPTIONS")
_OWN = ("same-origin", "none")
"""`Sec-Fetch-Site` of a request by the page itself, or by the person at the browser."""
_POLICY_VIOLATED = 1008
_ANSWER = (
    "Refused: this request names another host or comes from another page. Open the Dagster UI by its own address; "
    "another host name is allowed by MEDIFLOW_UI_HOSTS.\n"
)


class SameOrigin:
    """ASGI middleware: only requests to this host, by its own pages; `hosts` are allowed beside loopback names."""

    def __init__(self, app: ASGIApp, hosts: Collection[str] = ()) -> None:
        self.app, self.hosts = app, frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403 (a WebSocket is closed)."""
        if scope["type"] not in ("http", "websocket") or self._is_own(scope):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _POLICY_VIOLATED})
        else:
            await PlainTextResponse(_ANSWER, 403)(scope, receive, send)

    def _is_own(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or len(origins) > 1 or not self._is_allowed(hosts[0]):
            return False
        if scope["type"] == "http" and scope["method"] in _READS:
            # a link or picture of elsewhere leads here, and nothing may be changed by it
            return not _asks_graphql(scope)
        is_by_own_page = not origins or _address(origins[0]) == hosts[0].lower()
        return is_by_own_page and headers.get("sec-fetch-site", "none") in _OWN

    def _is_allowed(self, host: str) -> bool:
        try:
            parts = urlsplit(f"//{host}")
            name, _ = parts.hostname or "", parts.port
        except ValueError:
            # what stands in the place of a port is none
            return False
        return name == "localhost" or name in self.hosts or _is_loopback(name)


def _asks_graphql(scope: Scope) -> bool:
    # Dagster runs a mutation that stands in the address of a GET; its own pages ask by POST
    return "query" in parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)


def _address(origin: str) -> str:
    """`host:port` of an origin; nothing where it is `null`."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
