"""The pseudonym key: 32 random bytes in the secrets folder, never a default value."""

import hashlib
import hmac
from dataclasses import dataclass, field
from pathlib import Path

from mediflow_assets.contracts.identifiers import MRN, canonical, qualified
from mediflow_assets.contracts.masks import PSEUDONYM_DIGITS, SHIFT_DAYS
from mediflow_assets.contracts.omop.ids import DOMAIN
from mediflow_assets.secrets.secret_files import SECRET_BYTES, make_secret, read_secret

FILE_NAME = "pseudonym.key"
KEY_BYTES = SECRET_BYTES
SHIFT_DIGITS = 12
"""Hex digits of the digest that decide a shift: 48 bits, so that each number of days is as likely as the others."""
_BLOCK = 64
"""Block size of SHA-256 in bytes (FIPS 180-4); the pads of HMAC are of this length (RFC 2104)."""


@dataclass(frozen=True)
class PseudonymKey:
    """The secret, and the id by which tables say which key made them."""

    secret: bytes = field(repr=False)

    @property
    def key_id(self) -> str:
        """Eight hex digits that name the key and tell nothing of it."""
        return hashlib.sha256(b"mediflow key id|" + self.secret).hexdigest()[:8]

    @property
    def hmac_pads(self) -> tuple[bytes, bytes]:
        """HMAC's inner and outer pad (RFC 2104), each 64 bytes: the key XOR 0x36, and XOR 0x5c."""
        block = self.secret.ljust(_BLOCK, b"\0")
        return bytes(b ^ 0x36 for b in block), bytes(b ^ 0x5C for b in block)

    def pseudonym(self, domain: str, identifier: str) -> str:
        """The pseudonym of an id as people write it, of the hospital's own record numbers."""
        return self.pseudonym_of(domain, MRN, canonical(identifier))

    def pseudonym_of(self, domain: str, namespace: str, identifier: str) -> str:
        """HMAC-SHA256 of `domain|identifier`, with its namespace before an id that is no record number of the hospital,
        cut to 128 bits: 32 hex digits. The id is spelled as in Silver."""
        message = f"{domain}|{qualified(identifier, namespace)}".encode()
        return hmac.new(self.secret, message, hashlib.sha256).hexdigest()[:PSEUDONYM_DIGITS]

    def of_omop(self, pseudonym: str) -> str:
        """What stands for a pseudonym in the OMOP tables: only the key tells the one from the other."""
        return self.pseudonym_of(DOMAIN, MRN, pseudonym)

    def shift_days(self, patient_key: str) -> int:
        """By how many days the dates of a patient are moved: -180 to 180, nothing but the key tells which."""
        digest = hmac.new(self.secret, f"shift|{patient_key}".encode(), hashlib.sha256).hexdigest()
        return int(digest[:SHIFT_DIGITS], 16) % (2 * SHIFT_DAYS + 1) - SHIFT_DAYS

    @classmethod
    def load(cls, secrets: Path, name: str = FILE_NAME) -> "PseudonymKey":
        """Read the key. Raises SecretMissing if it is absent, of the wrong size, or readable by others."""
        return cls(read_secret(secrets / name, "pseudonym key"))

    @classmethod
    def create(cls, secrets: Path) -> "PseudonymKey":
        """Make the key, or read the one that is there."""
        make_secret(secrets / FILE_NAME)
        return cls.load(secrets)
