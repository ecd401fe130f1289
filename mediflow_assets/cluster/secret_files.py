"""The cluster's secrets: files of mode 0600, made of random bytes, one folder for each service that reads them.

A service gets its own folder and no other one. PostgreSQL's clients read `pgpass` (PGPASSFILE), S3's read `aws`
(AWS_SHARED_CREDENTIALS_FILE): no password stands in an environment, a command line or a URL.
"""

import secrets
from pathlib import Path

from mediflow_assets.errors import SecretMissing
from mediflow_assets.governance.secret_files import sync_folder, write_closed

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
_SOURCE = "source"
_BYTES = 24


def make(folder: Path, is_anew: bool = False) -> tuple[str, ...]:
    """Make what is not there yet, or all anew but the superuser's password, which a database keeps from its first
    start; returns the names of the passwords made.

    What services read is written from `source/`, so that a service never sees more than its own folder.
    """
    source = folder / _SOURCE
    source.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = []
    for name in (SUPERUSER, *ROLES, "s3-access", "s3-secret"):
        if (is_anew and name != SUPERUSER) or not (source / name).exists():
            _put(source / name, secrets.token_hex(_BYTES))
            made.append(name)
    access, secret = password(folder, "s3-access"), password(folder, "s3-secret")
    aws = f"[default]\naws_access_key_id = {access}\naws_secret_access_key = {secret}\n"
    for reader, roles in READERS.items():
        _put(folder / reader / "pgpass", "".join(f"*:*:*:{role}:{password(folder, role)}\n" for role in roles))
        _put(folder / reader / "aws", aws)
    _put(folder / "database" / "postgres-password", password(folder, SUPERUSER))
    _put(folder / "objects" / "root", f"{access}\n{secret}\n")
    for role in ROLES:
        _put(folder / "admin" / f"role-{role}", password(folder, role))
    return tuple(made)


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
