"""`/token` and the public keys that verify what it gives."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.security import OAuth2PasswordRequestForm

from mediflow_assets.errors import LoginRefused, MediFlowError
from serving.problems import PROBLEMS, Problem
from serving.schemas import Token
from serving.state import state_of
from serving.tokens import LIFETIME_SECONDS, issue

router = APIRouter(tags=["access"], responses=PROBLEMS)
_REFUSED = "Unknown user, wrong password, or a disabled account."


@router.post("/token")
async def token(request: Request, form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> Token:
    """Name and password → an access token of 15 minutes."""
    state = state_of(request)
    address = request.client.host if request.client else ""
    if not state.throttle.may_try(form.username, address):
        raise Problem(429, "Too many tries. Wait five minutes.", headers={"retry-after": "300"})
    try:
        async with state.hashing.one():
            user = await asyncio.to_thread(state.users.verify, form.username, form.password)
    except LoginRefused:
        # a name that is none of ours may be a password typed into the wrong field: it is not written down
        request.state.actor = await asyncio.to_thread(state.users.known, form.username) or ""
        raise Problem(401, _REFUSED, headers={"www-authenticate": "Bearer"}) from None
    except MediFlowError:
        raise Problem(503, "The database of users does not answer.", headers={"retry-after": "10"}) from None
    request.state.actor = user.name
    return Token(access_token=issue(state.keys[-1], user.name, user.roles), expires_in=LIFETIME_SECONDS)


@router.get("/.well-known/jwks.json")
async def jwks(request: Request) -> dict[str, list[dict[str, str]]]:
    """The public keys, RFC 7517."""
    return {"keys": [key.as_jwk() for key in state_of(request).keys]}
