"""Who this house is to a server: `secrets/fhir.toml` names its client id, and a private key beside it."""

import base64
import hashlib
import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from mediflow_assets.errors import SecretMissing, SettingsInvalid
from mediflow_assets.ingest.bulk_export.addresses import server_address
from mediflow_assets.secrets.secret_files import read_closed

FILE = "fhir.toml"
_KNOWN = {"client_id": str, "key": str, "key_id": str, "scope": str, "token_hosts": list}
_LEAST_BITS = 2048
"""Of an RSA key for RS384 (RFC 7518, 3.3)."""
_OF_THUMBPRINT = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y")}
PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey


@dataclass(frozen=True)
class ClientKey:
    """A private key, the algorithm that fits it, and the id by which the server knows its public half."""

    private: PrivateKey = field(repr=False)
    algorithm: str
    key_id: str


@dataclass(frozen=True)
class Client:
    """A registered client of one server."""

    client_id: str
    key: ClientKey
    scope: str | None = None
    token_hosts: frozenset[str] = frozenset()
    """Other hosts that may see the token: those of a server whose files lie elsewhere."""


def client_of(secrets: Path, server: str) -> Client | None:
    """What the house is registered as at a server, if it is. Raises SecretMissing, SettingsInvalid."""
    if not (secrets / FILE).exists():
        return None
    try:
        said = tomllib.loads(read_closed(secrets / FILE, f"file {FILE} of the secrets").decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise SettingsInvalid(f"The file {FILE} of the secrets folder is no TOML.") from None
    entry = next((entry for base, entry in said.items() if _is_of(base, server)), None)
    if entry is None:
        return None
    _require_well_formed(entry)
    name = entry["key"]
    if Path(name).name != name:
        raise SettingsInvalid(f"'key' in {FILE} is the name of a file in the secrets folder, without a path.")
    key = read_key(read_closed(secrets / name, "private key of the FHIR client"), entry.get("key_id"))
    hosts = frozenset(str(host).lower() for host in entry.get("token_hosts", ()))
    return Client(entry["client_id"], key, entry.get("scope"), hosts)


def read_key(content: bytes, key_id: str | None = None) -> ClientKey:
    """A private key from PEM, a JWK or a set of one. Raises SecretMissing."""
    text = content.strip()
    try:
        private, named = _of_jwk(json.loads(text), key_id) if text[:1] == b"{" else (_of_pem(text), None)
    except SecretMissing:
        raise
    except Exception as error:
        # whatever the libraries raise may show what they read
        raise SecretMissing(f"The private key of the FHIR client cannot be read ({type(error).__name__}).") from None
    algorithm = _algorithm(private)
    return ClientKey(private, algorithm, key_id or named or thumbprint(private.public_key()))


def thumbprint(public: RSAPublicKey | EllipticCurvePublicKey) -> str:
    """The name of a key that has none: the SHA-256 of its public half (RFC 7638)."""
    kind: Any = RSAAlgorithm if isinstance(public, RSAPublicKey) else ECAlgorithm
    members = kind.to_jwk(public, as_dict=True)
    canonical = {name: members[name] for name in _OF_THUMBPRINT[members["kty"]]}
    digest = hashlib.sha256(json.dumps(canonical, separators=(",", ":"), sort_keys=True).encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _of_jwk(said: dict[str, Any], key_id: str | None) -> tuple[Any, str | None]:
    keys = [key for key in said.get("keys", [said]) if "d" in key and key_id in (None, key.get("kid"))]
    if len(keys) != 1:
        raise SecretMissing(f"The FHIR client's JWK file has {len(keys)} private keys that fit: name one by 'key_id'.")
    kind = RSAAlgorithm if keys[0].get("kty") == "RSA" else ECAlgorithm
    return kind.from_jwk(keys[0]), keys[0].get("kid")


def _of_pem(text: bytes) -> Any:
    return load_pem_private_key(text, password=None)


def _algorithm(private: object) -> str:
    """RS384 or ES384, the two that every server knows (SMART App Launch, client-confidential-asymmetric)."""
    if isinstance(private, RSAPrivateKey) and private.key_size >= _LEAST_BITS:
        return "RS384"
    if isinstance(private, EllipticCurvePrivateKey) and isinstance(private.curve, SECP384R1):
        return "ES384"
    raise SecretMissing("The private key of the FHIR client is none of RSA with 2048 bits or more, or of EC P-384.")


def _is_of(base: str, server: str) -> bool:
    try:
        return server_address(base, is_plain_allowed=True) == server
    except SettingsInvalid:
        return False


def _require_well_formed(entry: object) -> None:
    if not isinstance(entry, dict) or not {"client_id", "key"} <= entry.keys():
        raise SettingsInvalid(f"A server's section in {FILE} of the secrets needs 'client_id' and 'key'.")
    if wrong := [name for name, value in entry.items() if not isinstance(value, _KNOWN.get(name, ()))]:
        raise SettingsInvalid(f"{FILE} of the secrets has {len(wrong)} entries that are unknown or of another kind.")
