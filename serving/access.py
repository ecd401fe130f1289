"""Who asks: the token of a request, whether it still counts, and whether its role suffices."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request

from mediflow_assets.identity.token_keys import SigningKey
from serving.marked import Scope, header
from serving.problems import Problem
from serving.state import state_of
from serving.tokens import Claims, TokenRefused, verify

INCLUDED = {"admin": ("scorer", "operator")}
"""Roles that another one includes."""
REFUSED = "A valid access token is needed: get one from /token."
CHALLENGE = {"www-authenticate": "Bearer"}


def claims_in(scope: Scope, keys: Sequence[SigningKey]) -> Claims | None:
    """What a request's token says; None where there is none that was made here and still counts. Verified once."""
    told = scope.setdefault("state", {})
    if "claims" not in told:
        kind, _, token = header(scope, b"authorization").partition(" ")
        try:
            told["claims"] = verify(token.strip(), keys) if kind.lower() == "bearer" else None
        except TokenRefused:
            told["claims"] = None
    found: Claims | None = told["claims"]
    return found


async def claims_of(request: Request) -> Claims:
    """The claims of the request's token, its roles narrowed to those the user still has. Raises Problem 401."""
    state = state_of(request)
    claims = claims_in(request.scope, state.keys)
    if claims is None:
        raise Problem(401, REFUSED, headers=CHALLENGE)
    roles, is_revoked = await asyncio.to_thread(
        lambda: (state.users.roles(claims.sub), state.revoked.concerns(claims.sub, claims.jti, claims.iat))
    )
    if is_revoked or not roles:
        raise Problem(401, REFUSED, headers=CHALLENGE)
    held = [role for role in claims.roles if role in roles]
    request.state.actor = claims.sub
    return Claims(claims.sub, tuple(held), claims.jti, claims.iat, claims.exp)


@dataclass(frozen=True)
class Allowed:
    """A dependency: the claims of who holds one of these roles; of any role where none is named."""

    roles: tuple[str, ...]

    async def __call__(self, request: Request) -> Claims:
        """The claims. Raises Problem 401, 403, 429."""
        claims = await claims_of(request)
        held = {*claims.roles, *(part for role in claims.roles for part in INCLUDED.get(role, ()))}
        if self.roles and not held & set(self.roles):
            raise Problem(403, f"This needs the role {' or '.join(self.roles)}.")
        is_free, headers = await state_of(request).throttle.may_ask(claims.sub)
        request.state.rate_headers = headers
        if not is_free:
            raise Problem(429, "Too many requests in this minute.", headers={"retry-after": "60"})
        return claims

    def __str__(self) -> str:
        """Who that is, in words."""
        including = [role for role, parts in INCLUDED.items() if set(parts) & set(self.roles)]
        return ", ".join([*self.roles, *including]) or "any role"


def allowed(*roles: str) -> Allowed:
    """A dependency: whoever holds one of these roles; any role where none is named."""
    return Allowed(roles)
