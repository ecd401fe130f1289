"""Keys of the tokens: Ed25519, files in the secrets folder. The newest signs; the one before still verifies."""

import base64
import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mediflow_assets.identity.revoked_tokens import LONGEST_SECONDS
from mediflow_assets.secrets.secret_files import make_secret, read_secret

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
    """The keys in use, the newest last; the first one is made where there is none.

    A key whose successor is older than any token may be verifies nothing any more. Raises SecretMissing where a file
    is open to others.
    """
    folder = secrets / FOLDER
    if not _files(folder):
        add_key(secrets)
    files = _files(folder)
    overdue = time.time() - LONGEST_SECONDS
    successors: list[Path | None] = [*files[1:], None]
    used = [file for file, after in zip(files, successors, strict=True) if not after or after.stat().st_mtime > overdue]
    return tuple(_key(read_secret(file, "signing key of the tokens")) for file in used)


def add_key(secrets: Path) -> str:
    """Make a key that signs from now on, and give its id; tokens of the key before it stay valid until they expire."""
    folder = secrets / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    last = max((int(file.stem) for file in _files(folder)), default=0)
    file = folder / f"{last + 1:06}.key"
    make_secret(file)
    return _key(read_secret(file, "signing key of the tokens")).kid


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.key"))


def _key(seed: bytes) -> SigningKey:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    return SigningKey(hashlib.sha256(_raw(private.public_key())).hexdigest()[:16], private)


def _raw(public: Ed25519PublicKey) -> bytes:
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)
