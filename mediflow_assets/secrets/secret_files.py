"""Secrets are files of 32 random bytes, readable by their owner only, and never have a default value."""

import contextlib
import os
import stat
from pathlib import Path

from mediflow_assets.errors import SecretMissing

SECRET_BYTES = 32


def read_secret(path: Path, what: str) -> bytes:
    """The secret. Raises SecretMissing if it is absent, of the wrong size, or readable by others."""
    if not path.exists():
        raise SecretMissing(
            f"There is no {what}. Run 'mediflow init' in a new home; where there was one, restore the secrets folder "
            "from a backup."
        )
    secret = read_closed(path, what)
    if len(secret) != SECRET_BYTES:
        raise SecretMissing(f"The {what} has {len(secret)} bytes instead of {SECRET_BYTES}: restore it.")
    return secret


def read_closed(path: Path, what: str) -> bytes:
    """The content of a file of the secrets. Raises SecretMissing if it is absent, or readable by others."""
    try:
        mode = path.stat().st_mode
        content = path.read_bytes() if stat.S_ISREG(mode) else b""
    except FileNotFoundError:
        raise SecretMissing(f"There is no {what} in the secrets folder.") from None
    except OSError as error:
        raise SecretMissing(f"The {what} cannot be read: {type(error).__name__}.") from None
    if stat.S_IMODE(mode) & 0o077:
        raise SecretMissing(f"The {what} is readable by others. Run 'chmod 600' on it.")
    return content


def make_secret(path: Path) -> None:
    """Write a new secret unless there is one; a process killed meanwhile leaves none or a whole one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists():
        return
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        partial.unlink()
    write_closed(partial, os.urandom(SECRET_BYTES))
    partial.rename(path)
    sync_folder(path.parent)


def write_closed(path: Path, content: bytes) -> None:
    """Write a new file, readable by its owner only, and on disk when this returns."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Put a rename or a removal in a folder on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
