"""The gateway's client: signing in, and asking with the user's token. The token stays in the server's session."""

import base64
import json
import time
from dataclasses import dataclass, field
from typing import Any

import requests

from dashboard.settings import DashboardSettings

TIMEOUT_SECONDS = 5.0


class GatewayProblem(Exception):
    """The gateway did not answer as wanted. The text says what happened and what to do."""


class SignInRefused(GatewayProblem):
    """Wrong name or password, or a disabled account."""


class SessionEnded(GatewayProblem):
    """The token expired or was revoked."""


@dataclass(frozen=True)
class SignedIn:
    """Who is signed in, with which roles, until when (seconds since 1970)."""

    name: str
    roles: frozenset[str]
    expires_at: float
    token: str = field(repr=False)

    @property
    def is_over(self) -> bool:
        """Whether the token has run out."""
        return time.time() >= self.expires_at


def url() -> str:
    """Where the gateway answers: MEDIFLOW_GATEWAY_URL."""
    return DashboardSettings().gateway_url.rstrip("/")


def sign_in(name: str, password: str) -> SignedIn:
    """A token for these credentials. Raises SignInRefused, GatewayProblem."""
    reply = _send("POST", "/token", data={"username": name, "password": password})
    if reply.status_code in (400, 401, 403):
        raise SignInRefused("Name or password is not right, or the account is disabled.")
    if reply.status_code == 429:
        raise SignInRefused("Too many attempts. Wait a minute, then try again.")
    body = _body(reply)
    try:
        claims = _claims(body["access_token"])
        return SignedIn(claims["sub"], frozenset(claims["roles"]), float(claims["exp"]), body["access_token"])
    except (KeyError, TypeError, ValueError):
        raise GatewayProblem("The gateway's reply is not a MediFlow token: check MEDIFLOW_GATEWAY_URL.") from None


def ask(user: SignedIn, method: str, path: str, payload: Any = None) -> Any:
    """The gateway's JSON reply to this user. Raises SessionEnded, GatewayProblem."""
    if user.is_over:
        raise SessionEnded("Your session has ended. Sign in again.")
    reply = _send(method, path, json=payload, headers={"Authorization": f"Bearer {user.token}"})
    if reply.status_code == 401:
        raise SessionEnded("Your session has ended. Sign in again.")
    return _body(reply)


def _send(method: str, path: str, **options: Any) -> requests.Response:
    try:
        return requests.request(method, url() + path, timeout=TIMEOUT_SECONDS, allow_redirects=False, **options)
    except requests.RequestException as broken:
        raise GatewayProblem(
            f"The gateway does not answer ({type(broken).__name__}). Start it with 'mediflow up', or ask your operator."
        ) from None


def _body(reply: requests.Response) -> Any:
    said = {
        403: "Your roles do not open this. Ask an admin: 'mediflow users add' gives roles.",
        404: "The gateway does not know this yet, or has nothing under it.",
        409: f"The gateway refused the input: {_fields(reply)}.",
        422: f"The gateway refused the input: {_fields(reply)}.",
        429: "The gateway allows no more requests this minute. Wait a minute, then try again.",
        503: "The gateway has nothing to serve yet. Train models with 'mediflow run --select models'.",
    }
    if not reply.ok:
        other = f"The gateway refused the request (status {reply.status_code})."
        raise GatewayProblem(said.get(reply.status_code, other))
    try:
        return reply.json()
    except ValueError:
        raise GatewayProblem("The gateway's reply is not JSON: check MEDIFLOW_GATEWAY_URL.") from None


def _fields(reply: requests.Response) -> str:
    """What a 409 or 422 names: fields and problems, never values."""
    try:
        problem = reply.json()
        errors = [f"{each['field']}: {each['problem']}" for each in problem.get("errors", [])]
        return "; ".join(errors) or str(problem["detail"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return "a field is not as it has to be"


def _claims(token: str) -> dict[str, Any]:
    """What the token says. It came straight from the gateway, which verifies it again at each request."""
    part = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    if not isinstance(claims, dict):
        raise ValueError("no claims")
    return claims
