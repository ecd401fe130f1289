"""Codes whose published list a header names: what they mean is drafted, not asked."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mediflow_assets.sources.aliases import plain
from mediflow_assets.sources.drafting.choosing import Table
from mediflow_assets.sources.drafting.draft import CHECK, Column, Draft
from mediflow_assets.sources.drafting.header_words import bare
from mediflow_assets.sources.drafting.profile import Profile
from mediflow_assets.sources.grains import FORMS

_FILE = Path(__file__).with_name("published_codes.toml")
_NOTHING, _BETWEEN = "nothing", "/"
_LABELLED = re.compile(r"(\w{1,3})(?: ?[-–:=.|]|\)) *[^\W\d_].*")
"""A code with its words behind it: `19 - Usual place of residence`."""
_ALL_BUT_FEW = 0.98
"""Of the values, to be in the list."""


@dataclass(frozen=True)
class CodeList:
    """A published list: whose column it is, under which headers, and what its codes stand for."""

    column: str
    headers: frozenset[str]
    codes: Mapping[str, str]
    before: str | None = None
    """The list of another column that settles it where its code says something."""
    beside: str = ""
    """What is in some header of its files, where the column is called as others are."""

    def meaning(self, text: str) -> str | None:
        """What a cell stands for, "" where the list says nothing by it; None where it is none of the list."""
        labelled = _LABELLED.fullmatch(text)
        code = (labelled[1] if labelled else text.removesuffix(".0")).casefold()
        return self.codes.get(code, self.codes.get(code.lstrip("0"), None if code.strip("0") else ""))

    def is_of(self, header: str, profile: Profile) -> bool:
        """Whether a column is called so and holds codes of it."""
        is_called = bool({plain(header), plain(bare(header))} & self.headers)
        return is_called and profile.share(lambda cell: self.meaning(cell) is not None) >= _ALL_BUT_FEW


@cache
def lists() -> Mapping[str, CodeList]:
    """Every list, by its name."""
    return {name: _list(**said) for name, said in tomllib.loads(_FILE.read_text(encoding="utf-8")).items()}


def _list(column: str, headers: str, before: str | None = None, beside: str = "", **meant: str) -> CodeList:
    codes = {code.casefold(): "" if ours == _NOTHING else ours for ours, of in meant.items() for code in of.split()}
    return CodeList(column, frozenset(map(plain, headers.split())), codes, before, beside)


def published(table: Table, draft: Draft) -> None:
    """A column under the header of a published list is read by it; of two that tell how a stay ended the one that says
    who died or left goes before the one that says where to."""
    later = {each.before for each in lists().values()}
    for _, codes in sorted(lists().items(), key=lambda each: each[0] in later):
        is_open = codes.column in FORMS[draft.grain].columns and codes.column not in draft.values
        header = next(_of(table, draft, codes), None) if is_open else None
        if header is None:
            continue
        first = lists()[codes.before] if codes.before else None
        over = next(_of(table, draft, first), None) if first else None
        if first is None or over is None:
            _say(draft, codes.column, (header,), {cell: codes.meaning(cell) for cell in table.profiles[header].counts})
        else:
            _say(draft, codes.column, (over, header), _both(table, first, over, codes, header))


def _of(table: Table, draft: Draft, codes: CodeList) -> Iterator[str]:
    """The columns of a list that are not taken for anything else."""
    if not any(codes.beside in plain(header) for header in table.header):
        return iter(())
    taken = {h for ours, column in draft.columns.items() if ours != codes.column for h in column.headers}
    return (h for h in table.header if h not in taken and table.profiles[h].given and codes.is_of(h, table.profiles[h]))


def _both(table: Table, first: CodeList, over: str, codes: CodeList, header: str) -> dict[str, str | None]:
    """What each pair of codes means, and each of them where the other cell is empty: nothing, if it may be of both
    lists and means two things."""
    settles = {cell: first.meaning(cell) for cell in table.profiles[over].counts}
    else_ = {cell: codes.meaning(cell) for cell in table.profiles[header].counts}
    found: dict[str, str | None] = {
        f"{a}{_BETWEEN}{b}": None if None in (one, other) else one or other
        for a, one in settles.items()
        for b, other in else_.items()
    }
    for cell in {*settles, *else_}:
        meant = {first.meaning(cell), codes.meaning(cell)} - {None}
        found[cell] = meant.pop() if len(meant) == 1 else ""
    return found


def _say(draft: Draft, column: str, headers: tuple[str, ...], meant: Mapping[str, str | None]) -> None:
    draft.columns[column] = Column(headers, "codes of a published list", _BETWEEN if len(headers) > 1 else None)
    draft.values[column] = {cell: ours for cell, ours in sorted(meant.items()) if ours is not None}
    draft.why[f"values.{column}"] = f"{CHECK}: as published"
