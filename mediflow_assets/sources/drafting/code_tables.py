"""Files that say what keys of other files stand for: codes of diseases, wards, words, each with a key of its own."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.sources.aliases import plain
from mediflow_assets.sources.drafting.choosing import Table
from mediflow_assets.sources.drafting.draft import Draft
from mediflow_assets.sources.drafting.fitting import name_people
from mediflow_assets.sources.drafting.header_words import concepts
from mediflow_assets.sources.drafting.phrases import meaning_of
from mediflow_assets.sources.drafting.profile import ENOUGH, Profile
from mediflow_assets.sources.drafting.words import CODED
from mediflow_assets.sources.grains import ENCOUNTER_GRAIN

_TOLD_BY_KEYS = ("diagnosis_code", "department", *CODED)
_OF_STAYS = {"admission_date", "discharge_date", "birth_date", "age", "name", "cost"}
_MOST_KEYS, _FEWEST_SHARED, _MOST, _NEARLY_ALL = 2_000, 3, 0.5, 0.9
_NO_KEY = re.compile(r"-?\d{1,2}")
"""A number that is none of the keys, as `-1` for a row that is not there."""


@dataclass(frozen=True)
class Keyed:
    """A column of keys, and what each stands for."""

    header: str
    meanings: Mapping[str, str]


@dataclass(frozen=True)
class CodeTable:
    """A file of keys and what they stand for in one column of ours."""

    number: int
    key: str
    ours: str
    meanings: Mapping[str, str]


def keyed(files: Sequence[tuple[Table, Draft]]) -> tuple[list[dict[str, Keyed]], set[int]]:
    """For each file which of ours its columns of keys tell by another file; and the numbers of those other files."""
    tables = [table for number, file in enumerate(files) for table in _code_tables(number, *file)]
    found: list[dict[str, Keyed]] = [{} for _ in files]
    used = set()
    for number, (table, draft) in enumerate(files):
        for codes in tables:
            header = _keys_in(table, draft, codes) if codes.number != number else None
            if header is not None and codes.ours not in found[number]:
                others = {cell: "" for cell in table.profiles[header].counts if _NO_KEY.fullmatch(cell)}
                found[number][codes.ours] = Keyed(header, {**others, **codes.meanings})
                used.add(codes.number)
    return found, used


def _code_tables(number: int, table: Table, draft: Draft) -> Iterator[CodeTable]:
    """What a file without patients and dates of stays tells by its keys."""
    rows = len(next(iter(table.profiles.values())).cells)
    # what stands once each may look like ages, and be keys
    of_stays = {
        ours for ours in _OF_STAYS & {*draft.columns} if not _stands_once(table, draft.columns[ours].headers[0])
    }
    if rows > _MOST_KEYS or of_stays or not _is_of_keys(draft):
        return
    for ours, told in _told(table, draft):
        cells = table.profiles[told].cells
        for header in table.header:
            profile = table.profiles[header]
            if header != told and profile.is_id and _stands_once(table, header):
                meant = {key: _meaning(ours, cell) for key, cell in zip(profile.cells, cells, strict=True)}
                yield CodeTable(number, header, ours, meant)


def _stands_once(table: Table, header: str) -> bool:
    profile = table.profiles[header]
    return len(profile.counts) == len(profile.cells)


def _told(table: Table, draft: Draft) -> Iterator[tuple[str, str]]:
    """The columns that say what keys stand for: by the draft, else by their words, each of which may stand once."""
    found = {ours: draft.columns[ours].headers[0] for ours in _TOLD_BY_KEYS if ours in draft.columns}
    if "department" in found and not _are_words(table.profiles[found["department"]]):
        del found["department"]
    free = [header for header in table.header if header not in found.values() and _are_words(table.profiles[header])]
    shares = [(_share_meant(ours, table.profiles[h]), ours, h) for ours in CODED if ours not in found for h in free]
    best = max(shares, default=(0.0, "", ""), key=lambda each: each[0])
    if best[0] >= _MOST:
        found[best[1]] = best[2]
    elif "department" not in found and (units := [h for h in free if "department" in concepts(h)[0]]):
        found["department"] = units[0]
    yield from ((ours, header) for ours, header in found.items() if not name_people(table.profiles[header]))


def _are_words(profile: Profile) -> bool:
    return len(profile.counts) > 1 and profile.share(lambda cell: any(map(str.isalpha, cell))) >= ENOUGH


def _share_meant(ours: str, profile: Profile) -> float:
    return profile.share(lambda cell: not cell.isdecimal() and _meaning(ours, cell))


def _is_of_keys(draft: Draft) -> bool:
    """Whether it names no patient or stay but by a column of keys, each of which might be a stay and stand for one."""
    stay, patient = draft.columns.get("encounter_id"), draft.columns.get("patient_id")
    are_keys = stay is not None and patient is not None and stay.headers == patient.headers
    return draft.grain == ENCOUNTER_GRAIN and (are_keys or (stay is None and patient is None))


def _meaning(ours: str, word: str) -> str:
    if ours not in CODED:
        return word
    by_phrase = meaning_of(word) if ours == "discharge_disposition" else None
    return v.word_of(CODED[ours], word) or by_phrase or ""


def _keys_in(table: Table, draft: Draft, codes: CodeTable) -> str | None:
    """The column of a file that holds these keys and is called like them; of several the one of the principal code."""
    own = draft.columns.get(codes.ours)
    taken = {h for ours, column in draft.columns.items() if ours != codes.ours for h in column.headers}
    found = [
        header
        for header in table.header
        if header not in taken and _is_called(header, codes.key) and _are_keys(table, header, codes.meanings)
    ]
    if not found or (own is not None and not {*own.headers} <= {*found}):
        return None
    return min(found, key=lambda header: ("principal" not in concepts(header)[0], len(header)))


def _is_called(header: str, key: str) -> bool:
    one, other = plain(header), plain(key)
    return one.endswith(other) or other.endswith(one)


def _are_keys(table: Table, header: str, meanings: Mapping[str, str]) -> bool:
    profile = table.profiles[header]
    shared = {*profile.counts} & {*meanings}
    strange = profile.share(lambda cell: cell not in meanings and not _NO_KEY.fullmatch(cell))
    are_enough = len(shared) >= min(_FEWEST_SHARED, len(meanings)) and profile.share(shared.__contains__) >= _MOST
    return are_enough and strange <= 1 - _NEARLY_ALL
