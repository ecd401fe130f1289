"""The folder into which people and programs drop files, and how one is taken out of it.

Folders in it are walked. Links are not followed, whatever their names, and what is no plain file (a pipe, a socket, a
device) is not opened. A file that was copied is moved to a name of our own before it is removed, and looked at there:
what was put under its old name meanwhile is another file, and stays.
"""

import contextlib
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mediflow_assets.ingest.at_rest import Content, age_seconds, content_of, file_of, open_for_writing

_OURS = ("ready", "refused")
_TAKEN = ".taken"
_LOOK_AGAIN_SECONDS = 0.2


@dataclass(frozen=True)
class DropFolder:
    """The inbox as others see it. A file counts once it has been at rest for so long."""

    folder: Path
    rest_seconds: float = 0.0

    def files(self) -> list[Path]:
        """The plain files in it and in folders below, in the order of their names; hidden ones and our own aside."""
        return sorted(path for path in self._found() if not self._was_taken(path))

    def at_rest(self) -> list[Path]:
        """Those that may be taken now, and those that an earlier process took and could not remove."""
        written = open_for_writing()
        resting = (path for path in self._found() if self._rests(path, written))
        return sorted(resting, key=lambda path: (not self._was_taken(path), path))

    def await_young(self) -> None:
        """Wait until files that nobody writes any more are old enough: whoever drops one and starts a run means it."""
        until = time.monotonic() + self.rest_seconds
        while self.rest_seconds and time.monotonic() < until and self._has_young():
            time.sleep(_LOOK_AGAIN_SECONDS)

    def remove(self, path: Path, copied: Content) -> None:
        """Remove a file of which a copy was made, if it still is what was copied."""
        # in its own folder, which may be another disk than the inbox
        place = path.parent / _TAKEN / secrets.token_hex(8) / path.name
        try:
            place.parent.mkdir(parents=True, mode=0o700)
            path.rename(place)
        except OSError:
            # it is gone, or its folder is not ours to change
            _remove_empty(place.parent)
            return
        # what somebody else removes meanwhile is gone as well
        with contextlib.suppress(OSError):
            status = place.lstat()
            if content_of(status) == copied and file_of(status) not in open_for_writing():
                place.unlink()
            else:
                _put_back(place, path)
        _remove_empty(place.parent)
        if path.parent.parent.name == _TAKEN:
            _remove_empty(path.parent)

    def _found(self) -> Iterator[Path]:
        return _walk(self.folder, _OURS)

    def _was_taken(self, path: Path) -> bool:
        return _TAKEN in path.relative_to(self.folder).parts

    def _rests(self, path: Path, written: set[tuple[int, int]]) -> bool:
        try:
            status = path.lstat()
        except OSError:
            return False
        is_ours_to_take = os.access(path, os.R_OK) and os.access(path.parent, os.W_OK)
        # it would be moved to where the link leads
        is_ours_to_take = is_ours_to_take and not (path.parent / _TAKEN).is_symlink()
        return is_ours_to_take and age_seconds(status) >= self.rest_seconds and file_of(status) not in written

    def _has_young(self) -> bool:
        young = set()
        for path in self.files():
            with contextlib.suppress(OSError):
                status = path.lstat()
                if age_seconds(status) < self.rest_seconds:
                    young.add(file_of(status))
        return bool(young) and not young <= open_for_writing()


def _walk(folder: Path, aside: tuple[str, ...] = ()) -> Iterator[Path]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if (entry.name.startswith(".") and entry.name != _TAKEN) or entry.name in aside:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            yield Path(entry.path)


def _put_back(place: Path, path: Path) -> None:
    """Give a file its name again, unless another one has it by now; then it waits where it is."""
    with contextlib.suppress(OSError):
        # not by renaming, which would take the place of a new file of that name
        os.link(place, path, follow_symlinks=False)
        place.unlink()


def _remove_empty(folder: Path) -> None:
    """Remove a folder of our own, and the one above it, if nothing else is in them."""
    with contextlib.suppress(OSError):
        folder.rmdir()
        folder.parent.rmdir()
