"""What a backup holds: every file with its size and SHA-256. Written last, so that a backup cut short has none."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from mediflow_assets.errors import BackupInvalid
from mediflow_assets.secrets.secret_files import write_closed

FORMAT = 1
FILE_NAME = "manifest.json"
HOME, LAKE, DATABASES = "home", "lake", "databases"
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Manifest:
    """One backup."""

    format: int
    version: str
    """The version of MediFlow that made it."""
    begun_at: str
    ended_at: str
    key_id: str
    tables: dict[str, dict[str, int]]
    """Table → its version and rows."""
    databases: dict[str, str]
    """Name → the kind of a database that is no file of the home."""
    files: dict[str, list[int | str]]
    """File → its bytes and their SHA-256."""

    @property
    def bytes(self) -> int:
        """The size of all files."""
        return sum(int(size) for size, _ in self.files.values())

    def write(self, folder: Path) -> None:
        """Put it beside the files."""
        write_closed(folder / FILE_NAME, json.dumps(asdict(self), indent=1).encode())

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """That of a backup. Raises BackupInvalid where it is none, was cut short, or is of a newer MediFlow."""
        try:
            said = json.loads((folder / FILE_NAME).read_bytes())
            if said["format"] > FORMAT:
                raise BackupInvalid("The backup was made by a newer MediFlow. Restore it with that version.")
            return cls(**said)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BackupInvalid(
                f"There is no whole backup in {folder} ({type(error).__name__}): it was cut short, or is none."
            ) from None

    def check(self, folder: Path) -> None:
        """Raise BackupInvalid unless every file is there, byte for byte."""
        wrong = [name for name, known in self.files.items() if _measured(folder / name) != known]
        if wrong:
            raise BackupInvalid(f"{len(wrong)} files of the backup are missing or changed. Take another backup.")


def measured(folder: Path) -> dict[str, list[int | str]]:
    """Every file below a folder, with its bytes and their SHA-256."""
    return {str(path.relative_to(folder)): _measured(path) for path in sorted(_files(folder))}


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _measured(path: Path) -> list[int | str]:
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
    except OSError:
        return [-1, ""]
    return [size, digest.hexdigest()]
