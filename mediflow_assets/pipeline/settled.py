"""Whether anything has changed since the last whole run: told by the files alone, without Dagster, engine or tables.

What a run reads lies in the lake, in the home, in the settings and in MediFlow's own code. The stamps of all their
files are kept from a run that succeeded: the home's as they were when it began, the lake's under the lease at its end.
While both are the same and the inbox is empty, another run would leave every table as it is.
"""

import datetime as dt
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
FILE = "settled.json"
LASTS = dt.timedelta(hours=12)
"""After it a run is made all the same, so that no table's freshness, promised within 24 hours, is in doubt."""
_BESIDES = frozenset(("lake", "inbox", "dagster", "logs", FILE, "lake.lock", "leak_scan.parquet", "audit.head"))
"""What has a stamp of its own, and what runs write of themselves."""
_DATABASE = "ops.db"
"""Each command writes to it: how far it has come is asked of it."""


@dataclass(frozen=True)
class Settled:
    """What the last run left: when, and the stamp of the lake; if it was a whole one and succeeded, that of the home
    too, and what its checks warned of."""

    run_id: str
    at: str
    lake: str
    home: str | None = None
    warnings: tuple[str, ...] = ()

    def is_still(self, lake: str | None, home: str, now: dt.datetime) -> bool:
        """Whether home and lake are as they were, and the run is not too long ago."""
        return (lake, home) == (self.lake, self.home) and now - dt.datetime.fromisoformat(self.at) < LASTS


def stamp_of_home(root: Path, *more: str) -> str:
    """A stamp of all that says how tables are made: the home but for its data, the code, and `more`."""
    return _stamp((root, PACKAGE), _BESIDES, *more)


def stamp_of_rules(feeds: Path, secrets: Path, *more: str) -> str:
    """A stamp of the code, of the hospital's own mappings, of the keys, and of `more`."""
    return _stamp((PACKAGE, secrets), frozenset(), feeds.read_text() if feeds.exists() else "", *more)


def stamp_of_lake(lake_root: str) -> str | None:
    """A stamp of every file of the tables; None where they lie on no disk of this machine."""
    return None if "://" in lake_root else _stamp((Path(lake_root),), frozenset())


def begin_run(root: Path) -> None:
    """Forget the last run: one that is killed leaves nothing settled. The caller holds the lake lease."""
    (root / FILE).unlink(missing_ok=True)


def are_enough(landing: str, inbox_uri: str | None) -> bool:
    """Whether files of home and lake tell of all that comes: no service lands, and no object store delivers."""
    return landing == "off" and not inbox_uri


def end_run(root: Path, lake_root: str, run_id: str, is_enough: bool) -> None:
    """Keep what a run leaves, whatever came of it, where files are enough. The caller holds the lake lease."""
    if is_enough and (lake := stamp_of_lake(lake_root)):
        keep(root, Settled(run_id, dt.datetime.now(dt.UTC).isoformat(), lake))


def keep(root: Path, settled: Settled) -> None:
    """Keep it in the home, in place of the one before."""
    partial = root / f".{FILE}"
    partial.write_text(json.dumps(asdict(settled)))
    partial.replace(root / FILE)


def last(root: Path) -> Settled | None:
    """The one that is kept; None where there is none that can be read."""
    try:
        told = json.loads((root / FILE).read_text())
        return Settled(**told | {"warnings": tuple(told["warnings"])})
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def _stamp(folders: tuple[Path, ...], besides: frozenset[str], *more: str) -> str:
    digest = hashlib.sha256("\0".join(more).encode())
    for folder in folders:
        for place in _files(folder, besides):
            digest.update(place.encode() + b"\n")
    return digest.hexdigest()


def _files(folder: Path, besides: frozenset[str]) -> Iterator[str]:
    """Path, mode, size and time of change of each file, in the order of their names, but for `besides` at the top.

    Services come and go beside it: what vanishes meanwhile is as if it had never been there.
    """
    for place, folders, files in os.walk(folder):
        is_top = place == str(folder)
        if (here := _seen(place)) is None:
            continue
        yield f"{place} {here.st_mode}"
        if is_top:
            folders[:] = [name for name in folders if name not in besides]
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(files):
            if is_top and (name.lstrip(".") in besides or name.startswith(_DATABASE)):
                continue
            if seen := _seen(f"{place}/{name}"):
                yield f"{place}/{name} {seen.st_mode} {seen.st_size} {seen.st_mtime_ns} {seen.st_ino}"


def _seen(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except FileNotFoundError:
        return None
