"""Records that are parts of a stay, such as episodes: which column names the whole, and which numbers the parts."""

from collections.abc import Sequence

from mediflow_assets.sources.drafting.choosing import Table
from mediflow_assets.sources.drafting.draft import CHECK, Column, Draft
from mediflow_assets.sources.drafting.header_words import concepts
from mediflow_assets.sources.grains import DIAGNOSIS_GRAIN, ENCOUNTER_GRAIN

_OF_NO_STAY = {"mrn", "row", "provider", "facility", "procedure", "zip", "date", "relative", "payer", "cost", "birth"}
_PARTS, _EXACTLY = 1.02, 0.99
"""How many ids more there are than stays, and of how many records the columns must agree."""


def whole_stay(table: Table, draft: Draft) -> None:
    """Where several ids stand for one admission of one patient, and another column has one id for each admission, the
    latter names the stay and the former its episodes."""
    known = [draft.columns.get(ours) for ours in ("encounter_id", "patient_id", "admission_date")]
    if draft.grain != ENCOUNTER_GRAIN or not all(known):
        return
    episode, patient, admitted = (_cells(table, column) for column in known if column)
    taken = {header for column in draft.columns.values() for header in column.headers}
    for header in table.header:
        profile = table.profiles[header]
        if header in taken or profile.dates or not profile.is_id or concepts(header)[0] & _OF_NO_STAY:
            continue
        if _is_whole([row for row in zip(profile.cells, episode, patient, admitted, strict=True) if all(row)]):
            draft.columns["encounter_id"] = Column((header,), f"one id an admission, of several episodes; {CHECK}")
            return


def _cells(table: Table, column: Column) -> Sequence[str]:
    """The cells of a column, of several one text a row."""
    return ["|".join(row).strip("|") for row in zip(*(table.profiles[h].cells for h in column.headers), strict=True)]


def _is_whole(rows: Sequence[tuple[str, ...]]) -> bool:
    """Whether the first cells name admissions, the second ones parts of them; the others are patients and dates."""
    stays, episodes, admissions = {r[0] for r in rows}, {r[1] for r in rows}, {r[2:] for r in rows}
    is_split = len(episodes) > _PARTS * len(admissions)
    is_one_each = len({(r[0], *r[2:]) for r in rows}) * _EXACTLY <= min(len(stays), len(admissions))
    return is_split and is_one_each and len({r[:2] for r in rows}) * _EXACTLY <= len(episodes)


def numbering(table: Table, draft: Draft) -> None:
    """A column that numbers the records of each stay from 1 on ranks its diagnoses."""
    encounter = draft.columns.get("encounter_id")
    if draft.grain != DIAGNOSIS_GRAIN or encounter is None or "diagnosis_rank" in draft.columns:
        return
    stays = table.profiles[encounter.headers[0]].cells
    taken = {header for column in draft.columns.values() for header in column.headers}
    for header in table.header:
        profile = table.profiles[header]
        if header not in taken and profile.is_integer and "2" in profile.counts and _numbers(stays, profile.cells):
            draft.columns["diagnosis_rank"] = Column((header,), f"numbers the records of each stay; {CHECK}")
            return


def _numbers(stays: Sequence[str], cells: Sequence[str]) -> bool:
    of: dict[str, list[str]] = {}
    for stay, cell in zip(stays, cells, strict=True):
        of.setdefault(stay, []).append(cell.removesuffix(".0"))
    right = sum(sorted(found) == sorted(map(str, range(1, len(found) + 1))) for found in of.values())
    return right >= _EXACTLY * len(of)
