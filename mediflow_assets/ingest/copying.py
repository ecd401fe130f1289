"""Copying a file into the inbox as it stands at one moment, and the name under which a refused one is kept."""

import hashlib
import os
import stat
from pathlib import Path

from mediflow_assets.errors import DeliveryChanged, DeliveryRefused
from mediflow_assets.ingest.at_rest import content_of, file_of, open_for_writing

_CHUNK = 1 << 20
_LONGEST_NAME = 255
"""Bytes of a file's name."""
_LONGEST_ENDING = 16
_SHORT_DIGEST = 12


def copied(path: Path, to: Path) -> tuple[str, int]:
    """Copy and hash in one pass; raise DeliveryChanged if it is being written."""
    try:
        before = path.lstat()
        if not stat.S_ISREG(before.st_mode):
            raise DeliveryRefused("is a link, or no plain file. Name the file itself.")
        if file_of(before) in open_for_writing():
            raise DeliveryChanged("is still open for writing. Try again when it is complete.")
        digest = hashlib.sha256()
        with path.open("rb") as source, to.open("wb") as target:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                target.write(chunk)
            after = os.fstat(source.fileno())
    except OSError as error:
        raise DeliveryRefused(f"cannot be copied into the inbox: {error.strerror or type(error).__name__}.") from None
    if content_of(before) != content_of(after):
        raise DeliveryChanged("changed while it was being read. Try again when it is complete.")
    return digest.hexdigest(), after.st_size


def kept_name(digest: str, name: str) -> str:
    """The name of a refused file: as it came, cut where the system would not take it, its ending kept."""
    raw = os.fsencode(name).replace(b"\0", b"")
    stem, dot, ending = raw.rpartition(b".")
    if not stem or len(ending) > _LONGEST_ENDING:
        stem, dot, ending = raw, b"", b""
    room = _LONGEST_NAME - _SHORT_DIGEST - 1 - len(dot + ending)
    # a letter of several bytes goes whole
    cut = stem if len(stem) <= room else stem[:room].decode("utf-8", "ignore").encode()
    return os.fsdecode(digest[:_SHORT_DIGEST].encode() + b"-" + cut + dot + ending)
