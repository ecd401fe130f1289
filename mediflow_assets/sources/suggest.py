"""Drafts sections of `sources.toml` for files not known yet, with the evidence of each line."""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources.delivery import Limits
from mediflow_assets.sources.drafting.choosing import Table
from mediflow_assets.sources.drafting.code_tables import Keyed
from mediflow_assets.sources.drafting.draft import Draft
from mediflow_assets.sources.drafting.headerless import is_a_record
from mediflow_assets.sources.drafting.making import draft_of
from mediflow_assets.sources.drafting.rendering import as_toml
from mediflow_assets.sources.drafting.sample import sample

NAME = "new_feed"


@dataclass(frozen=True)
class Suggestion:
    """What is proposed for a file, under a name."""

    name: str
    draft: Draft
    header: Sequence[str]
    keys: Mapping[str, object]
    """How the file is written."""
    table: Table
    keys_for: Callable[[Collection[str]], Mapping[str, object]]

    @property
    def section(self) -> str:
        """The section of `sources.toml`."""
        return as_toml(self.draft, self.name, self.header, self.keys)

    @property
    def grain(self) -> str:
        """What a record is."""
        return self.draft.grain

    @property
    def lacks(self) -> tuple[str, ...]:
        """The columns without which the file cannot be mapped."""
        return self.draft.lacks


def suggest(path: Path, name: str = NAME, limits: Limits | None = None, today: dt.date | None = None) -> Suggestion:
    """A draft of the feed's section, to be checked by a person. Raises DeliveryRefused where the file has no header."""
    limits = limits or Limits()
    found = sample(path, limits)
    if not found.rows:
        raise DeliveryRefused("the file has a header but no records, and so nothing to tell its columns by.")
    table = Table.of(found.header, found.columns, found.keys.get("delimiter"))
    if not found.known or is_a_record(table):
        raise DeliveryRefused(
            "the line that would be its header looks like a record, or is in a language that is not known here. Put a "
            "line with the names of its columns above the records, or ask for an export that has one."
        )
    return _drafted(Suggestion(name, Draft("", {}), found.header, {}, table, found.keys_for), today)


def suggest_again(
    found: Suggestion, told: Mapping[str, str], keyed: Mapping[str, Keyed], today: dt.date | None = None
) -> Suggestion:
    """The same, where other files tell what some of its columns are, or what their keys mean."""
    return _drafted(found, today, told, keyed)


def _drafted(
    found: Suggestion,
    today: dt.date | None,
    told: Mapping[str, str] | None = None,
    keyed: Mapping[str, Keyed] | None = None,
) -> Suggestion:
    draft = draft_of(found.table, today or dt.datetime.now(dt.UTC).date(), told, keyed)
    used = {header for column in draft.columns.values() for header in column.headers}
    return replace(found, draft=draft, keys=found.keys_for(used))
