"""The leak scan: Silver's identifiers, looked for in everything that people without a right to them may open.

In a run, what was written since the last clean scan is looked through; `full` looks through all of it.
"""

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from mediflow_assets.contracts import TABLES, assurance
from mediflow_assets.contracts.table import Severity, TableContract
from mediflow_assets.errors import SettingsInvalid
from mediflow_assets.pipeline import change, checks, counts
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.pipeline.step_result import StepResult
from mediflow_assets.privacy.byte_search import files_of
from mediflow_assets.privacy.leak_identifiers import identifiers, kinds_of
from mediflow_assets.privacy.leak_search import hits, possible, words_of
from mediflow_assets.privacy.leak_texts import PSEUDONYM, of_arrow, texts_of, undone
from mediflow_assets.storage.delta import Lake

FULL, NEW = "full", "new"
FOUND = "identifier_found"
STATE_FILE = "leak_scan.json"
_TOGETHER_BYTES = 32 << 20
_CLEAN = "clean_versions"
ZONES = ("gold", "masked", "omop", "models")
FOLDERS = ("exports", "dagster", "mlflow", "logs")
FILES = ("ops.db", "ops.db-wal", "audit.head")
SCANNED = tuple(table for name, table in TABLES.items() if table.key[0] in ZONES and name != assurance.LEAK_SCANS.name)
"""The tables whose change makes a run look again."""
Opened = Callable[[], Iterator[pl.Series]]


@dataclass
class Scanned:
    """What a scan went through and found. Places are folders: a file's name may be what was found in it."""

    kind: str
    identifiers: int = 0
    files: int = 0
    bytes: int = 0
    places: Counter[str] = field(default_factory=Counter)
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By place how often what stands in which columns of Silver, never what it is."""
    files_hit: int = 0
    versions: dict[str, int] = field(default_factory=dict)
    """The tables that were looked through, as they stood when it began."""

    @property
    def hits(self) -> int:
        """Places where an identifier was found."""
        return sum(self.places.values())


@dataclass(frozen=True)
class Scan:
    """A scan of one home and its lake."""

    root: Path
    lake: Lake

    def run(self, kind: str) -> Scanned:
        """Look through everything, or what is new since the last clean scan."""
        wanted = identifiers(self.lake)
        seen = {} if kind == FULL else self._seen()
        found = Scanned(kind, len(wanted), versions={table.name: self.lake.version(table) for table in SCANNED})
        stamps = {str(path): stamp for path in self._files() if (stamp := _stamp(path))}
        fresh = [Path(name) for name, stamp in stamps.items() if seen.get(name) != stamp]
        # an identifier that looks like a pseudonym is looked for among the pseudonyms too
        are_keys = bool(wanted.str.contains(PSEUDONYM).any())
        opened: list[tuple[str, int, Opened]] = [
            (self._place(path), stamps[str(path)][0], lambda path=path: texts_of(path, are_keys))  # type: ignore[misc]
            for path in fresh
        ]
        self._look(found, wanted, [*opened, *self._remote()])
        found.places.update(self._off_contract())
        if not found.hits:
            self._remember(stamps)
        return found

    def _look(self, found: Scanned, wanted: pl.Series, opened: list[tuple[str, int, Opened]]) -> None:
        few = possible(wanted, _words(text for _, _, open_ in opened for text in open_())) if len(wanted) else wanted
        each: Counter[tuple[str, str]] = Counter()
        for place, size, open_ in opened:
            found.files += 1
            found.bytes += size
            here: Counter[str] = Counter()
            for text in _with_undone(open_()) if len(few) else ():
                here.update(hits(text, few, is_cell=len(text) != 1))
            each.update({(place, what): times for what, times in here.items()})
            found.places.update({place: here.total()} if here else {})
            found.files_hit += bool(here)
        kinds = kinds_of(self.lake, {what for _, what in each})
        for (place, what), times in each.items():
            found.kinds[place, kinds[what]] += times

    def _files(self) -> Iterator[Path]:
        if "://" not in self.lake.root:
            for zone in ZONES:
                yield from files_of(Path(self.lake.root) / zone)
        for folder in FOLDERS:
            yield from files_of(self.root / folder)
        yield from (self.root / name for name in FILES)

    def _remote(self) -> Iterator[tuple[str, int, Opened]]:
        """Tables of a lake that is no folder: their present rows."""
        for table in SCANNED if "://" in self.lake.root else ():
            if (opened := self.lake.seen(table)) is not None:
                batches = self.lake.dataset(table, opened).to_batches
                yield table.name, 0, lambda b=batches: (s for batch in b() for c in batch.columns for s in of_arrow(c))  # type: ignore[misc]

    def _off_contract(self) -> dict[str, int]:
        """Stored columns that no contract decides on, by table: dates, ages and short values are held by policy."""
        return {table.name: len(more) for table in SCANNED if (more := self.lake.difference(table).beyond)}

    def _place(self, path: Path) -> str:
        for folder, name in ((Path(self.lake.root), "lake"), (self.root, "")):
            if "://" not in str(folder) and path.is_relative_to(folder):
                return "/".join((name, *path.parent.relative_to(folder).parts[:2])).strip("/") or "."
        return "."

    def _seen(self) -> dict[str, list[int]]:
        try:
            seen: dict[str, list[int]] = json.loads((self.root / STATE_FILE).read_text())
        except FileNotFoundError:
            return {}
        except ValueError:
            raise SettingsInvalid(
                f"{STATE_FILE} cannot be read. Remove it; the next scan is then a full one."
            ) from None
        return seen

    def _remember(self, stamps: dict[str, list[int]]) -> None:
        partial = self.root / f".{STATE_FILE}"
        partial.write_text(json.dumps(stamps))
        partial.replace(self.root / STATE_FILE)


def make(context: RunContext, root: Path, kind: str = NEW) -> StepResult:
    """Scan, write down what came of it, and fail where anything was found; nothing to do where no table changed."""
    lake, contract = context.lake, assurance.LEAK_SCANS
    state = change.state_of(lake, SCANNED, context.key.key_id, __name__)
    if kind == NEW and change.is_unchanged(lake, contract, state):
        return StepResult(contract, lake.rows(contract), lake.version(contract), is_unchanged=True)
    scanned = Scan(root, lake).run(kind)
    write_down(lake, scanned, context.run_id)
    rows, version = lake.rows(contract), lake.version(contract)
    failing = {checks.COLUMNS: 0, counts.FILLED: 0, FOUND: scanned.hits}
    results = [checks.CheckResult(n, Severity.ERROR, not count, count, rows, version) for n, count in failing.items()]
    checks.record(context, contract, results)
    told = {"identifiers": scanned.identifiers, "files": scanned.files, "bytes": scanned.bytes, "hits": scanned.hits}
    made = StepResult(contract, rows, version, checks=results, figures=told)
    if not made.has_failed:
        # the tables that this very step has written to are as they were scanned
        lake.set_properties(contract, inputs=change.state_of(lake, SCANNED, context.key.key_id, __name__))
    return made


def write_down(lake: Lake, scanned: Scanned, run_id: str) -> None:
    """Append the scan to `gold/leak_scans`, with the versions it found clean: none where it found anything."""
    row = {"scanned_at": dt.datetime.now(dt.UTC), "run_id": run_id, "hits": scanned.hits}
    names = ("kind", "identifiers", "files", "bytes", "files_hit")
    # first none: one that is cut short here leaves no older word that all is clean
    lake.set_properties(assurance.LEAK_SCANS, **{_CLEAN: {}})
    lake.append_rows(assurance.LEAK_SCANS, [row | {name: getattr(scanned, name) for name in names}])
    if not scanned.hits:
        lake.set_properties(assurance.LEAK_SCANS, **{_CLEAN: scanned.versions})


def is_clean(lake: Lake, contract: TableContract, version: int) -> bool:
    """Whether the last scan looked through this version of the table and found nothing anywhere."""
    clean = lake.property_of(assurance.LEAK_SCANS, _CLEAN) or {}
    return bool(clean.get(contract.name) == version)


def _words(texts: Iterator[pl.Series]) -> pl.Series:
    """The distinct words of everything, escapes undone. Small texts are taken together: each call has its price."""
    found, held, size = [pl.Series([], dtype=pl.String)], [], 0
    for text in texts:
        held.append(text)
        size += text.estimated_size()
        if size > _TOGETHER_BYTES:
            found.append(_words_of_all(held))
            held, size = [], 0
    return pl.concat([*found, *([_words_of_all(held)] if held else [])]).unique()


def _words_of_all(held: list[pl.Series]) -> pl.Series:
    together = pl.concat(held).unique()
    return words_of(pl.concat([together, undone(together)])).unique()


def _with_undone(texts: Iterator[pl.Series]) -> Iterator[pl.Series]:
    for text in texts:
        yield text
        if len(more := undone(text)):
            yield more


def _stamp(path: Path) -> list[int]:
    """Size and time of change; nothing where the file is gone."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return []
    return [stat.st_size, stat.st_mtime_ns]
