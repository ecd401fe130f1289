"""`sources.toml`: how one hospital's feed names its columns, writes its dates and codes its values."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from mediflow_assets.contracts import bronze, date_forms
from mediflow_assets.contracts.identifiers import as_delivered, is_namespace
from mediflow_assets.contracts.source import LINE_GRAIN, SourceContract
from mediflow_assets.contracts.time_zones import time_zone
from mediflow_assets.errors import SettingsInvalid
from mediflow_assets.sources.admissions import FORM as ADMISSIONS
from mediflow_assets.sources.aliases import plain
from mediflow_assets.sources.fhir_numbers import Numbered
from mediflow_assets.sources.source import Source
from mediflow_assets.sources.systems import NAMESPACE_FORM, System, system_of

FILE_NAME = "sources.toml"
GRAINS = ("encounter", LINE_GRAIN)
DELIMITERS = (",", ";", "\t", "|")
_FORMS = ("delimiter", "date_formats", "decimal_comma", "values", "timezone", "two_digit_years")
KEYS = frozenset({"match", "headers", "namespace", "null_words", "grain", *_FORMS})


@dataclass(frozen=True)
class Feed:
    """One hospital's way of writing admissions."""

    name: str
    match: tuple[str, ...]
    headers: Mapping[str, str] = field(default_factory=dict)
    delimiter: str | None = None
    date_formats: tuple[str, ...] = ()
    decimal_comma: bool = False
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    namespace: str | None = None
    """Whose its ids are, where they are not the hospital's record numbers."""
    timezone: str | None = None
    """The IANA time zone of its times without an offset, and of its days; its system's where it names none."""
    two_digit_years: int | None = None
    """The last of the hundred years that years of two digits are in; birth dates are in the past in any case."""
    null_words: tuple[str, ...] = ()
    """Words of its own for what is not given, in whatever case."""
    grain: str = "encounter"
    """What a record is: an encounter, or a line of several of which each encounter is the sum."""

    @property
    def short_years(self) -> tuple[int, int] | None:
        """The hundred years that years of two digits are in, births aside; None where its dates have none."""
        last = self.two_digit_years or 2099
        return (last - 99, last) if any(map(date_forms.has_short_year, self.date_formats)) else None

    def fits(self, header: tuple[str, ...], delimiter: str) -> bool:
        """Whether a file with this header is of this feed."""
        seen = {plain(name) for name in header}
        return self.delimiter in (None, delimiter) and all(plain(name) in seen for name in self.match)


@dataclass(frozen=True)
class Feeds:
    """All feeds and systems of a `sources.toml`."""

    feeds: tuple[Feed, ...] = ()
    systems: Mapping[str, System] = field(default_factory=dict)
    timezone: str | None = None
    """The home's IANA time zone; None where none is set."""

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
        return cls(
            tuple(_feed(name, section) for name, section in feeds.items()),
            {name: system_of(name, section) for name, section in systems.items()},
            timezone,
        )

    @property
    def namespaces(self) -> dict[str, str]:
        """Whose the ids of each source system are, where no feed says otherwise."""
        return bronze.NAMESPACES | {name: each.namespace for name, each in self.systems.items() if each.namespace}

    def zone_of(self, system: str) -> str | None:
        """The time zone of a system's records, unless their feed names another; None where none is set."""
        named = self.systems.get(system)
        return (named.timezone if named else None) or self.timezone

    def namespace_of(self, source: SourceContract, feed: str | None = None) -> str:
        """Whose the ids of a source's records are, which may be of a feed."""
        own = next((each.namespace for each in self.feeds if each.name == feed), None)
        return own or self.namespaces[source.system]

    def by_namespace(self, source: SourceContract, records: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Records of Bronze, apart by whose their ids are."""
        feeds = records.column("_feed").to_pylist() if "_feed" in records.schema.names else []
        found = [self.namespace_of(source, feed) for feed in feeds] or [self.namespace_of(source)]
        for namespace in sorted(set(found)):
            is_of = pa.array([each == namespace for each in found])
            yield namespace, records if len(set(found)) == 1 else records.filter(is_of)

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
            return self.name(*reversed(identifier.split("|", 1)))
        return namespace, as_delivered(identifier, bronze.differ_by_case(source.contract.system, namespace))

    def name(self, identifier: str, namespace: str) -> tuple[str, str]:
        """An id of a namespace, in its one spelling there."""
        systems = (system for system, of in self.namespaces.items() if of == namespace)
        return namespace, as_delivered(identifier, any(bronze.differ_by_case(system, namespace) for system in systems))

    @property
    def have_lines(self) -> bool:
        """Whether records of some feed are charge lines."""
        return any(feed.grain == LINE_GRAIN for feed in self.feeds)

    def named(self, name: str) -> Feed:
        """The feed of that name."""
        for feed in self.feeds:
            if feed.name == name:
                return feed
        raise SettingsInvalid(f"sources.toml has no feed '{name}'.")

    def fitting(self, header: tuple[str, ...], delimiter: str) -> tuple[Feed, ...]:
        """The feeds that fit a header best: those that name most of its columns."""
        fit = [feed for feed in self.feeds if feed.fits(header, delimiter)]
        most = max((len(feed.match) for feed in fit), default=0)
        return tuple(feed for feed in fit if len(feed.match) == most)


NO_FEEDS = Feeds()


def _feed(name: str, section: Any) -> Feed:
    if not isinstance(section, dict):
        raise SettingsInvalid(f"sources.toml: feed '{name}' is not a section.")
    if unknown := sorted(set(section) - KEYS):
        raise SettingsInvalid(f"sources.toml: feed '{name}' has an unknown key '{unknown[0]}'.")
    headers = _texts(name, "headers", section.get("headers", {}))
    match = section.get("match", list(headers))
    if not _is_list_of_texts(match) or not match:
        raise _invalid(name, "match", "a list of header names, or leave it out and fill headers")
    delimiter = section.get("delimiter")
    _one_of(name, "delimiter", delimiter, (None, *DELIMITERS), "a comma, a semicolon, a tab or a vertical bar")
    formats = section.get("date_formats", [])
    if not _is_list_of_texts(formats):
        raise _invalid(name, "date_formats", 'a list of patterns such as "MM/dd/yyyy"')
    comma = section.get("decimal_comma", False)
    if not isinstance(comma, bool):
        raise _invalid(name, "decimal_comma", "true or false")
    namespace = section.get("namespace")
    if namespace is not None and not is_namespace(namespace):
        raise _invalid(name, "namespace", NAMESPACE_FORM)
    words = section.get("null_words", [])
    if not _is_list_of_texts(words):
        raise _invalid(name, "null_words", 'a list of words such as "not done"')
    _known(name, "headers", headers.values())
    zone = section.get("timezone")
    zone = None if zone is None else time_zone(zone, f"sources.toml: feed '{name}', key 'timezone'")
    last = section.get("two_digit_years")
    if last is not None and (type(last) is not int or not 1900 <= last <= 2199):
        raise _invalid(name, "two_digit_years", "the last year that two digits stand for, such as 2049")
    values = _values(name, section)
    grain = section.get("grain", GRAINS[0])
    _one_of(name, "grain", grain, GRAINS, " or ".join(GRAINS))
    words = tuple(words)
    forms = (delimiter, tuple(formats), comma, values)
    return Feed(name, tuple(match), headers, *forms, namespace, zone, last, words, grain)


def _values(name: str, section: dict[str, Any]) -> dict[str, dict[str, str]]:
    values = section.get("values", {})
    if not isinstance(values, dict):
        raise _invalid(name, "values", "a section per column")
    _known(name, "values", values)
    return {column: _texts(name, f"values.{column}", codes) for column, codes in values.items()}


def _one_of(name: str, key: str, value: Any, allowed: tuple[str | None, ...], expected: str) -> None:
    if value not in allowed:
        raise _invalid(name, key, expected)


def _known(name: str, key: str, columns: Any) -> None:
    if any(column not in ADMISSIONS.columns for column in columns):
        raise _invalid(name, key, f"columns of admissions: {', '.join(ADMISSIONS.columns)}")


def _texts(name: str, key: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise _invalid(name, key, "pairs of texts")
    return value


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) and text for text in value)


def _invalid(name: str, key: str, expected: str) -> SettingsInvalid:
    return SettingsInvalid(f"sources.toml: feed '{name}', key '{key}': expected {expected}.")
