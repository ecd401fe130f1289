"""Keys of the tokens: Ed25519, files in the secrets folder. The newest signs; older ones verify until removed."""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mediflow_assets.governance.secret_files import make_secret, read_secret

FOLDER = "tokens"


@dataclass(frozen=True)
class SigningKey:
    """A key pair; `kid` is derived from its public half."""

    kid: str
    private: Ed25519PrivateKey

    @property
    def public(self) -> Ed25519PublicKey:
        """What verifies."""
        return self.private.public_key()

    def as_jwk(self) -> dict[str, str]:
        """The public half, RFC 8037."""
        x = base64.urlsafe_b64encode(_raw(self.public)).rstrip(b"=").decode()
        return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": self.kid, "use": "sig", "alg": "EdDSA"}


def load_keys(secrets: Path) -> tuple[SigningKey, ...]:
    """All keys, the newest last; the first one is made where there is none. Raises SecretMissing where one is open to
    others."""
    folder = secrets / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not any(folder.glob("*.key")):
        add_key(secrets)
    files = sorted(folder.glob("*.key"))
    return tuple(_key(read_secret(file, "signing key of the tokens")) for file in files)


def add_key(secrets: Path) -> None:
    """Make a key that signs from now on; tokens of the keys before it stay valid."""
    folder = secrets / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    make_secret(folder / f"{len(list(folder.glob('*.key'))) + 1:06}.key")


def _key(seed: bytes) -> SigningKey:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    return SigningKey(hashlib.sha256(_raw(private.public_key())).hexdigest()[:16], private)


def _raw(public: Ed25519PublicKey) -> bytes:
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)
