"""Tokens that are no longer accepted: one by one, or all of a user issued until now. In the database of users."""

import time
from functools import cached_property

import sqlalchemy as sa

from mediflow_assets.identity.database import engine, locked, opened

LONGEST_SECONDS = 1800
"""No token lives longer."""
_LOCK = 0x6D65646972
_metadata = sa.MetaData()
_revoked = sa.Table(
    "revoked_tokens",
    _metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("issued_until", sa.BigInteger, nullable=False),
    sa.Column("kept_until", sa.BigInteger, nullable=False),
)


class Revoked:
    """What was revoked. Entries are dropped once every token they could concern has expired."""

    def __init__(self, url: str) -> None:
        self._url = url

    def token(self, jti: str) -> None:
        """One token."""
        self._add(f"jti:{jti}")

    def user(self, name: str) -> None:
        """All tokens of a user that were issued until now."""
        self._add(f"sub:{name}")

    def concerns(self, user: str, jti: str, issued_at: int) -> bool:
        """Whether a token was revoked, by its id or with all of its user's."""
        this = _revoked.c.name == f"jti:{jti}"
        all_of_user = (_revoked.c.name == f"sub:{user}") & (_revoked.c.issued_until >= issued_at)
        asked = sa.select(_revoked.c.name).where(this | all_of_user)
        with opened(self._engine) as connection:
            return connection.execute(asked).first() is not None

    def _add(self, name: str) -> None:
        now = int(time.time())
        row = {"name": name, "issued_until": now, "kept_until": now + LONGEST_SECONDS + 60}
        with locked(self._engine, _LOCK) as connection:
            connection.execute(_revoked.delete().where((_revoked.c.name == name) | (_revoked.c.kept_until < now)))
            connection.execute(_revoked.insert(), [row])

    @cached_property
    def _engine(self) -> sa.Engine:
        return engine(self._url, _metadata, _LOCK)
