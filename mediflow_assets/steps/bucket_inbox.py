"""An inbox in an object store: what is dropped there is brought into the inbox folder, and taken from there."""

import hashlib
from dataclasses import dataclass

from mediflow_assets.objects import listed, remote
from mediflow_assets.steps.inbox import Inbox

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Dropped:
    """An object in the bucket: its path, and its name without folders (PHI)."""

    path: str
    name: str


def dropped(uri: str) -> list[Dropped]:
    """The objects below an `s3://` URI, in the order of their paths; hidden ones aside."""
    from pyarrow.fs import FileType

    found = (info for info in listed(uri) if info.type == FileType.File and not info.base_name.startswith("."))
    return sorted((Dropped(info.path, info.base_name) for info in found), key=lambda each: each.path)


def fetch(uri: str, inbox: Inbox) -> int:
    """Move what was dropped into the inbox folder; returns how many objects.

    An object is deleted when its file stands in the folder. A process killed in between fetches it once more, and the
    same bytes are the same delivery.
    """
    objects = dropped(uri)
    store, _ = remote(uri)
    inbox.folder.mkdir(parents=True, exist_ok=True)
    for each in objects:
        # objects of one name in several folders are different files
        mark = hashlib.sha256(each.path.encode()).hexdigest()[:12]
        partial = inbox.folder / f".{mark}"
        with store.open_input_stream(each.path) as source, partial.open("wb") as target:
            while chunk := source.read(_CHUNK):
                target.write(chunk)
        partial.rename(inbox.folder / f"{mark}-{each.name}")
        store.delete_file(each.path)
    return len(objects)
