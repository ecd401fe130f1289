"""Files on their way into the inbox: each is taken, known already, or refused, and nothing is left unsaid."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mediflow_assets.errors import DeliveryNotRead, DeliveryRefused, MediFlowError, SettingsInvalid
from mediflow_assets.ingest.inbox import Delivery, Inbox, files_below
from mediflow_assets.ingest.landing import known_deliveries
from mediflow_assets.objects import is_remote
from mediflow_assets.operations.home import COMPUTED, KEPT
from mediflow_assets.operations.patches import refuse_what_is_not_open
from mediflow_assets.sources import Recognised
from mediflow_assets.storage.delta import Lake


class Fate(StrEnum):
    """What became of a file."""

    TAKEN = "taken"
    WAITING = "in the inbox already"
    LANDED = "landed already"
    REFUSED = "refused"
    UNREAD = "not read"
    FAILED = "not taken"


@dataclass(frozen=True)
class Handed:
    """One file and its fate."""

    path: Path
    fate: Fate
    is_named: bool
    delivery: Delivery | None = None
    what: Recognised | None = None
    reason: str = ""
    place: int | None = None
    """Of a file of an archive."""

    @property
    def named(self) -> str:
        """How it is told of: by its path, and its place in an archive."""
        return f"{self.path}, file {self.place}" if self.place else str(self.path)


def hand_over(paths: Sequence[Path], inbox: Inbox, lake: Lake) -> Iterator[Handed]:
    """Put files, and the files of folders, into the inbox. Unknown files of a folder are kept among the refused."""
    own = own_places(inbox, lake)
    for path in paths:
        if path.resolve().is_relative_to(inbox.folder.resolve()):
            raise SettingsInvalid("Files in the inbox are there already: the next run takes them.")
        if _is_own(path, own):
            raise SettingsInvalid("That is MediFlow's own, no delivery. Name the export itself.")
    inbox.clear_partial()
    landed = known_deliveries(lake)
    waiting = {delivery.delivery_id for delivery in inbox.waiting()}
    for path in paths:
        is_named = not path.is_dir()
        for file in _files(path):
            if _is_own(file, own):
                yield Handed(file, Fate.FAILED, is_named, reason="is MediFlow's own, no delivery.")
                continue
            for handed in _hand_over(file, is_named, inbox, lake, landed, waiting):
                if handed.delivery:
                    waiting.add(handed.delivery.delivery_id)
                yield handed


def own_places(inbox: Inbox, lake: Lake) -> tuple[Path, ...]:
    """The home, the lake and what else the program keeps: tables, keys, users, runs."""
    home = inbox.folder.parent.resolve()
    places = [home, *(home / name for name in (*COMPUTED, *KEPT))]
    return tuple(places if is_remote(lake.root) else [*places, Path(lake.root).resolve()])


def _is_own(path: Path, own: Sequence[Path]) -> bool:
    """Whether a path is the home itself, or within another place of the program."""
    found = path.resolve()
    home, *places = own
    return found == home or any(found.is_relative_to(place) for place in places)


def is_failure(handed: Sequence[Handed]) -> bool:
    """Whether a named file was refused, a file could not be read, or nothing at all was recognised."""
    if any(file.fate is Fate.FAILED or (file.fate is Fate.REFUSED and file.is_named) for file in handed):
        return True
    return not any(file.delivery or file.fate is Fate.UNREAD for file in handed)


def _hand_over(
    file: Path, is_named: bool, inbox: Inbox, lake: Lake, landed: set[str], waiting: set[str]
) -> Iterator[Handed]:
    """A file, or each of an archive."""
    if file.is_symlink() and not is_named:
        yield Handed(file, Fate.FAILED, is_named, reason="is a link, which is not followed. Name the file itself.")
        return
    if not file.is_file():
        yield Handed(file, Fate.FAILED, is_named, reason="is not a file that can be read.")
        return
    try:
        for received in inbox.receive_each(file.resolve(), name=file.name, keeps_refused=not is_named):
            if received.delivery is None or received.what is None:
                reason = received.refusal or ""
                fate = Fate.UNREAD if received.is_unread else Fate.REFUSED
                yield Handed(file, fate, is_named, reason=reason, place=received.place)
                continue
            fate = _fate(inbox, received.delivery, received.what, lake, landed, waiting)
            yield Handed(file, fate, is_named, received.delivery, received.what, place=received.place)
    except DeliveryNotRead as refusal:
        yield Handed(file, Fate.UNREAD, is_named, reason=str(refusal))
    except DeliveryRefused as refusal:
        yield _refused(file, is_named, inbox, str(refusal))
    except MediFlowError as error:
        yield Handed(file, Fate.FAILED, is_named, reason=str(error))


def _fate(inbox: Inbox, delivery: Delivery, what: Recognised, lake: Lake, landed: set[str], waiting: set[str]) -> Fate:
    if delivery.delivery_id in landed:
        inbox.done(delivery)
        return Fate.LANDED
    if delivery.delivery_id in waiting:
        return Fate.WAITING
    if what.source == "corrections":
        _admit_patch(inbox, delivery, what, lake)
    return Fate.TAKEN


def _admit_patch(inbox: Inbox, delivery: Delivery, what: Recognised, lake: Lake) -> None:
    """A patch to records that are not open stays out, whichever way it comes."""
    try:
        refuse_what_is_not_open(inbox.file_of(delivery), what, lake)
    except MediFlowError:
        inbox.done(delivery)
        raise


def _refused(file: Path, is_named: bool, inbox: Inbox, reason: str) -> Handed:
    """A file of a folder is kept; a named one stays with whoever named it."""
    if not is_named:
        try:
            inbox.refuse(file)
        except MediFlowError as error:
            return Handed(file, Fate.FAILED, is_named, reason=str(error))
    return Handed(file, Fate.REFUSED, is_named, reason=reason)


def _files(path: Path) -> Iterator[Path]:
    try:
        # whoever names a link means what it points to
        yield from files_below(path.resolve() if path.is_dir() else path)
    except OSError as error:
        raise DeliveryRefused(f"a folder cannot be read: {error.strerror or type(error).__name__}.") from None
