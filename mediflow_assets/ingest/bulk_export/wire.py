"""The one place that speaks HTTP: bounded answers, redirects, tokens for their own host, and asking again."""

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol

import httpx
import msgspec

from mediflow_assets.errors import PullFailed
from mediflow_assets.ingest.bulk_export.addresses import is_loopback, joined, origin, require_allowed
from mediflow_assets.ingest.bulk_export.outcomes import told_codes
from mediflow_assets.ingest.bulk_export.waiting import MOST_FAILURES, Clock, Patience

SMALL_BYTES = 16 << 20
"""Of the longest answer that is kept in memory."""
_MOST_REDIRECTS = 5
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_TIMEOUT = httpx.Timeout(30.0, read=120.0)
NOT_NOW = frozenset((408, 425, 429, 500, 502, 503, 504))
"""Answers that may be others later."""


# they would log every address
for _logger in ("httpx", "httpcore"):
    logging.getLogger(_logger).setLevel(logging.WARNING)


class Tokens(Protocol):
    """Who has the token."""

    def current(self) -> str:
        """A token that has not ended."""

    def forget(self) -> None:
        """The server refused it."""


@dataclass(frozen=True)
class Answer:
    """A short answer of a server."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    def members(self) -> dict[str, Any]:
        """The JSON object that it is. Raises PullFailed."""
        try:
            found = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise PullFailed("The server's answer is no JSON object.")
        return found

    def refusal(self, what: str) -> str:
        """That something was refused, by status and the codes of the outcome."""
        return f"The server answered {self.status}{told_codes(self.body)} to {what}."


class Wire:
    """Asks one server, and what it names."""

    def __init__(
        self,
        server: str,
        tokens: Tokens | None = None,
        token_hosts: frozenset[str] = frozenset(),
        is_plain_allowed: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self.server, self.tokens, self.token_hosts = server, tokens, token_hosts
        self.is_plain_allowed, self.clock = is_plain_allowed, clock or Clock()
        # a proxy has no way to this machine; the authorities of SSL_CERT_FILE count for all
        is_proxied, trusted = not is_loopback(server), httpx.create_ssl_context()
        agent = {"User-Agent": "mediflow"}
        self.http = httpx.Client(verify=trusted, timeout=_TIMEOUT, trust_env=is_proxied, headers=agent)

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.http.close()

    def sees_token(self, url: str) -> bool:
        """Whether the token may go to an address: to the server itself, and to hosts that its owner has named."""
        scheme, host, _ = found = origin(url)
        return found == origin(self.server) or (host in self.token_hosts and scheme == "https")

    @contextlib.contextmanager
    def opened(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None = None,
        has_token: bool = True,
        body: bytes | None = None,
    ) -> Iterator[httpx.Response]:
        """An answer whose body is unread. Redirects are followed; whether a host gets a token is asked anew."""
        for _ in range(_MOST_REDIRECTS + 1):
            require_allowed(url, self.server, self.is_plain_allowed)
            sent = {"Accept-Encoding": "identity", **headers}
            if has_token and self.tokens and self.sees_token(url):
                sent["Authorization"] = f"Bearer {self.tokens.current()}"
            try:
                request = self.http.build_request(method, url, headers=sent, data=form, content=body)
                response = self.http.send(request, stream=True)
            except (httpx.InvalidURL, UnicodeError):
                raise PullFailed("The server names an address that is none.") from None
            try:
                target = response.headers.get("Location")
                if method != "GET" or response.status_code not in _REDIRECTS or not target:
                    yield response
                    return
            finally:
                response.close()
            url = joined(url, target)
        raise PullFailed("The server redirects without end.")

    def once(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None = None,
        has_token: bool = True,
        body: bytes | None = None,
    ) -> Answer:
        """Ask once. Raises httpx.TransportError where no answer comes, PullFailed where it is too long."""
        with self.opened(method, url, headers, form, has_token, body) as response:
            found = bytearray()
            for piece in response.iter_raw():
                found += piece
                if len(found) > SMALL_BYTES:
                    raise PullFailed(f"The server's answer is longer than {SMALL_BYTES >> 20} MiB.")
            return Answer(response.status_code, response.headers, bytes(found))

    def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        until: float,
        has_token: bool = True,
        body: bytes | None = None,
    ) -> Answer:
        """Ask until there is an answer other than "not now"; with a new token where the old one is refused."""
        return self.patiently(lambda: self.once(method, url, headers, None, has_token, body), until)

    def patiently(self, attempt: Callable[[], Answer], until: float) -> Answer:
        """What an attempt ends with; the last answer where the server fails too often. Raises PullFailed if silent."""
        patience, is_renewed, failures = Patience(self.clock, until), False, 0
        while True:
            answer = None
            try:
                answer = attempt()
            except httpx.TransportError as error:
                if failures + 1 >= MOST_FAILURES:
                    said = f"The server cannot be reached ({type(error).__name__})."
                    raise PullFailed(f"{said} Is the address right, and is it up? Then pull again.") from None
            if answer and answer.status == 401 and self.tokens and not is_renewed:
                is_renewed = True
                self.tokens.forget()
                continue
            if answer and answer.status not in NOT_NOW:
                return answer
            # a server that asks to be left alone for a time does not fail
            failures += answer is None or answer.status != 429
            if answer and failures >= MOST_FAILURES:
                return answer
            patience.wait(answer.headers.get("Retry-After") if answer else None)
