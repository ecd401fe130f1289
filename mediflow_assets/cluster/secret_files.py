"""The cluster's secrets: files of mode 0600, made of random bytes, one folder for each service that reads them.

A service gets its own folder and no other one. PostgreSQL's clients read `pgpass` (PGPASSFILE), S3's read `aws`
(AWS_SHARED_CREDENTIALS_FILE): no password stands in an environment, a command line or a URL.
"""

import secrets
from pathlib import Path

from mediflow_assets.errors import SecretMissing
from mediflow_assets.secrets.secret_files import sync_folder, write_closed

ROLES = ("dagster", "mlflow", "mediflow")
"""Each has a database of its own name, and may open no other one."""
SUPERUSER = "postgres"
READERS = {
    "admin": (SUPERUSER, *ROLES),
    "pipeline": ("dagster", "mediflow"),
    "mlflow": ("mlflow",),
    "gateway": ("mediflow",),
    "dashboard": (),
}
"""Folder → the roles whose passwords its `pgpass` holds. Each of them has the object store's key too."""
STORE_KEY = ("s3-access", "s3-secret")
_SOURCE = "source"
_GIVEN = "s3-is-given"
"""Stands there where the store's key was given: it is another store's, and making one again would lock us out."""
_BYTES = 24


def make(folder: Path, is_anew: bool = False, store_key: tuple[str, str] | None = None) -> tuple[str, ...]:
    """Make what is not there yet, or all again but the superuser's password, which a database keeps from its first
    start; returns the names of the passwords made. `store_key`, id and secret, is that of a store of one's own.

    What services read is written from `source/`, so that a service never sees more than its own folder.
    """
    source = folder / _SOURCE
    source.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in zip((*STORE_KEY, _GIVEN), (*store_key, "yes"), strict=True) if store_key else ():
        _put(source / name, text)
    kept = {SUPERUSER, *(STORE_KEY if (source / _GIVEN).exists() else ())}
    made = []
    for name in (SUPERUSER, *ROLES, *STORE_KEY):
        if (is_anew and name not in kept) or not (source / name).exists():
            _put(source / name, secrets.token_hex(_BYTES))
            made.append(name)
    _hand_out(folder)
    return tuple(made)


def _hand_out(folder: Path) -> None:
    """To each service what it reads."""
    access, secret = (password(folder, name) for name in STORE_KEY)
    aws = f"[default]\naws_access_key_id = {access}\naws_secret_access_key = {secret}\n"
    for reader, roles in READERS.items():
        _put(folder / reader / "pgpass", "".join(f"*:*:*:{role}:{password(folder, role)}\n" for role in roles))
        _put(folder / reader / "aws", aws)
    _put(folder / "database" / "postgres-password", password(folder, SUPERUSER))
    _put(folder / "objects" / "root", f"{access}\n{secret}\n")
    for role in ROLES:
        _put(folder / "admin" / f"role-{role}", password(folder, role))


def password(folder: Path, name: str) -> str:
    """One of the passwords. Raises SecretMissing."""
    try:
        return (folder / _SOURCE / name).read_text(encoding="ascii")
    except OSError as error:
        raise SecretMissing(f"The cluster's secret '{name}' cannot be read: {type(error).__name__}.") from None


def _put(path: Path, text: str) -> None:
    """Put a file in place of what was there, unless it says the same."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if path.exists() and path.read_text(encoding="ascii") == text:
        return
    partial = path.with_name(f".{path.name}")
    partial.unlink(missing_ok=True)
    write_closed(partial, text.encode("ascii"))
    partial.rename(path)
    sync_folder(path.parent)
