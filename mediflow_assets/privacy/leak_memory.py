"""What the last clean scan leaves for the next: the files as they stood, and digests of the words in each.

So an identifier that is new is looked for in files that were looked through before, and in those alone that hold all of
its words. No word stands there, only what it comes to under the pseudonym key.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from mediflow_assets.errors import SettingsInvalid
from mediflow_assets.pipeline.code import code_version
from mediflow_assets.privacy.leak_search import digests, with_words, words_by_place
from mediflow_assets.privacy.leak_texts import newest_event, undone_by_place
from mediflow_assets.secrets.pseudonym_key import PseudonymKey

FILE, FILE_BEFORE = "leak_scan.parquet", "leak_scan.json"
"""Where it stands in the home folder, and what older versions of MediFlow have left there."""
_NOTE = b"mediflow"
_TOGETHER_BYTES = 32 << 20
_FILES = {"path": pl.String, "size": pl.Int64, "changed": pl.Int64, "events": pl.Int64, "words": pl.List(pl.UInt64)}
"""`events`: the newest event of a database of Dagster's, else 0."""
_WORDS = {"path": pl.UInt32, "word": pl.UInt64}
Stamp = tuple[int, int]
"""Size and time of change of a file."""


def seed_of(key: PseudonymKey) -> int:
    """Under which words come to their digests, which are others for each version of what computes them."""
    told = hashlib.blake2b(f"words|{pl.__version__}|{code_version(__name__)}".encode(), key=key.secret, digest_size=8)
    return int.from_bytes(told.digest())


@dataclass(frozen=True)
class Memory:
    """What is known of files that were clean."""

    seed: int
    files: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_FILES))
    cleared: tuple[int, ...] = ()
    """Digests of the identifiers whose words all stood in one of the files, in which they were not found."""
    has_keys: bool = False
    """Whether pseudonyms are among the words."""

    @classmethod
    def read(cls, home: Path, seed: int) -> "Memory":
        """What stands in a home; nothing where there is none, or other digests than these. Raises SettingsInvalid
        where it cannot be read."""
        try:
            table = pq.read_table(home / FILE)
            note = json.loads(table.schema.metadata[_NOTE])
            files = pl.DataFrame(pl.from_arrow(table)).select(*_FILES).cast(_FILES)  # type: ignore[arg-type]
        except FileNotFoundError:
            return cls(seed)
        except (pa.ArrowException, OSError, KeyError, ValueError, pl.exceptions.PolarsError):
            raise SettingsInvalid(f"{FILE} cannot be read. Remove it; the next scan is then a full one.") from None
        return cls(seed, files, tuple(note["cleared"]), note["has_keys"]) if note["seed"] == _told(seed) else cls(seed)

    def write(self, home: Path) -> None:
        """Keep it in place of what was there."""
        note = {"seed": _told(self.seed), "cleared": self.cleared, "has_keys": self.has_keys}
        table = self.files.to_arrow().replace_schema_metadata({_NOTE: json.dumps(note).encode()})
        partial = home / f".{FILE}"
        pq.write_table(table, partial, compression="zstd")
        partial.replace(home / FILE)
        (home / FILE_BEFORE).unlink(missing_ok=True)

    def unchanged(self, stamps: Mapping[str, Stamp]) -> "Memory":
        """The same, of the files that still are as they were."""
        rows = self.files.select("path", "size", "changed").rows()
        return self._only([stamps.get(path) == tuple(of) for path, *of in rows])

    def grown(self, stamps: Mapping[str, Stamp]) -> "Memory":
        """The same, of the databases of events that have changed: those they held they hold still."""
        rows = self.files.select("path", "size", "changed", "events").rows()
        return self._only(
            [
                bool(events)
                and path in stamps
                and stamps[path] != (size, changed)
                and newest_event(Path(path)) >= events
                for path, size, changed, events in rows
            ]
        )

    @property
    def events(self) -> dict[str, int]:
        """The newest event that each file held."""
        return dict(self.files.select("path", "events").rows())

    def _only(self, are_kept: list[bool]) -> "Memory":
        files = self.files.filter(pl.Series(are_kept, dtype=pl.Boolean))
        return Memory(self.seed, files, self.cleared, self.has_keys)

    def candidates(self, identifiers: pl.Series) -> dict[str, pl.Series]:
        """By file the identifiers of which it holds every word, of those that have not been looked for there."""
        new = identifiers.filter(~digests(identifiers, self.seed).is_in(list(self.cleared)))
        return candidates(self.files.select("path", pl.col("words").alias("word")).explode("word"), new, self.seed)


def candidates(words: pl.DataFrame, identifiers: pl.Series, seed: int) -> dict[str, pl.Series]:
    """By place (`path`) the identifiers of which it holds every word."""
    if not len(identifiers):
        return {}
    wanted = with_words(identifiers, seed)
    wanted = wanted.with_columns(pl.len().over("id").alias("all"))
    held = wanted.join(words.unique(), on="word").group_by("path", "id", "all").len()
    whole = held.filter(pl.col("len") == pl.col("all")).group_by("path").agg("id")
    return dict(zip(whole["path"], whole["id"], strict=True))


def words_of_texts(texts: Iterator[tuple[str, pl.Series]], seed: int) -> pl.DataFrame:
    """The digests of the distinct words (`word`) of texts, by their place (`path`), escapes undone. Small texts are
    taken together: each call has its price."""
    found, held, size, paths = [pl.DataFrame(schema=_WORDS)], [], 0, dict[str, int]()
    for path, text in texts:
        number = paths.setdefault(path, len(paths))
        held.append(pl.DataFrame({"path": pl.repeat(number, len(text), dtype=pl.UInt32, eager=True), "text": text}))
        size += text.estimated_size()
        if size > _TOGETHER_BYTES:
            found.append(_digests_of(held, seed))
            held, size = [], 0
    words = pl.concat([*found, *([_digests_of(held, seed)] if held else [])]).unique()
    named = pl.Series("path", [*paths], dtype=pl.String)
    return words.with_columns(named.gather(words["path"]))


def _digests_of(held: list[pl.DataFrame], seed: int) -> pl.DataFrame:
    together = pl.concat(held).unique()
    words = words_by_place(pl.concat([together, undone_by_place(together)]))
    return words.select("path", digests(words["text"], seed).alias("word")).unique()


def _told(seed: int) -> str:
    return hashlib.sha256(str(seed).encode()).hexdigest()[:16]
