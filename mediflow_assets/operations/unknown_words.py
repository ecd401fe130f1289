"""Words that no vocabulary has: their records wait in quarantine until `sources.toml` says what they mean."""

import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from mediflow_assets.contracts import bronze, silver, vocabulary
from mediflow_assets.contracts.words import by_spelling
from mediflow_assets.errors import SettingsInvalid
from mediflow_assets.operations import sources_file
from mediflow_assets.operations.quarantine import OPEN
from mediflow_assets.sources import Feeds
from mediflow_assets.sources.registry import source_of
from mediflow_assets.sources.systems import WORDY
from mediflow_assets.storage.delta import Lake

UNKNOWN = "_unknown"
_COLUMNS = ["source", "_delivery_id", "_record_number", "payload", "reasons"]
_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")


@dataclass(frozen=True)
class UnknownWord:
    """A word (it may be anything, a name too), where it stands, and in how many records of how many deliveries."""

    feed: str
    """Of `sources.toml`; the system where the records are of no feed."""
    column: str
    word: str
    records: int
    deliveries: int
    is_left_out: bool = False
    """Whether the feed maps it to nothing, and its records are let in without a value."""


def unmapped(lake: Lake) -> list[UnknownWord]:
    """The words against which open records stand, those of most records first."""
    found: defaultdict[tuple[str, str, str], set[tuple[str, int]]] = defaultdict(set)
    is_open = pc.field("status").isin(OPEN)
    for row in lake.read(silver.QUARANTINE, _COLUMNS, is_open).to_pylist():
        payload = _with_words(row["source"], json.loads(row["payload"]))
        feed = str(payload.get("_feed") or _system(row["source"]))
        for column, word in _words(row["reasons"], payload):
            # one record may be held at several tables
            found[feed, column, word].add((row["_delivery_id"], row["_record_number"]))
    return in_order(
        UnknownWord(*key, len(records), len({delivery for delivery, _ in records})) for key, records in found.items()
    )


def in_order(words: Iterable[UnknownWord]) -> list[UnknownWord]:
    """Those of most records first."""
    return sorted(words, key=lambda each: (-each.records, each.feed, each.column, each.word))


def map_word(path: Path, feed: str, column: str, theirs: str, ours: str) -> str:
    """Write into `sources.toml` what a word means in a feed, or in the records of a system that are of none; gives our
    word for it. Raises SettingsInvalid."""
    words, columns = vocabulary.CODED.get(column), WORDY.get(feed, vocabulary.CODED)
    if words is None or column not in columns:
        raise SettingsInvalid(f"There is no column '{column}' of words. There are {', '.join(columns)}.")
    meant = vocabulary.word_of(by_spelling(words), ours) if ours else ours
    if meant is None:
        raise SettingsInvalid(f"A word of {column} means one of {', '.join(words)}, or '' where it says nothing.")
    if not theirs.strip():
        raise SettingsInvalid("The word is empty: an empty cell says nothing.")
    place = (*_section(path, feed), "values", column)
    sources_file.replace(path, _with(sources_file.read(path), place, theirs, meant))
    return meant


def _system(table: str) -> str:
    return bronze.BY_TABLE[table].system if table in bronze.BY_TABLE else table


def _with_words(table: str, payload: dict[str, Any]) -> dict[str, Any]:
    """A record, with the words that stand within its text."""
    words = source_of(bronze.BY_TABLE[table].table).words if table in bronze.BY_TABLE else None
    return {**payload, **words(payload)} if words else payload


def _words(reasons: list[str], payload: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for reason in reasons:
        column = reason.removesuffix(UNKNOWN)
        if reason.endswith(UNKNOWN) and column in vocabulary.CODED:
            word = payload.get(column) or payload.get(column.replace("_", ""))
            if isinstance(word, str) and word.strip():
                yield column, word.strip()


def _section(path: Path, feed: str) -> tuple[str, str]:
    if any(each.name == feed for each in Feeds.load(path).every):
        return "feeds", feed
    if feed in WORDY:
        return "systems", feed
    raise SettingsInvalid(
        f"There is no feed '{feed}' in sources.toml. 'mediflow vocabulary unmapped' tells the feed of each word; "
        f"records of no feed are those of {', '.join(WORDY)}."
    )


def _with(text: str, place: tuple[str, ...], key: str, value: str) -> str:
    """The text with a pair in the section of a place, which takes the place of one with that key."""
    pair = f"{_quoted(key)} = {_quoted(value)}"
    lines = text.splitlines()
    start = next((number for number, line in enumerate(lines) if _place_of(line) == place), None)
    if start is None:
        _refuse_if_said(text, place)
        head = ".".join(name if _BARE.match(name) else _quoted(name) for name in place)
        return "\n".join([*lines, *([""] if lines else []), f"[{head}]", pair]) + "\n"
    end = next((n for n in range(start + 1, len(lines)) if lines[n].lstrip().startswith("[")), len(lines))
    kept = [line for line in lines[start + 1 : end] if _key_of(line) != key]
    return "\n".join([*lines[: start + 1], pair, *kept, *lines[end:]]) + "\n"


def _refuse_if_said(text: str, place: tuple[str, ...]) -> None:
    """Values that stand within another section's lines are not taken apart."""
    said: Any = tomllib.loads(text)
    for name in place:
        said = said.get(name, {}) if isinstance(said, dict) else {}
    if said:
        raise SettingsInvalid(f"sources.toml has values.{place[-1]} of {place[1]} in one line. Add the word to it.")


def _place_of(line: str) -> tuple[str, ...] | None:
    """The place that a line opens a section for."""
    if not line.lstrip().startswith("[") or (found := _parsed(line)) is None:
        return None
    place = []
    while found:
        [(name, found)] = found.items()
        place.append(name)
    return tuple(place)


def _key_of(line: str) -> str | None:
    found = _parsed(line)
    return next(iter(found), None) if found else None


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return None


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
