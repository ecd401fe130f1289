"""The leak scan: Silver's identifiers, looked for in everything that people without a right to them may open.

In a run, what was written since the last clean scan is looked through for everybody, and all else for who is new;
`full` looks through all of it.
"""

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from mediflow_assets.contracts import TABLES, assurance
from mediflow_assets.contracts.table import Severity, TableContract
from mediflow_assets.pipeline import change, checks, counts
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.pipeline.step_result import StepResult
from mediflow_assets.privacy.byte_search import files_of
from mediflow_assets.privacy.leak_identifiers import Sieve, identifiers, kinds_of
from mediflow_assets.privacy.leak_memory import Memory, Stamp, candidates, seed_of, words_of_texts
from mediflow_assets.privacy.leak_search import digests, hits
from mediflow_assets.privacy.leak_texts import newest_event, of_arrow, texts_of, undone
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.storage.delta import Lake

FULL, NEW = "full", "new"
FOUND = "identifier_found"
_CLEAN = "clean_versions"
ZONES = ("gold", "masked", "omop", "models")
FOLDERS = ("exports", "dagster", "mlflow", "logs")
BY_HAND = ("exports", "mlflow")
"""Those of them that not each command writes to."""
FILES = ("ops.db", "ops.db-wal", "audit.head")
SCANNED = tuple(table for name, table in TABLES.items() if table.key[0] in ZONES and name != assurance.LEAK_SCANS.name)
"""The tables whose change makes a run look again."""


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
    key: PseudonymKey

    def run(self, kind: str) -> Scanned:
        """Look through everything, or what is new since the last clean scan: files for every identifier, and all other
        files for those identifiers that are new."""
        seed = seed_of(self.key)
        stamps = {str(path): stamp for path in self._files() if (stamp := _stamp(path))}
        before = Memory(seed) if kind == FULL else Memory.read(self.root, seed)
        known, grown = before.unchanged(stamps), before.grown(stamps)
        versions = {table.name: self.lake.version(table) for table in SCANNED}
        fresh = _fresh(known, stamps)
        words, sieve, wanted = self._wanted(known, grown, fresh)
        if sieve.has_pseudonyms and not known.has_keys:
            # an identifier that looks like a pseudonym is looked for among the pseudonyms too
            known = grown = Memory(seed, has_keys=True)
            fresh = _fresh(known, stamps)
            words, sieve, wanted = self._wanted(known, grown, fresh)
        found = Scanned(kind, sieve.count, versions=versions)
        found.files, found.bytes = len(fresh) + len(self._remote()), sum(stamps[path][0] for path in fresh)
        # of what only has more events, the older ones are looked through for identifiers that are new
        older, newer = grown.candidates(wanted), candidates(words, wanted, seed)
        self._look(found, newer, known.has_keys, grown.events)
        self._look(found, known.candidates(wanted) | older, known.has_keys, {})
        found.places.update(self._off_contract())
        if not found.hits:
            self._remember(
                known, grown, [(path, *stamps[path], newest) for path, newest in fresh.items()], words, wanted
            )
        return found

    def has_others(self) -> bool:
        """Whether there are files that no table tells of and the last clean scan did not see: in exports, or beside
        models."""
        stamps = {str(p): stamp for name in BY_HAND for p in files_of(self.root / name) if (stamp := _stamp(p))}
        if not stamps:
            return False
        return bool(stamps.keys() - {*Memory.read(self.root, seed_of(self.key)).unchanged(stamps).files["path"]})

    def _wanted(self, known: Memory, grown: Memory, fresh: Iterable[str]) -> tuple[pl.DataFrame, Sieve, pl.Series]:
        """The words of what is not known, and the identifiers of which each word stands somewhere."""
        named = itertools.chain(fresh, self._remote())
        since = grown.events
        texts = ((name, text) for name in named for text in self._texts(name, known.has_keys, since.get(name, 0)))
        words = words_of_texts(texts, known.seed)
        sieve = Sieve(
            pl.concat([words["word"], *(of.files["words"].explode() for of in (known, grown))]).unique(), known.seed
        )
        return words, sieve, identifiers(self.lake, sieve)

    def _texts(self, name: str, has_keys: bool, after: int = 0) -> Iterator[pl.Series]:
        """The texts of a file, `after` an event of those that it holds, or of the present rows of a table in a lake
        that is no folder."""
        if name not in TABLES:
            yield from texts_of(Path(name), has_keys, after)
        elif (opened := self.lake.seen(TABLES[name])) is not None:
            for batch in self.lake.dataset(TABLES[name], opened).to_batches():
                for column in batch.columns:
                    yield from of_arrow(column)

    def _look(self, found: Scanned, wanted: Mapping[str, pl.Series], has_keys: bool, since: Mapping[str, int]) -> None:
        each: Counter[tuple[str, str]] = Counter()
        for name, few in wanted.items():
            here: Counter[str] = Counter()
            for text in _with_undone(self._texts(name, has_keys, since.get(name, 0))):
                here.update(hits(text, few, is_cell=len(text) != 1))
            place = name if name in TABLES else self._place(Path(name))
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

    def _remote(self) -> list[str]:
        """The tables of a lake that is no folder: their present rows are looked through each time."""
        return [table.name for table in SCANNED if "://" in self.lake.root and self.lake.seen(table) is not None]

    def _off_contract(self) -> dict[str, int]:
        """Stored columns that no contract decides on, by table: dates, ages and short values are held by policy."""
        return {table.name: len(more) for table in SCANNED if (more := self.lake.difference(table).beyond)}

    def _place(self, path: Path) -> str:
        for folder, name in ((Path(self.lake.root), "lake"), (self.root, "")):
            if "://" not in str(folder) and path.is_relative_to(folder):
                return "/".join((name, *path.parent.relative_to(folder).parts[:2])).strip("/") or "."
        return "."

    def _remember(
        self, known: Memory, grown: Memory, fresh: list[tuple[Any, ...]], words: pl.DataFrame, identifiers: pl.Series
    ) -> None:
        files = pl.DataFrame(fresh, schema={n: t for n, t in known.files.schema.items() if n != "words"}, orient="row")
        before = grown.files.select("path", pl.col("words").alias("word")).explode("word").drop_nulls()
        held = pl.concat([words, before]).unique().group_by("path").agg(pl.col("word").alias("words"))
        read = files.join(held, on="path", how="left").with_columns(pl.col("words").fill_null([]))
        cleared = tuple(digests(identifiers, known.seed))
        Memory(known.seed, pl.concat([known.files, read]), cleared, known.has_keys).write(self.root)


def make(context: RunContext, root: Path, kind: str = NEW) -> StepResult:
    """Scan, write down what came of it, and fail where anything was found; nothing to do where no table changed."""
    lake, contract = context.lake, assurance.LEAK_SCANS
    state = change.state_of(lake, SCANNED, context.key.key_id, __name__)
    scan = Scan(root, lake, context.key)
    if kind == NEW and change.is_unchanged(lake, contract, state) and not scan.has_others():
        return StepResult(contract, lake.rows(contract), lake.version(contract), is_unchanged=True)
    scanned = scan.run(kind)
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


def _with_undone(texts: Iterator[pl.Series]) -> Iterator[pl.Series]:
    for text in texts:
        yield text
        if len(more := undone(text)):
            yield more


def _fresh(known: Memory, stamps: Mapping[str, Stamp]) -> dict[str, int]:
    """The files that are not known, with the newest event of each as it is before they are looked through."""
    unchanged = {*known.files["path"]}
    return {path: newest_event(Path(path)) for path in stamps if path not in unchanged}


def _stamp(path: Path) -> Stamp | None:
    """Size and time of change; None where the file is gone."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_size, stat.st_mtime_ns
