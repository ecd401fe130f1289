"""The inbox: files become deliveries here, known by the SHA-256 of their content.

`inbox/` takes dropped files; `inbox/ready/` holds deliveries, each a file named by its hash with a note beside it;
`inbox/refused/` keeps what no source recognises. A delivery leaves `ready/` when its ledger row commits.
"""

import contextlib
import datetime as dt
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from mediflow_assets.errors import DeliveryChanged, DeliveryRefused
from mediflow_assets.sources import Feeds, Recognised, recognise

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Delivery:
    """A file in `inbox/ready/`: its content's hash, the name it came under (PHI), and when it came."""

    delivery_id: str
    file_name: str
    source: str
    received_at: dt.datetime
    bytes: int

    @property
    def short(self) -> str:
        """How a delivery is named everywhere but in the ledger."""
        return f"{self.source} {self.delivery_id[:12]}"


@dataclass(frozen=True)
class Inbox:
    """The folder and the feeds by which its files are recognised."""

    folder: Path
    feeds: Feeds

    @property
    def ready(self) -> Path:
        """Deliveries that wait to be landed."""
        return self.folder / "ready"

    @property
    def refused(self) -> Path:
        """Files that no source recognises."""
        return self.folder / "refused"

    def receive(self, path: Path, received_at: dt.datetime | None = None) -> tuple[Delivery, Recognised]:
        """Copy a file into `ready/`. Raises DeliveryRefused, and DeliveryChanged if it changes meanwhile."""
        self.ready.mkdir(parents=True, exist_ok=True)
        partial = self.ready / f".partial-{os.getpid()}"
        try:
            digest, size = _copy(path, partial)
            return self._admit(partial, path.name, digest, size, received_at)
        finally:
            partial.unlink(missing_ok=True)

    def take_in(self, received_at: dt.datetime | None = None) -> tuple[list[Delivery], int]:
        """Make deliveries of the files dropped into the inbox itself; returns them and how many were refused.

        A file that changes while it is read stays where it is, for the next time.
        """
        taken, refused = [], 0
        for path in self.dropped():
            try:
                with contextlib.suppress(DeliveryChanged):
                    taken.append(self.receive(path, received_at)[0])
                    path.unlink()
            except DeliveryRefused:
                refused += 1
                # one that cannot even be copied, or is gone by now, must not keep the others from coming in
                with contextlib.suppress(DeliveryRefused, DeliveryChanged):
                    self.refuse(path)
                    path.unlink()
        return taken, refused

    def refuse(self, path: Path) -> None:
        """Keep a copy of a file that is no delivery."""
        self.refused.mkdir(parents=True, exist_ok=True)
        partial = self.refused / f".partial-{os.getpid()}"
        digest, _ = _copy(path, partial)
        partial.rename(self.refused / f"{digest[:12]}-{path.name}")

    def dropped(self) -> list[Path]:
        """Files put into the inbox by hand, in the order of their names."""
        if not self.folder.is_dir():
            return []
        files = (path for path in self.folder.iterdir() if path.is_file() and not path.name.startswith("."))
        return sorted(files)

    def waiting(self) -> list[Delivery]:
        """The deliveries in `ready/`, in the order in which they came."""
        if not self.ready.is_dir():
            return []
        notes = (path for path in self.ready.glob("*.json") if path.with_suffix("").exists())
        return sorted((_read_note(note) for note in notes), key=lambda d: (d.received_at, d.delivery_id))

    def file_of(self, delivery: Delivery) -> Path:
        """Where a delivery's content lies."""
        return self.ready / delivery.delivery_id

    def done(self, delivery: Delivery) -> None:
        """Remove a delivery whose ledger row is committed."""
        self.file_of(delivery).unlink(missing_ok=True)
        self.file_of(delivery).with_suffix(".json").unlink(missing_ok=True)

    def _admit(
        self, partial: Path, name: str, digest: str, size: int, received_at: dt.datetime | None
    ) -> tuple[Delivery, Recognised]:
        what = recognise(partial, self.feeds)
        note = self.ready / f"{digest}.json"
        if note.exists() and (self.ready / digest).exists():
            return _read_note(note), what
        delivery = Delivery(digest, name, what.source, received_at or dt.datetime.now(dt.UTC), size)
        # the note first: a file without one would have no time of arrival
        scratch = note.with_suffix(".partial")
        scratch.write_text(json.dumps(asdict(delivery) | {"received_at": delivery.received_at.isoformat()}))
        scratch.rename(note)
        partial.rename(self.ready / digest)
        return delivery, what


def files_below(path: Path) -> Iterator[Path]:
    """A file itself, or the files of a folder and its folders, in the order of their names; hidden ones aside."""
    if path.is_dir():
        for child in sorted(path.iterdir()):
            if not child.name.startswith("."):
                yield from files_below(child)
    else:
        yield path


def _read_note(note: Path) -> Delivery:
    said = json.loads(note.read_text())
    return Delivery(**said | {"received_at": dt.datetime.fromisoformat(said["received_at"])})


def _copy(path: Path, to: Path) -> tuple[str, int]:
    """Copy and hash in one pass; raise DeliveryChanged if size or time of change moved meanwhile."""
    try:
        before = path.stat()
        digest = hashlib.sha256()
        with path.open("rb") as source, to.open("wb") as target:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                target.write(chunk)
        after = path.stat()
    except OSError as error:
        raise DeliveryRefused(f"cannot be copied into the inbox: {error.strerror or type(error).__name__}.") from None
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise DeliveryChanged("changed while it was being read. Try again when it is complete.")
    return digest.hexdigest(), after.st_size
