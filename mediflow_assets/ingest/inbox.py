"""The inbox: files become deliveries here, known by the SHA-256 of their content.

`inbox/` takes dropped files; `inbox/ready/` holds deliveries, each a file named by its hash with a note beside it;
`inbox/refused/` keeps what no source recognises. A delivery leaves `ready/` when its ledger row commits.
"""

import contextlib
import datetime as dt
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mediflow_assets.errors import DeliveryChanged, DeliveryNotRead, DeliveryRefused
from mediflow_assets.ingest.archives import Member, holds_files, members
from mediflow_assets.ingest.at_rest import content_of
from mediflow_assets.ingest.copying import copied, kept_name
from mediflow_assets.ingest.drop_folder import DropFolder
from mediflow_assets.sources import Feeds, Limits, Recognised, recognise

_PARTIAL = ".partial-"


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
class Received:
    """What became of a file, or of the one at a place of an archive: a delivery, or a refusal."""

    delivery: Delivery | None = None
    what: Recognised | None = None
    place: int | None = None
    refusal: str | None = None
    is_unread: bool = False
    """Refused as a table of a known export that nothing is read from."""

    @property
    def is_alarming(self) -> bool:
        """Whether it was refused, and may hold what was meant to come in."""
        return self.delivery is None and not self.is_unread


@dataclass(frozen=True)
class Inbox:
    """The folder, the feeds by which its files are recognised, what a delivery may ask for, and how long a dropped file
    must have been at rest."""

    folder: Path
    feeds: Feeds
    limits: Limits = field(default_factory=Limits)
    rest_seconds: float = 0.0

    @property
    def ready(self) -> Path:
        """Deliveries that wait to be landed."""
        return self.folder / "ready"

    @property
    def refused(self) -> Path:
        """Files that no source recognises."""
        return self.folder / "refused"

    @property
    def dropping(self) -> DropFolder:
        """The folder as those see it who drop files into it."""
        return DropFolder(self.folder, self.rest_seconds)

    def receive(
        self, path: Path, received_at: dt.datetime | None = None, name: str | None = None
    ) -> tuple[Delivery, Recognised]:
        """Copy a file into `ready/`. Raises DeliveryRefused, and DeliveryChanged if it is being written."""
        self.ready.mkdir(parents=True, exist_ok=True)
        partial = self.scratch("copy")
        try:
            digest, size = copied(path, partial)
            # a name may hold bytes that are no text
            told = os.fsencode(name or path.name).decode("utf-8", "replace")
            return self._admit(partial, told, digest, size, received_at)
        finally:
            partial.unlink(missing_ok=True)

    def receive_each(
        self, path: Path, received_at: dt.datetime | None = None, name: str | None = None, *, keeps_refused: bool = True
    ) -> Iterator[Received]:
        """The same of a file, or of each file of an archive. Raises DeliveryRefused where nothing of it comes in.

        Refused files of an archive are kept among the refused, unless whoever delivered it has it still.
        """
        if not holds_files(path):
            yield Received(*self.receive(path, received_at, name))
            return
        self.ready.mkdir(parents=True, exist_ok=True)
        copy, member_file = self.scratch("archive"), self.scratch("member")
        try:
            copied(path, copy)
            taken = 0
            for member in members(copy, member_file, self.limits):
                received = self._member(member, member_file, received_at)
                taken += received.delivery is not None
                if received.refusal and keeps_refused and member_file.exists():
                    self.refuse(member_file, member.name)
                yield received
            if not taken:
                raise DeliveryRefused("no file in the archive is a delivery. Deliver one by itself to see why.")
        finally:
            copy.unlink(missing_ok=True)
            member_file.unlink(missing_ok=True)

    def _member(self, member: Member, file: Path, received_at: dt.datetime | None) -> Received:
        try:
            if member.refusal:
                raise DeliveryRefused(member.refusal)
            return Received(*self.receive(file, received_at, member.name), place=member.place)
        except DeliveryRefused as refusal:
            is_unread = isinstance(refusal, DeliveryNotRead)
            return Received(place=member.place, refusal=str(refusal), is_unread=is_unread)

    def take_in(self, received_at: dt.datetime | None = None) -> tuple[list[Delivery], int]:
        """Make deliveries of the files dropped into the inbox; returns them and how many were refused, without those of
        known exports that nothing is read from.

        A file that is being written stays where it is, for the next time.
        """
        self.clear_partial()
        self.dropping.await_young()
        taken, refused = [], 0
        for path in self.dropping.at_rest():
            # one that is gone, or cannot even be copied, must not keep the others from coming in
            with contextlib.suppress(DeliveryRefused, DeliveryChanged, FileNotFoundError, NotADirectoryError):
                seen = content_of(path.lstat())
                try:
                    for received in self.receive_each(path, received_at):
                        taken += [received.delivery] if received.delivery else []
                        refused += received.is_alarming
                except DeliveryRefused as refusal:
                    # one that is gone by now was not refused
                    refused += path.exists() and not isinstance(refusal, DeliveryNotRead)
                    self.refuse(path)
                self.dropping.remove(path, seen)
        return taken, refused

    def refuse(self, path: Path, name: str | None = None) -> None:
        """Keep a copy of a file that is no delivery."""
        self.refused.mkdir(parents=True, exist_ok=True)
        partial = self.refused / self.scratch("copy").name
        digest, _ = copied(path, partial)
        partial.rename(self.refused / kept_name(digest, name or path.name))

    def refuse_delivery(self, delivery: Delivery) -> None:
        """Keep a delivery that turned out to be none."""
        self.refused.mkdir(parents=True, exist_ok=True)
        self.file_of(delivery).rename(self.refused / kept_name(delivery.delivery_id, delivery.file_name))

    def dropped(self) -> list[Path]:
        """Files put into the inbox by hand, in the order of their names."""
        return self.dropping.files()

    def source_of(self, path: Path) -> str:
        """The source of a file that was put into the inbox. Raises DeliveryRefused where it is none by itself."""
        if holds_files(path):
            raise DeliveryRefused("an archive: its files are recognised one by one")
        return recognise(path, self.feeds, self.limits).source

    def scratch(self, what: str) -> Path:
        """Where this process writes what is not whole yet."""
        return self.ready / f"{_PARTIAL}{os.getpid()}-{what}"

    def clear_partial(self) -> None:
        """Remove what processes that were killed left unfinished."""
        for folder in (self.ready, self.refused):
            for path in folder.glob(f"{_PARTIAL}*"):
                if not _is_alive(path.name.removeprefix(_PARTIAL).partition("-")[0]):
                    path.unlink(missing_ok=True)

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
        what = recognise(partial, self.feeds, self.limits)
        note = self.ready / f"{digest}.json"
        if note.exists() and (self.ready / digest).exists():
            return _read_note(note), what
        delivery = Delivery(digest, name, what.source, received_at or dt.datetime.now(dt.UTC), size)
        # the note first: a file without one would have no time of arrival
        scratch = self.scratch("note")
        scratch.write_text(json.dumps(asdict(delivery) | {"received_at": delivery.received_at.isoformat()}))
        scratch.rename(note)
        partial.rename(self.ready / digest)
        return delivery, what


def files_below(path: Path) -> Iterator[Path]:
    """A file itself, or the files of a folder and its folders, in the order of their names; hidden ones aside. A link
    counts as a file: what it points to is not walked."""
    if path.is_dir() and not path.is_symlink():
        for child in sorted(path.iterdir()):
            if not child.name.startswith("."):
                yield from files_below(child)
    else:
        yield path


def _read_note(note: Path) -> Delivery:
    said = json.loads(note.read_text())
    return Delivery(**said | {"received_at": dt.datetime.fromisoformat(said["received_at"])})


def _is_alive(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
