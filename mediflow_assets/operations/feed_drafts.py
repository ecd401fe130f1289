"""Drafts of feeds for files: made, laid beside the feeds that there are, and put into `sources.toml`."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.operations import sources_file
from mediflow_assets.sources import Feeds, Limits, recognise
from mediflow_assets.sources.drafting.beside_stays import NO_GRAIN, NO_STAYS
from mediflow_assets.sources.drafting.code_tables import keyed
from mediflow_assets.sources.drafting.making import GRAIN
from mediflow_assets.sources.drafting.together import told
from mediflow_assets.sources.feed import Feed
from mediflow_assets.sources.feed_section import feed_of
from mediflow_assets.sources.suggest import Suggestion, suggest, suggest_again

_FLAT = "admissions"
_PLURALS = {"patient": "_patients", "diagnosis": "_diagnoses"}
"""What is put behind the name of a feed whose records are no stays."""
_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Drafted:
    """What is proposed for one file, or why nothing is."""

    section: str = ""
    lacks: tuple[str, ...] = ()
    """Columns without which it cannot be mapped."""
    known_as: str | None = None
    """The feed or source that takes it already."""
    refusal: str | None = None
    is_of_codes: bool = False
    """Whether it only says what keys of the other files mean: their sections say it now."""

    @property
    def is_mapped(self) -> bool:
        """Whether the file can come in by it, or by what there is."""
        return not self.lacks and not self.refusal and not self.is_of_codes


def is_name(name: str) -> bool:
    """Whether a feed can be called so: as a key of TOML that needs no quotes."""
    return bool(_NAME.fullmatch(name))


def draft(files: Sequence[Path], name: str, feeds: Feeds, limits: Limits) -> list[Drafted]:
    """A draft for each file; of several the names differ by what their records are."""
    seen = [_seen(file, feeds, limits) for file in files]
    taken, drafts = {feed.name for feed in feeds.feeds}, []
    for found in _together(seen):
        if isinstance(found, Suggestion):
            found = replace(found, name=_free(name + _PLURALS.get(found.grain, ""), taken))
            taken.add(found.name)
            found = Drafted(found.section, found.lacks)
        drafts.append(found)
    return drafts


def _seen(file: Path, feeds: Feeds, limits: Limits) -> Suggestion | Drafted:
    try:
        known = _known(file, feeds, limits)
        return Drafted(known_as=known) if known else suggest(file, limits=limits)
    except DeliveryRefused as refusal:
        return Drafted(refusal=str(refusal))


def _together(seen: Sequence[Suggestion | Drafted]) -> Iterator[Suggestion | Drafted]:
    """What was found, with the keys that the files tell of each other and what they stand for."""
    suggestions = [each for each in seen if isinstance(each, Suggestion)]
    files = [(each.table, each.draft) for each in suggestions]
    by_keys, code_tables = keyed(files)
    again = enumerate(zip(suggestions, told(files), by_keys, strict=True))
    for each in seen:
        if not isinstance(each, Suggestion):
            yield each
            continue
        number, (found, keys, meanings) = next(again)
        if number in code_tables:
            yield Drafted(is_of_codes=True)
        elif keys.get(GRAIN) == NO_GRAIN:
            yield Drafted(refusal=NO_STAYS)
        else:
            yield suggest_again(found, keys, meanings) if keys or meanings else found


def _known(file: Path, feeds: Feeds, limits: Limits) -> str | None:
    """The feed of a file, or the source that needs none: a flat file without a feed may still be read wrongly."""
    try:
        what = recognise(file, feeds, limits)
    except DeliveryRefused:
        return None
    return what.feed or (what.source if what.source != _FLAT else None)


def _free(name: str, taken: set[str]) -> str:
    """The name, or with a number the first one that is free."""
    names = (name, *(f"{name}_{number}" for number in range(2, len(taken) + 3)))
    return next(each for each in names if each not in taken)


def with_drafts(feeds: Feeds, drafted: Sequence[Drafted]) -> Feeds:
    """The feeds with those drafted before them."""
    return replace(feeds, feeds=(*_feeds_of(drafted), *feeds.feeds))


def _feeds_of(drafted: Sequence[Drafted]) -> list[Feed]:
    content = tomllib.loads("\n".join(each.section for each in drafted if each.is_mapped))
    return [feed_of(name, section) for name, section in content.get("feeds", {}).items()]


def write(path: Path, drafted: Sequence[Drafted]) -> int:
    """Put the sections behind what stands in `sources.toml`, and count them. Raises SettingsInvalid."""
    sections = [each.section for each in drafted if each.is_mapped and each.section]
    before = sources_file.read(path)
    sources_file.replace(path, "\n".join([*([before] if before else []), *sections]))
    return len(sections)
