"""Who may log in to MediFlow, and in which roles. Passwords are kept as Argon2id hashes only."""

import contextlib
import datetime as dt
import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import sqlalchemy as sa
from pwdlib import PasswordHash

from mediflow_assets.errors import EngineFailed, LoginRefused, MediFlowError, NothingToDo, SettingsInvalid

ROLES = ("executive", "analyst", "clinician", "scorer", "operator", "data_engineer", "privacy_officer", "admin")
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 1024
"""Characters. The longest is a limit on what an unknown caller may have hashed."""

_NAME = re.compile(r"[a-z][a-z0-9._-]{1,31}\Z")
_REFUSED = "Unknown user, wrong password, or a disabled account."

_metadata = sa.MetaData()
_users = sa.Table(
    "users",
    _metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("password_hash", sa.String(255), nullable=False),
    sa.Column("roles", sa.JSON, nullable=False),
    sa.Column("is_disabled", sa.Boolean, nullable=False, default=False),
    sa.Column("created_at", sa.String(32), nullable=False),
)
_SHOWN = (_users.c.name, _users.c.roles, _users.c.is_disabled, _users.c.created_at)


@dataclass(frozen=True)
class User:
    """An account, without its password."""

    name: str
    roles: tuple[str, ...]
    is_disabled: bool
    created_at: str


class Users:
    """The accounts in one database, SQLite or PostgreSQL."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._hasher = PasswordHash.recommended()

    def create(self, name: str, password: str, roles: Sequence[str]) -> User:
        """Add an account. Raises SettingsInvalid if the name, the password or a role cannot be."""
        name = _canonical(name)
        _refuse_what_cannot_be(name, password, roles)
        self._make_file()
        user = User(name, tuple(r for r in ROLES if r in roles), False, f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}")
        row = {"name": name, "roles": list(user.roles), "is_disabled": False, "created_at": user.created_at}
        hashed = self._hasher.hash(_bytes(password))
        try:
            with self._connect() as connection:
                connection.execute(_users.insert().values(row | {"password_hash": hashed}))
        except sa.exc.IntegrityError:
            raise SettingsInvalid("There is a user of that name already. Choose another name.") from None
        return user

    def verify(self, name: str, password: str) -> User:
        """The account this name and password open. Raises LoginRefused, after the same time whatever is wrong."""
        password = password if len(password) <= LONGEST_PASSWORD else ""
        row = self._row(_canonical(name))
        if row is None:
            # an answer that came sooner would tell which names exist
            self._hasher.hash(_bytes(password))
            raise LoginRefused(_REFUSED)
        if not self._hasher.verify(_bytes(password), row["password_hash"]) or row["is_disabled"]:
            raise LoginRefused(_REFUSED)
        return _user(row)

    def disable(self, name: str) -> None:
        """Close an account for good; the last admin's stays. Raises NothingToDo if there is none of that name."""
        name = _canonical(name)
        others = [user for user in self.list() if "admin" in user.roles and not user.is_disabled and user.name != name]
        row = self._row(name)
        if row is None:
            raise NothingToDo("There is no user of that name. 'mediflow users list' shows them.")
        if "admin" in row["roles"] and not row["is_disabled"] and not others:
            raise SettingsInvalid("This is the last admin. Add another one first: 'mediflow users add'.")
        with self._connect() as connection:
            connection.execute(_users.update().where(_users.c.name == name).values(is_disabled=True))

    def roles(self, name: str) -> tuple[str, ...]:
        """The roles of an account as they stand; none for one that is disabled or unknown."""
        row = self._row(_canonical(name))
        return () if row is None or row["is_disabled"] else tuple(row["roles"])

    def known(self, name: str) -> str | None:
        """The account's name as it is kept, disabled or not; None where there is no such account."""
        row = self._row(_canonical(name))
        return None if row is None else str(row["name"])

    def list(self) -> tuple[User, ...]:
        """All accounts, by name. Raises NothingToDo before the first one was made."""
        with self._connect() as connection:
            rows = connection.execute(sa.select(*_SHOWN).order_by(_users.c.name)).mappings().all()
        return tuple(_user(row) for row in rows)

    def _row(self, name: str) -> sa.RowMapping | None:
        if not _NAME.match(name):
            return None
        with self._connect() as connection:
            return connection.execute(sa.select(_users).where(_users.c.name == name)).mappings().one_or_none()

    @contextlib.contextmanager
    def _connect(self) -> Iterator[sa.Connection]:
        """A transaction. Errors of the database become ours: its texts hold the statement's values."""
        file = self._file
        if file is not None and not file.exists():
            raise NothingToDo("There are no users yet. Run 'mediflow init'.")
        try:
            with self._engine.begin() as connection:
                yield connection
        except (MediFlowError, sa.exc.IntegrityError):
            raise
        except sa.exc.SQLAlchemyError as error:
            raise EngineFailed(f"The database of users does not do as it is asked: {type(error).__name__}.") from None

    @cached_property
    def _engine(self) -> sa.Engine:
        engine = sa.create_engine(self._url, hide_parameters=True)
        _metadata.create_all(engine)
        return engine

    @cached_property
    def _file(self) -> Path | None:
        url = sa.make_url(self._url)
        is_file = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
        return Path(str(url.database)) if is_file else None

    def _make_file(self) -> None:
        """SQLite's file, readable by nobody else."""
        if self._file is not None and not self._file.exists():
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self._file, os.O_WRONLY | os.O_CREAT, 0o600))


def _user(row: sa.RowMapping) -> User:
    return User(row["name"], tuple(row["roles"]), bool(row["is_disabled"]), row["created_at"])


def _canonical(name: str) -> str:
    return name.strip().lower()


def _bytes(password: str) -> bytes:
    """One spelling for one password, however the keyboard composes its letters."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _refuse_what_cannot_be(name: str, password: str, roles: Sequence[str]) -> None:
    if not _NAME.match(name):
        raise SettingsInvalid("A user's name is 2 to 32 letters, digits, '.', '_' or '-', and begins with a letter.")
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise SettingsInvalid(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")
    if not roles or not set(roles) <= set(ROLES):
        raise SettingsInvalid(f"A user has one role or more of {', '.join(ROLES)}.")
