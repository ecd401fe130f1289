"""Access tokens by SMART Backend Services: a signed assertion buys one, and a new one before it ends.

https://hl7.org/fhir/smart-app-launch/backend-services.html
"""

import uuid
from dataclasses import dataclass, field
from typing import Any

import jwt

from mediflow_assets.errors import PullFailed
from mediflow_assets.ingest.bulk_export.addresses import joined
from mediflow_assets.ingest.bulk_export.clients import Client
from mediflow_assets.ingest.bulk_export.wire import Answer, Wire

ASSERTION_SECONDS = 240
"""An assertion may live for five minutes at most; clocks differ."""
_SPARE_SECONDS = 30
_UNTOLD_SECONDS = 300
_WAIT_SECONDS = 600
_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST_TOKEN = 64 << 10


def assertion(client: Client, audience: str, now: float) -> str:
    """Who asks, signed, for once: `iss` and `sub` the client, `aud` the address to which it is sent."""
    claims = {
        "iss": client.client_id,
        "sub": client.client_id,
        "aud": audience,
        "iat": int(now),
        "exp": int(now) + ASSERTION_SECONDS,
        "jti": uuid.uuid4().hex,
    }
    key = client.key
    return jwt.encode(claims, key.private, key.algorithm, {"typ": "JWT", "kid": key.key_id})


@dataclass
class BackendTokens:
    """The token of one pull, held in memory only."""

    client: Client
    wire: Wire
    types: tuple[str, ...] = ()
    _token: str = field(default="", repr=False)
    _ends: float = 0.0
    _endpoint: str = ""
    _scope: str = ""

    def current(self) -> str:
        """The token; a new one where it has ended or soon will. Raises PullFailed."""
        if not self._token or self.wire.clock.now() >= self._ends:
            self._renew()
        return self._token

    def forget(self) -> None:
        """Have the next one asked for."""
        self._token = ""

    def _renew(self) -> None:
        if not self._endpoint:
            self._discover()
        until = self.wire.clock.now() + _WAIT_SECONDS
        answer = self.wire.patiently(self._buy, until)
        if answer.status != 200:
            raise PullFailed(
                f"The server answered {answer.status} to the request for a token: is this client registered there with "
                "this key, and allowed what it asks for?"
            )
        said = answer.members()
        token, kind, seconds = (said.get(name) for name in ("access_token", "token_type", "expires_in"))
        is_token = (
            isinstance(token, str) and token.isascii() and token.isprintable() and 0 < len(token) < _LONGEST_TOKEN
        )
        if not is_token or not isinstance(kind, str) or kind.lower() != "bearer":
            raise PullFailed("The server's answer to the request for a token has no bearer token.")
        lasts = float(seconds) if isinstance(seconds, (int, float)) and seconds > 0 else _UNTOLD_SECONDS
        # one that ends at once is used once
        self._ends = self.wire.clock.now() + lasts - min(_SPARE_SECONDS, lasts / 2)
        self._token = str(token)

    def _buy(self) -> Answer:
        """Ask for a token, each time with an assertion of its own."""
        form = {
            "grant_type": "client_credentials",
            "scope": self._scope,
            "client_assertion_type": _TYPE,
            "client_assertion": assertion(self.client, self._endpoint, self.wire.clock.now()),
        }
        return self.wire.once("POST", self._endpoint, {"Accept": "application/json"}, form, has_token=False)

    def _discover(self) -> None:
        """Where tokens are to be had, from the server's own configuration."""
        url = f"{self.wire.server}/.well-known/smart-configuration"
        until = self.wire.clock.now() + _WAIT_SECONDS
        answer = self.wire.ask("GET", url, {"Accept": "application/json"}, until, has_token=False)
        said = answer.members() if answer.status == 200 else {}
        endpoint = said.get("token_endpoint")
        if not isinstance(endpoint, str) or not endpoint:
            raise PullFailed("The server's .well-known/smart-configuration names no token endpoint.")
        known = said.get("token_endpoint_auth_signing_alg_values_supported")
        if isinstance(known, list) and self.client.key.algorithm not in known:
            raise PullFailed(f"The server takes no keys of {self.client.key.algorithm}: give it one of another kind.")
        self._endpoint, self._scope = joined(url, endpoint), self.client.scope or _scope(said, self.types)


def _scope(said: dict[str, Any], types: tuple[str, ...]) -> str:
    """To read and search, of each type or of all; as version 2 of SMART writes it where the server knows that."""
    told = [
        each for name in ("capabilities", "scopes_supported") for each in said.get(name) or () if isinstance(each, str)
    ]
    rights = "rs" if any(each == "permission-v2" or each.endswith(".rs") for each in told) else "read"
    return " ".join(f"system/{kind}.{rights}" for kind in types or ("*",))
