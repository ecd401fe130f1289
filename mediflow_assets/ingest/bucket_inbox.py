"""An inbox in an object store: what is dropped there becomes deliveries of the inbox folder."""

import hashlib
import shutil
from dataclasses import dataclass

from mediflow_assets.errors import DeliveryNotRead, DeliveryRefused
from mediflow_assets.ingest.inbox import Inbox
from mediflow_assets.objects import listed, remote

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
    """Make deliveries of what was dropped, and keep what no source recognises; returns how many were refused.

    An object is deleted when its delivery stands in the inbox. A process killed in between fetches it once more, and
    the same bytes are the same delivery.
    """
    store, _ = remote(uri)
    refused = 0
    for each in dropped(uri):
        # the ledger keeps the name it came under; objects of one name in several folders are different files
        file = inbox.folder / ".bucket" / hashlib.sha256(each.path.encode()).hexdigest()[:12] / "object"
        file.parent.mkdir(parents=True, exist_ok=True)
        with store.open_input_stream(each.path) as source, file.open("wb") as target:
            while chunk := source.read(_CHUNK):
                target.write(chunk)
        try:
            refused += sum(received.is_alarming for received in inbox.receive_each(file, name=each.name))
        except DeliveryRefused as refusal:
            refused += not isinstance(refusal, DeliveryNotRead)
            inbox.refuse(file, each.name)
        store.delete_file(each.path)
        shutil.rmtree(file.parent)
    return refused
