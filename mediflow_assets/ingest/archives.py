"""Archives (zip, tar, tar.gz): the files in one, each by itself. Nothing is written under a name that stands in it."""

import bz2
import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO, Any, cast

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources import Limits
from mediflow_assets.sources.refusing import refusing
from mediflow_assets.sources.unpacking import Unpacking
from mediflow_assets.sources.workbook import is_workbook

_ZIP, _EMPTY_ZIP = b"PK\x03\x04", b"PK\x05\x06"
_TAR, _TAR_AT = b"ustar", 257
_PACKINGS: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
_LONGEST_MARK = 5
_PIECE = 1 << 20
_MOST = 10_000
"""Files in an archive."""
_OF_SYSTEMS = ("__MACOSX", "Thumbs.db", "desktop.ini")
_DAMAGED = "the archive is damaged, cut short or packed in a way that is not read."
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
    for place, (name, content) in enumerate(_entries(path, Unpacking(path, limits)), start=1):
        if place > _MOST:
            raise DeliveryRefused(f"the archive holds more than {_MOST:,} files. Deliver it in parts.")
        base = PurePosixPath(name.replace("\\", "/")).name
        if isinstance(content, str):
            yield Member(place, base, content)
            continue
        with to.open("wb") as target:
            target.writelines(content)
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


Entry = tuple[str, "Iterator[bytes] | str"]
"""A name, and its content piece by piece or why there is none."""


def _entries(path: Path, unpacking: Unpacking) -> Iterator[Entry]:
    with refusing(_DAMAGED):
        yield from _of_zip(path, unpacking) if _is_zip(path) else _of_tar(path, unpacking)


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    with refusing(_DAMAGED), stream:
        while piece := stream.read(_PIECE):
            yield piece


def _of_zip(path: Path, unpacking: Unpacking) -> Iterator[Entry]:
    with zipfile.ZipFile(path) as packed:
        for entry in packed.infolist():
            if entry.is_dir() or _is_of_system(entry.filename):
                continue
            if entry.flag_bits & 1:
                yield entry.filename, "is encrypted. Deliver it without a password."
            else:
                yield entry.filename, map(unpacking.taken, _pieces(packed.open(entry)))


def _of_tar(path: Path, unpacking: Unpacking) -> Iterator[Entry]:
    with (
        _plain(path) as stream,
        tarfile.open(fileobj=cast(IO[bytes], _Forward(stream, unpacking)), mode="r:") as packed,
    ):
        for entry in packed:
            if entry.isdir() or _is_of_system(entry.name):
                continue
            content = packed.extractfile(entry) if entry.isreg() else None
            yield entry.name, _pieces(content) if content else "is a link, or no plain file. Deliver the file itself."


def _is_of_system(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return any(part in _OF_SYSTEMS or part.startswith("._") for part in parts) or parts[-1:] == (".DS_Store",)


class _Forward:
    """A tar's bytes, those of its headers too, counted as they are read. A header is read in one piece, and short."""

    def __init__(self, stream: IO[bytes], unpacking: Unpacking) -> None:
        self._stream, self._unpacking, self._at = stream, unpacking, 0

    def tell(self) -> int:
        """How many were read."""
        return self._at

    def seek(self, place: int) -> None:
        """Pass over what stands before a place."""
        while self._at < place and self.read(min(place - self._at, _PIECE)):
            pass

    def read(self, size: int) -> bytes:
        """The next bytes."""
        if size > _PIECE:
            raise ValueError("no file has such a header")
        piece = self._unpacking.taken(self._stream.read(size))
        self._at += len(piece)
        return piece


def _plain(path: Path) -> IO[bytes]:
    """A file without its packing."""
    with path.open("rb") as file:
        mark = file.read(_LONGEST_MARK)
    unpack = next((each for start, each in _PACKINGS.items() if mark.startswith(start)), open)
    return cast(IO[bytes], unpack(path, "rb"))


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        mark = file.read(len(_ZIP))
    return mark in (_ZIP, _EMPTY_ZIP) and zipfile.is_zipfile(path) and not is_workbook(path)


def _is_tar(path: Path) -> bool:
    """Whether it is a tar, perhaps packed; without that mark any text might be one."""
    try:
        with _plain(path) as stream:
            return stream.read(tarfile.BLOCKSIZE)[_TAR_AT:].startswith(_TAR)
    except (OSError, EOFError, zlib.error, lzma.LZMAError):
        return False
