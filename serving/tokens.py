"""Access tokens (RFC 9068): issued for at most 30 minutes, verified by one algorithm, one type, known keys."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from mediflow_assets.identity.revoked_tokens import LONGEST_SECONDS
from mediflow_assets.identity.token_keys import SigningKey

ISSUER, AUDIENCE, KIND, ALGORITHM = "mediflow", "mediflow-gateway", "at+jwt", "EdDSA"
LIFETIME_SECONDS, LONGEST_TOKEN, SKEW_SECONDS = 900, 4096, 5
_REQUIRED = ["iss", "aud", "sub", "iat", "exp", "jti", "roles"]


class TokenRefused(Exception):
    """The token is not accepted. Always the same: why would help only who forges one."""


@dataclass(frozen=True)
class Claims:
    """Who asks, in which roles."""

    sub: str
    roles: tuple[str, ...]
    jti: str
    iat: int
    exp: int


def issue(key: SigningKey, user: str, roles: Sequence[str], now: float | None = None) -> str:
    """A token of 15 minutes."""
    at = int(time.time() if now is None else now)
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": user,
        "iat": at,
        "exp": at + LIFETIME_SECONDS,
        "jti": uuid.uuid4().hex,
        "roles": list(roles),
    }
    return jwt.encode(claims, key.private, ALGORITHM, {"typ": KIND, "kid": key.kid})


def verify(token: str, keys: Sequence[SigningKey]) -> Claims:
    """The claims of a valid token. Raises TokenRefused."""
    try:
        if len(token) > LONGEST_TOKEN:
            raise TokenRefused
        header = jwt.get_unverified_header(token)
        if set(header) != {"alg", "typ", "kid"} or header["alg"] != ALGORITHM or header["typ"] != KIND:
            raise TokenRefused
        key = next(key for key in keys if key.kid == header["kid"])
        options: Any = {"require": _REQUIRED, "strict_aud": True}
        found = jwt.decode(token, key.public, [ALGORITHM], options, audience=AUDIENCE, issuer=ISSUER)
        return _claims(found)
    except Exception:
        raise TokenRefused from None


def _claims(found: dict[str, Any]) -> Claims:
    issued, expires, roles = found["iat"], found["exp"], found["roles"]
    is_plain = type(issued) is int and type(expires) is int and isinstance(roles, list)
    if not is_plain or not 0 < expires - issued <= LONGEST_SECONDS or issued > time.time() + SKEW_SECONDS:
        raise TokenRefused
    texts = [found["sub"], found["jti"], *roles]
    if not all(isinstance(text, str) and 0 < len(text) <= 64 for text in texts):
        raise TokenRefused
    return Claims(found["sub"], tuple(roles), found["jti"], issued, expires)
