"""All of `sources.toml`: the feeds of hospitals' exports, and what is said of whole systems."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts import bronze
from mediflow_assets.contracts.identifiers import as_delivered
from mediflow_assets.contracts.source import SourceContract
from mediflow_assets.errors import SettingsInvalid
from mediflow_assets.sources.feed import Feed
from mediflow_assets.sources.feed_section import feed_of
from mediflow_assets.sources.fhir_numbers import Numbered
from mediflow_assets.sources.source import Source
from mediflow_assets.sources.systems import System, system_of

FILE_NAME = "sources.toml"
_FEWEST, _FEW_LACKING = 5, 0.35
"""Columns by which a feed is known, for a file to be nearly of it: how many it takes, and the share it may lack."""


@dataclass(frozen=True)
class Feeds:
    """All feeds and systems of a `sources.toml`."""

    feeds: tuple[Feed, ...] = ()
    systems: Mapping[str, System] = field(default_factory=dict)
    timezone: str | None = None
    """The home's IANA time zone; None where none is set."""
    changed: Mapping[str, Feed] = field(default_factory=dict)
    """The feeds of public exports of which the file says something otherwise."""

    @classmethod
    def load(cls, path: Path, timezone: str | None = None) -> "Feeds":
        """Reads the file; none at all means no feeds."""
        if not path.exists():
            return cls(timezone=timezone)
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError):
            raise SettingsInvalid("sources.toml cannot be read as TOML. Check its syntax.") from None
        feeds, systems = content.pop("feeds", {}), content.pop("systems", {})
        if content or not isinstance(feeds, dict) or not isinstance(systems, dict):
            raise SettingsInvalid("sources.toml holds something else than sections [feeds.NAME] and [systems.NAME].")
        changes = {name: section for name, section in feeds.items() if _is_change(name, section)}
        return cls(
            tuple(feed_of(name, section) for name, section in feeds.items() if name not in changes),
            {name: system_of(name, section) for name, section in systems.items()},
            timezone,
            {name: feed_of(name, _changed(_known_sections()[name], section)) for name, section in changes.items()},
        )

    @property
    def every(self) -> tuple[Feed, ...]:
        """The hospital's own feeds, and those of public exports whose headers are known, but for names of its own."""
        own = {feed.name for feed in self.feeds}
        known = (self.changed.get(feed.name, feed) for feed in known_exports())
        return (*self.feeds, *(feed for feed in known if feed.name not in own))

    @property
    def namespaces(self) -> dict[str, str]:
        """Whose the ids of each source system are, where no feed says otherwise."""
        return bronze.NAMESPACES | {name: each.namespace for name, each in self.systems.items() if each.namespace}

    def zone_of(self, system: str) -> str | None:
        """The time zone of a system's records, unless their feed names another; None where none is set."""
        named = self.systems.get(system)
        return (named.timezone if named else None) or self.timezone

    def values_of(self, system: str) -> Mapping[str, Mapping[str, str]]:
        """What words mean in a system's records that are of no feed, by column."""
        return self.systems[system].values if system in self.systems else {}

    def authorities_of(self, system: str) -> Mapping[str, str]:
        """By assigning authority whose its ids are, as the hospital says; others have a namespace of their own."""
        return self.systems[system].authorities if system in self.systems else {}

    def namespace_of(self, source: SourceContract, feed: str | None = None) -> str:
        """Whose the ids of a source's records are, which may be of a feed."""
        own = next((each.namespace for each in self.every if each.name == feed), None)
        return own or self.namespaces[source.system]

    def by_namespace(self, source: SourceContract, records: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Records of Bronze, apart by whose their ids are."""
        if "_feed" not in records.schema.names:
            yield self.namespace_of(source), records
            return
        feeds: dict[str, list[str | None]] = {}
        for feed in pc.unique(records.column("_feed")).to_pylist():
            feeds.setdefault(self.namespace_of(source, feed), []).append(feed)
        for namespace, of in sorted(feeds.items()):
            is_of = pc.is_in(records.column("_feed"), pa.array(of, records.column("_feed").type))
            yield namespace, records if len(feeds) == 1 else records.filter(is_of)

    def record_numbers(self, source: Source, records: pa.RecordBatch) -> list[Numbered]:
        """Per record the patient that it is and the hospital's record number of them; empty where the system tells
        none."""
        identifier = self.number_system(source)
        return source.record_numbers(records, identifier) if identifier and source.record_numbers else []

    def number_system(self, source: Source) -> str | None:
        """The identifier system of the hospital's record numbers, where a source tells them."""
        system = self.systems.get(source.contract.system)
        return system.record_number if system and source.record_numbers else None

    def name_in(self, source: Source, namespace: str, identifier: str) -> tuple[str, str]:
        """Whom an id in a record of a namespace stands for: a namespace, and the id in its one spelling there."""
        if source.says_namespaces:
            told, id_ = identifier.split("|", 1)
            return self.name(id_, self.authorities_of(source.contract.system).get(told, told) or namespace)
        return namespace, as_delivered(identifier, bronze.differ_by_case(source.contract.system, namespace))

    def name(self, identifier: str, namespace: str) -> tuple[str, str]:
        """An id of a namespace, in its one spelling there."""
        systems = (system for system, of in self.namespaces.items() if of == namespace)
        return namespace, as_delivered(identifier, any(bronze.differ_by_case(system, namespace) for system in systems))

    def named(self, name: str) -> Feed:
        """The feed of that name."""
        for feed in self.every:
            if feed.name == name:
                return feed
        raise SettingsInvalid(f"sources.toml has no feed '{name}'.")

    def fitting(self, header: tuple[str, ...], delimiter: str) -> tuple[Feed, ...]:
        """The feeds that fit a header best: those that name most of its columns. The hospital's own go first."""
        own = [feed for feed in self.feeds if feed.fits(header, delimiter)]
        fit = own or [feed for feed in self.every if feed.fits(header, delimiter)]
        most = max((len(feed.match) for feed in fit), default=0)
        return tuple(feed for feed in fit if len(feed.match) == most)

    def nearly(self, header: tuple[str, ...]) -> Feed | None:
        """The hospital's feed of which a header has nearly all columns: one of them may be called otherwise now."""
        lacking = {feed.name: len(feed.lacking(header)) / len(feed.match) for feed in self.feeds}
        near = [feed for feed in self.feeds if len(feed.match) >= _FEWEST and 0 < lacking[feed.name] <= _FEW_LACKING]
        return min(near, key=lambda feed: lacking[feed.name], default=None)


NO_FEEDS = Feeds()


@cache
def known_exports() -> tuple[Feed, ...]:
    """The feeds of public exports: `known_exports.toml` beside this file."""
    return tuple(feed_of(name, section) for name, section in _known_sections().items())


@cache
def _known_sections() -> dict[str, dict[str, Any]]:
    content = tomllib.loads((Path(__file__).with_name("known_exports.toml")).read_text(encoding="utf-8"))
    sections: dict[str, dict[str, Any]] = content["feeds"]
    return sections


def _is_change(name: str, section: Any) -> bool:
    """Whether a section changes a feed of a public export: it bears its name, and names no columns of its own."""
    return name in _known_sections() and isinstance(section, dict) and not {"match", "columns", "headers"} & {*section}


def _changed(known: dict[str, Any], section: dict[str, Any]) -> dict[str, Any]:
    """The section of a public export with what another one says; of words each that it names."""
    said = section.get("values", {})
    if not isinstance(said, dict) or not all(isinstance(words, dict) for words in said.values()):
        return known | section
    values = known.get("values", {})
    return known | section | {"values": values | {name: values.get(name, {}) | of for name, of in said.items()}}
