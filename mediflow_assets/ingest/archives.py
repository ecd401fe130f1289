"""Archives (zip, tar, tar.gz): the files in one, each by itself. Nothing is written under a name that stands in it."""

import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO, Any

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources import Limits
from mediflow_assets.sources.table_format import Unpacking
from mediflow_assets.sources.workbook import is_workbook

_ZIP, _EMPTY_ZIP = b"PK\x03\x04", b"PK\x05\x06"
_TAR, _TAR_AT = b"ustar", 257
_PIECE = 1 << 20
_MOST = 10_000
"""Files in an archive."""
_OF_SYSTEMS = ("__MACOSX", "Thumbs.db", "desktop.ini")
NESTED = "is an archive within an archive. Deliver its files themselves."


@dataclass(frozen=True)
class Member:
    """A file of an archive: its place in it, from 1, and its name (PHI). Why it cannot be had, if so."""

    place: int
    name: str
    refusal: str | None = None


def holds_files(path: Path) -> bool:
    """Whether it is an archive; what cannot be looked at is left to who copies it."""
    try:
        return stat.S_ISREG(path.lstat().st_mode) and is_archive(path)
    except OSError:
        return False


def is_archive(path: Path) -> bool:
    """Whether a file holds files, by its first bytes. A workbook is a file of its own."""
    return _is_zip(path) or _is_tar(path)


def members(path: Path, to: Path, limits: Limits) -> Iterator[Member]:
    """The files of an archive in its order, each written to the same place before it is told of.

    Raises DeliveryRefused where the archive is broken, or unpacks to more than it may.
    """
    unpacking = Unpacking(path, limits)
    each = _of_zip(path) if _is_zip(path) else _of_tar(path)
    with _refusing():
        for place, (name, stream) in enumerate(each, start=1):
            if place > _MOST:
                raise DeliveryRefused(f"the archive holds more than {_MOST:,} files. Deliver it in parts.")
            base = PurePosixPath(name.replace("\\", "/")).name
            if isinstance(stream, str):
                yield Member(place, base, stream)
                continue
            with stream, to.open("wb") as target:
                while piece := stream.read(_PIECE):
                    unpacking.take(len(piece))
                    target.write(piece)
            yield Member(place, base, NESTED if is_archive(to) else None)


@contextmanager
def unpacked(files: Iterable[Path], limits: Limits) -> Iterator[list[Path]]:
    """The files, with those that archives hold in place of these, in a folder that is removed in the end.

    Raises DeliveryRefused where a file of an archive cannot be had.
    """
    with TemporaryDirectory(prefix="mediflow-archive-") as folder:
        found: list[Path] = []
        for file in files:
            if not is_archive(file):
                found.append(file)
                continue
            place = Path(folder) / "member"
            for member in members(file, place, limits):
                if member.refusal:
                    raise DeliveryRefused(f"file {member.place} of the archive {member.refusal}")
                found.append(place.rename(Path(folder) / f"{len(found)}"))
        yield found


Entry = tuple[str, "IO[bytes] | str"]
"""A name, and its content or why there is none."""


def _of_zip(path: Path) -> Iterator[Entry]:
    with zipfile.ZipFile(path) as packed:
        for entry in packed.infolist():
            if entry.is_dir() or _is_of_system(entry.filename):
                continue
            if entry.flag_bits & 1:
                yield entry.filename, "is encrypted. Deliver it without a password."
            else:
                yield entry.filename, packed.open(entry)


def _of_tar(path: Path) -> Iterator[Entry]:
    with tarfile.open(path) as packed:
        for entry in packed:
            if entry.isdir() or _is_of_system(entry.name):
                continue
            content = packed.extractfile(entry) if entry.isreg() else None
            yield entry.name, content or "is a link, or no plain file. Deliver the file itself."


def _is_of_system(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return any(part in _OF_SYSTEMS or part.startswith("._") for part in parts) or parts[-1:] == (".DS_Store",)


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        mark = file.read(len(_ZIP))
    return mark in (_ZIP, _EMPTY_ZIP) and zipfile.is_zipfile(path) and not is_workbook(path)


def _is_tar(path: Path) -> bool:
    """Whether it is a tar, perhaps packed; without that mark any text might be one."""
    try:
        with tarfile.open(path) as packed:
            file: Any = packed.fileobj
            file.seek(_TAR_AT)
            return bool(file.read(len(_TAR)) == _TAR)
    except (tarfile.TarError, OSError, EOFError, zlib.error):
        return False


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, tarfile.TarError, NotImplementedError, EOFError, zlib.error, OSError, RuntimeError):
        raise DeliveryRefused("the archive is damaged, cut short or packed in a way that is not read.") from None
