"""`/token` and the public keys that verify what it gives."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel, ConfigDict, Field

from mediflow_assets.errors import LoginRefused, MediFlowError
from serving.problems import PROBLEMS, Problem
from serving.schemas import Credentials, Token
from serving.state import state_of
from serving.tokens import LIFETIME_SECONDS, issue

router = APIRouter(tags=["access"], responses=PROBLEMS)
_REFUSED = "Unknown user, wrong password, or a disabled account."


@router.post("/token", summary="An access token")
async def token(request: Request, form: Annotated[Credentials, Form()]) -> Token:
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


class Jwk(BaseModel):
    """A public key, RFC 8037."""

    kty: Literal["OKP"] = Field("OKP", description="the kind of key")
    crv: Literal["Ed25519"] = Field("Ed25519", description="the curve")
    x: str = Field(description="the public half, base64url")
    kid: str = Field(description="the key's id, as in the header of its tokens")
    use: Literal["sig"] = Field("sig", description="it verifies signatures")
    alg: Literal["EdDSA"] = Field("EdDSA", description="by this algorithm only")


class Jwks(BaseModel):
    """The public keys in use, RFC 7517. The last one signs."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "keys": [
                        {
                            "kty": "OKP",
                            "crv": "Ed25519",
                            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                            "kid": "5f7f1a2b3c4d5e6f",
                            "use": "sig",
                            "alg": "EdDSA",
                        }
                    ]
                }
            ]
        }
    )
    keys: list[Jwk] = Field(description="one or, for half an hour after a rotation, two")


@router.get("/.well-known/jwks.json", summary="The public keys")
async def jwks(request: Request) -> Jwks:
    """What verifies access tokens."""
    return Jwks(keys=[Jwk.model_validate(key.as_jwk()) for key in state_of(request).keys])
