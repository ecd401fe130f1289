"""Tokens: what is not made by us, for us, now, is refused, always in the same words."""

import base64
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi.testclient import TestClient

from mediflow_assets.errors import LoginRefused
from mediflow_assets.identity.audit import AuditLog
from mediflow_assets.identity.revoked_tokens import Revoked
from mediflow_assets.identity.token_keys import SigningKey, add_key, load_keys
from mediflow_assets.identity.users import Users
from mediflow_assets.settings import Settings
from serving.tests.conftest import PASSWORD
from serving.tokens import LIFETIME_SECONDS, TokenRefused, issue, verify

CLAIMS = ("iss", "aud", "sub", "iat", "exp", "jti", "roles")


def now() -> int:
    return int(time.time())


def good() -> dict[str, Any]:
    """The claims of a token that passes when it is made: tests may run longer than a token lives."""
    return {
        "iss": "mediflow",
        "aud": "mediflow-gateway",
        "sub": "scorer",
        "iat": now(),
        "exp": now() + 1800,
        "jti": "a" * 32,
        "roles": ["scorer"],
    }


@pytest.fixture(scope="module")
def key(home: Settings) -> SigningKey:
    return load_keys(home.secrets)[-1]


def made(key: SigningKey, claims: dict[str, Any] | None = None, header: dict[str, Any] | None = None) -> str:
    return jwt.encode(good() | (claims or {}), key.private, "EdDSA", {"typ": "at+jwt", "kid": key.kid} | (header or {}))


def unsigned(alg: str, kid: str) -> str:
    parts = ({"alg": alg, "typ": "at+jwt", "kid": kid}, good())
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts) + "."


def with_public_key_as_secret(key: SigningKey) -> str:
    import hashlib
    import hmac

    head, secret = unsigned("HS256", key.kid)[:-1], key.public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    signature = hmac.new(secret, head.encode(), hashlib.sha256).digest()
    return f"{head}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


HOSTILE: dict[str, Callable[[SigningKey], str]] = {
    "HS256 with the public key": with_public_key_as_secret,
    "wrong key": lambda key: made(SigningKey(key.kid, Ed25519PrivateKey.generate())),
    "unknown kid": lambda key: made(key, header={"kid": "0" * 16}),
    "expired": lambda key: made(key, {"iat": now() - 1000, "exp": now() - 100}),
    "issued in the future": lambda key: made(key, {"iat": now() + 90_000, "exp": now() + 90_900}),
    "wrong audience": lambda key: made(key, {"aud": "another"}),
    "audience among others": lambda key: made(key, {"aud": ["mediflow-gateway", "another"]}),
    "wrong issuer": lambda key: made(key, {"iss": "another"}),
    "wrong type": lambda key: made(key, header={"typ": "JWT"}),
    "31 minutes": lambda key: made(key, {"exp": now() + 31 * 60}),
    "year 9999": lambda key: made(key, {"exp": 253_402_300_799}),
    "expires in the past of its issue": lambda key: made(key, {"exp": now() - 1}),
    "lifetime 31 minutes, issued earlier": lambda key: made(key, {"iat": now() - 600, "exp": now() - 600 + 31 * 60}),
    "exp as text": lambda key: made(key, {"exp": str(now() + 1800)}),
    "roles as text": lambda key: made(key, {"roles": "scorer"}),
    "a role that is no text": lambda key: made(key, {"roles": [1]}),
    "header crit": lambda key: made(key, header={"crit": ["exp"]}),
    "a private claim in the header": lambda key: made(key, header={"cty": "JWT"}),
    "no type": lambda key: jwt.encode(good(), key.private, "EdDSA", {"typ": None, "kid": key.kid}),
    "without its signature": lambda key: made(key).rsplit(".", 1)[0] + ".",
    "another's signature": lambda key: made(key).rsplit(".", 1)[0] + "." + made(key, {"sub": "x"}).rsplit(".", 1)[1],
    "truncated": lambda key: made(key)[:-10],
    "oversized": lambda key: made(key, {"jti": "a" * 8000}),
    "not base64": lambda key: "@@@.@@@.@@@",
    "empty": lambda key: "",
    "one part": lambda key: "abc",
    "without a user": lambda key: made(key, {"sub": ""}),
    "unknown user": lambda key: made(key, {"sub": "nobody"}),
}
for _alg in ("none", "None", "NONE", "nOnE", ""):
    HOSTILE[f"alg {_alg}"] = partial(lambda alg, key: unsigned(alg, key.kid), _alg)
for _name in ("jwk", "jku", "x5u", "x5c"):
    HOSTILE[f"header {_name}"] = partial(lambda name, key: made(key, header={name: "x"}), _name)
for _claim in CLAIMS:
    HOSTILE[f"without {_claim}"] = partial(
        lambda claim, key: jwt.encode(
            {k: v for k, v in good().items() if k != claim}, key.private, "EdDSA", {"typ": "at+jwt", "kid": key.kid}
        ),
        _claim,
    )


def test_a_good_token_passes(client: TestClient, key: SigningKey) -> None:
    assert client.get("/models", headers={"authorization": f"Bearer {made(key)}"}).status_code == 200


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_tokens_are_refused_in_the_same_words(client: TestClient, key: SigningKey, kind: str) -> None:
    reply = client.get("/models", headers={"authorization": f"Bearer {HOSTILE[kind](key)}"})
    plain = client.get("/models")
    assert reply.status_code == 401
    assert reply.json() == plain.json()


def test_roles_that_a_user_lost_do_not_count(client: TestClient, key: SigningKey) -> None:
    greedy = {"authorization": f"Bearer {made(key, {'sub': 'executive', 'roles': ['scorer', 'executive']})}"}
    body = {"age": 1, "gender": "F", "department": "X", "diagnosis_code": "I10"}
    assert client.get("/models", headers=greedy).status_code == 200
    assert client.post("/predict", json=body, headers=greedy).status_code == 403


def test_revoked_tokens_and_users_are_refused(client: TestClient, home: Settings, key: SigningKey) -> None:
    header = {"authorization": f"Bearer {made(key, {'jti': 'b' * 32})}"}
    assert client.get("/models", headers=header).status_code == 200
    Revoked(home.ops_url).token("b" * 32)
    assert client.get("/models", headers=header).status_code == 401
    other = {"authorization": f"Bearer {made(key, {'sub': 'analyst', 'roles': ['analyst']})}"}
    Revoked(home.ops_url).user("analyst")
    assert client.get("/models", headers=other).status_code == 401


def test_a_disabled_user_is_refused_at_once(client: TestClient, home: Settings, key: SigningKey) -> None:
    Users(home.ops_url).create("leaver", PASSWORD, ["scorer"])
    header = {"authorization": f"Bearer {made(key, {'sub': 'leaver'})}"}
    assert client.get("/models", headers=header).status_code == 200
    Users(home.ops_url).disable("leaver")
    assert client.get("/models", headers=header).status_code == 401
    assert client.post("/token", data={"username": "leaver", "password": PASSWORD}).status_code == 401


def test_unknown_user_and_wrong_password_read_alike(client: TestClient) -> None:
    wrong, unknown = (
        client.post("/token", data={"username": name, "password": "wrong wrong wrong"})
        for name in ("operator", "ghost")
    )
    assert wrong.status_code == unknown.status_code == 401 and wrong.json() == unknown.json()


@pytest.mark.slow
def test_unknown_user_wrong_password_and_closed_account_take_the_same_time(home: Settings) -> None:
    users = Users(home.ops_url)
    users.create("closed", PASSWORD, ["scorer"])
    users.disable("closed")
    took: dict[str, list[float]] = {"operator": [], "ghost": [], "closed": [], "no name at all": []}
    # the processor's time, which a busy machine does not change; in turns, and the quickest tries tell
    for _ in range(6):
        for name, times in took.items():
            began = time.process_time()
            with pytest.raises(LoginRefused):
                users.verify(name, "wrong wrong wrong")
            times.append(time.process_time() - began)
    quickest = [min(times) for times in took.values()]
    assert max(quickest) < 1.5 * min(quickest), took


def test_a_refused_login_is_recorded_under_the_account_and_a_mistyped_name_never(
    client: TestClient, home: Settings
) -> None:
    log = AuditLog(home.ops_url, home.audit_head)
    for name, actor in ((" Clinician ", "clinician"), ("my-secret-passphrase", "")):
        assert client.post("/token", data={"username": name, "password": "wrong wrong wrong"}).status_code == 401
        (record,) = log.latest(1)
        assert (record["actor"], record["action"], record["outcome"]) == (actor, "POST /token", "refused")
        assert "passphrase" not in json.dumps(record)


def test_a_token_revoked_by_its_id_is_refused_whenever_it_was_issued(tmp_path: Path) -> None:
    revoked = Revoked(f"sqlite:///{tmp_path / 'ops.db'}")
    revoked.token("b" * 32)
    assert revoked.concerns("anyone", "b" * 32, now() + 60) and not revoked.concerns("anyone", "c" * 32, now())


def test_tries_are_throttled_before_a_password_is_looked_at(client: TestClient) -> None:
    tries = [client.post("/token", data={"username": "victim", "password": "x" * 12}).status_code for _ in range(11)]
    assert tries[:10] == [401] * 10 and tries[10] == 429


def test_a_new_key_signs_and_the_old_one_still_verifies(tmp_path: Any) -> None:
    (old,) = load_keys(tmp_path)
    token = issue(old, "scorer", ["scorer"])
    add_key(tmp_path)
    both = load_keys(tmp_path)
    assert len(both) == 2 and both[-1].kid != old.kid
    assert verify(token, both).sub == "scorer" and verify(issue(both[-1], "a", ["x"]), both).exp > now()
    with pytest.raises(TokenRefused):
        verify(token, both[-1:])
    assert LIFETIME_SECONDS <= 1800


def test_the_public_keys_hold_nothing_private(client: TestClient, key: SigningKey) -> None:
    (jwk,) = client.get("/.well-known/jwks.json").json()["keys"]
    assert set(jwk) == {"kty", "crv", "x", "kid", "use", "alg"} and jwk["kid"] == key.kid
