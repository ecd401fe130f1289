"""Which column of a file is which of ours: by what its header says, what its values look like, and how both fit."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from math import inf
from statistics import median

from mediflow_assets.sources.aliases import ADMISSION_ALIASES, plain
from mediflow_assets.sources.drafting.amounts import are_wholes
from mediflow_assets.sources.drafting.draft import CHECK
from mediflow_assets.sources.drafting.fitting import (
    FITS,
    KNOWN_ENOUGH,
    are_codes,
    are_nothing_known,
    are_people,
    are_short_codes,
)
from mediflow_assets.sources.drafting.header_words import concepts, meanings
from mediflow_assets.sources.drafting.profile import ENOUGH, Profile
from mediflow_assets.sources.drafting.rules import RULES
from mediflow_assets.sources.drafting.words import CODED, share_known, share_told

_BY_WORDS = 0.3
"""What it adds that all words of a column are known."""
_LEAST, _LIKELY, _SURE, _ALIAS = 0.58, 0.75, 0.9, 0.97
_STRANGE, _BESIDE, _AGAINST = 0.08, 0.06, 0.45
_TOLD, _BARELY = 9.0, 0.5
_ARRIVAL, _MOST_CLASHES = 0.05, 0.02
_ALIKE, _DAYS_OFF = 0.16, 3
"""How much less may speak for a column that lies so many days nearer."""
_ROWS = 1_000
"""Of two columns, to tell in which order they are."""
_SIMILAR = ("encounter_class", "admission_type")
"""Called alike by many: their words tell them apart."""
_LETTER, _NAMED = re.compile(r"[^\W\d_]"), 0.25
"""Of the payers, to have a letter: numbers alone name none, and are not kept in Silver."""
_SEVERAL = re.compile(r"[^\s;|,/~^][;|,/~^\s]+\w")


@dataclass(frozen=True)
class Choice:
    """A column of the file that is taken for one of ours, and why."""

    header: str
    why: str
    score: float


@dataclass
class Table:
    """A sample of a file: its header, and a profile of each column."""

    header: tuple[str, ...]
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    delimiter: object = None

    @classmethod
    def of(cls, header: Sequence[str], columns: Sequence[Sequence[str]], delimiter: object = None) -> "Table":
        """A table of columns of cells."""
        profiles = {name: Profile(cells) for name, cells in zip(header, columns, strict=True)}
        return cls(tuple(header), profiles, delimiter)


def candidates(table: Table, ours: str) -> list[Choice]:
    """The columns that may be this one of ours, best first."""
    found = []
    for place, header in enumerate(table.header):
        by_name = _by_name(header, ours, is_date=bool(table.profiles[header].dates))
        by_name = max(by_name, _by_kind(header, ours, table.profiles[header], by_name))
        told = _told(ours, table.profiles[header], by_name) if by_name >= _LEAST else ""
        if told:
            by_words = _BY_WORDS * _by_words(ours, header, table.profiles[header])
            against = _of_others(header, table.profiles[header]) if ours == "diagnosis_code" else 0.0
            # of an arrival and an admission the stay begins with the latter
            against += _ARRIVAL * (ours == "admission_date" and "arrival" in concepts(header)[0])
            # of two diagnoses of a Colombian stay (RIPS) that with an E, of egreso, is the one at its end
            against += _ARRIVAL * (ours == "diagnosis_code" and f"{header}E" in table.header)
            against += _STRANGE * (ours == "department" and table.profiles[header].share(str.isdecimal) >= ENOUGH)
            found.append(Choice(header, told, by_name + by_words - against - place / 1_000_000))
    return sorted(found, key=lambda choice: -choice.score)


def _by_kind(header: str, ours: str, profile: Profile, by_name: float) -> float:
    """What its values say where its header says little: amounts with a currency, codes of diseases called codes."""
    if ours == "cost" and by_name > _BARELY and profile.has_currency:
        return by_name + _STRANGE
    is_code = ours == "diagnosis_code" and concepts(header)[0] == {"code"} and profile.code_system == "icd10"
    return _LEAST if is_code and profile.varies(10) else 0.0


def _of_others(header: str, profile: Profile) -> float:
    """How much speaks for a column of further diagnoses: a number, several codes in a cell, or none."""
    number = re.search(r"\d+\Z", header)
    further = min(int(number[0]) - 1, 5) if number and int(number[0]) > 1 else 0
    several = profile.share(_SEVERAL.search)
    missing = 1 - len(profile.given) / len(profile.cells) if profile.cells else 0.0
    return 0.02 * further + 0.1 * several + 0.1 * missing


def _by_words(ours: str, header: str, profile: Profile) -> float:
    """How many of a column's words are of this one of ours, more than of one that is called alike; and are given."""
    if ours not in CODED:
        return 0.0
    own = share_told(ours, header, profile)
    others = [share_told(other, header, profile) - own for other in _SIMILAR if ours in _SIMILAR]
    missing = 1 - len(profile.given) / max(len(profile.cells), 1)
    return own - max(0.0, *others) - missing / 2 if others else own - missing / 2


def _told(ours: str, profile: Profile, by_name: float) -> str:
    if not profile.given:
        return "by its name: it has no value here" if by_name >= _SURE else ""
    if ours in CODED and (are_people(ours, profile) or are_nothing_known(ours, profile)):
        return ""
    if ours in CODED and by_name >= _SURE and are_codes(profile):
        return f"{len(profile.counts)} different words or codes"
    if ours == "payer" and by_name >= _LIKELY and are_codes(profile) and profile.share(_LETTER.search) >= _NAMED:
        return f"{len(profile.counts)} different words or codes"
    if ours in CODED and by_name >= _LIKELY and are_short_codes(profile):
        return f"{len(profile.counts)} different codes"
    if ours in CODED and by_name < _LIKELY and share_known(ours, profile) < KNOWN_ENOUGH:
        return ""
    return FITS[ours](profile)


def _by_name(header: str, ours: str, is_date: bool = False) -> float:
    if plain(header) == plain(ours):
        return 1.2
    if plain(header) in {plain(spelling) for spelling in ADMISSION_ALIASES.get(ours, ())}:
        return _ALIAS
    meant, strange = concepts(header)
    # the key of a date is one
    meant = meant - {"id"} if is_date and {"date", "birth"} & meant else meant
    rule, best = RULES[ours], 0.0
    for needed, weight in rule.needs:
        if needed <= meant:
            beside = {c for c in meant - needed if c not in _near(needed, header)}
            against = len(beside & rule.avoids)
            score = weight - _STRANGE * strange - _BESIDE * len(beside - rule.avoids) - _AGAINST * against
            best = max(best, score)
    return best


def _near(needed: frozenset[str], header: str) -> set[str]:
    """Concepts that stand for the same words of a header as those that are needed."""
    return {concept for of in meanings(header) if of & needed for concept in of}


def choose(table: Table, told: Mapping[str, str] | None = None) -> dict[str, Choice]:
    """Ours → the column taken for it: each column once, the surest first, but those that other files tell first."""
    every = {ours: candidates(table, ours) for ours in RULES}
    every |= {ours: [Choice(header, f"as in the other files; {CHECK}", _TOLD)] for ours, header in (told or {}).items()}
    chosen = _best(table, every)
    while (stay := chosen.get("encounter_id")) and _is_of_several(table, stay.header, chosen):
        every["encounter_id"] = [each for each in every["encounter_id"] if each.header != stay.header]
        chosen = _best(table, every)
    return chosen


def _best(table: Table, every: Mapping[str, Sequence[Choice]]) -> dict[str, Choice]:
    order = sorted(((c.score, ours, c) for ours, found in every.items() for c in found), key=lambda each: -each[0])
    chosen: dict[str, Choice] = {}
    taken: set[str] = set()
    for _, ours, choice in order:
        if ours not in chosen and choice.header not in taken:
            chosen[ours] = choice
            taken.add(choice.header)
    _nearest_admission(table, chosen, [c for c in every["admission_date"] if c.header not in taken])
    _whole_cost(table, chosen, [c for c in every["cost"] if c.header not in taken])
    _let_go_of_no_patient(table, chosen)
    return chosen


def _nearest_admission(table: Table, chosen: dict[str, Choice], others: Sequence[Choice]) -> None:
    """Of several columns that may be the admission by their names the one that stays fit: the registration of a patient
    lies long before."""
    if (begin := chosen.get("admission_date")) is None or (end := chosen.get("discharge_date")) is None:
        return
    rivals = [begin, *(other for other in others if other.score > begin.score - _ALIKE)]
    stays = {each.header: _usual_stay(table.profiles[each.header], table.profiles[end.header]) for each in rivals}
    nearest = min(rivals, key=lambda each: stays[each.header])
    if stays[nearest.header] + _DAYS_OFF < stays[begin.header]:
        chosen["admission_date"] = replace(nearest, why=f"{nearest.why}, the nearest before the discharge; {CHECK}")


def _whole_cost(table: Table, chosen: dict[str, Choice], others: Sequence[Choice]) -> None:
    """Of several amounts that are called alike the one of which the others are parts."""
    if "cost" not in chosen:
        return
    for other in others:
        cells = [table.profiles[each.header].cells[:_ROWS] for each in (other, chosen["cost"])]
        if other.score > chosen["cost"].score - _STRANGE and are_wholes(*cells):
            chosen["cost"] = replace(other, why=f"{other.why}, of which others are parts; {CHECK}")


def _usual_stay(first: Profile, second: Profile) -> float:
    """The days of a usual stay; endless where it would end before it begins."""
    days = [(b.date() - a.date()).days for a, b in _pairs(first, second)]
    return median(days) if days and sum(each < 0 for each in days) < len(days) / 10 else inf


def _pairs(first: Profile, second: Profile) -> list[tuple[datetime, datetime]]:
    """The dates of the rows that have both, of as many as tell enough."""
    cells = islice(zip(first.cells, second.cells, strict=True), _ROWS)
    return [(a, b) for left, right in cells if (a := read(first, left)) and (b := read(second, right))]


def _let_go_of_no_patient(table: Table, chosen: dict[str, Choice]) -> None:
    """A patient has one birth date; a column of ids that says otherwise is no patient's, and is let go."""
    birth, patient = chosen.get("birth_date"), chosen.get("patient_id")
    if birth and patient and patient.score < 0.95:
        seen: dict[str, str] = {}
        ids, births = table.profiles[patient.header].cells, table.profiles[birth.header].cells
        clashes = sum(seen.setdefault(i, b) != b for i, b in zip(ids, births, strict=True) if i and b)
        if clashes > 0.1 * len(ids):
            del chosen["patient_id"]


def _is_of_several(table: Table, stay: str, chosen: Mapping[str, Choice]) -> bool:
    """Whether a column's ids stand with several patients, or births: a stay has one, and such a column names no stays,
    as a running number of each patient's does."""
    stays = table.profiles[stay].cells
    for ours in filter(chosen.__contains__, ("patient_id", "birth_date")):
        first: dict[str, str] = {}
        people = table.profiles[chosen[ours].header].cells
        clashes = sum(first.setdefault(i, who) != who for i, who in zip(stays, people, strict=True) if i and who)
        if clashes > _MOST_CLASHES * len(stays):
            return True
    return False


def in_order(first: Profile, second: Profile) -> float:
    """The share of rows whose first date is not after the second one, of those that have both."""
    pairs = _pairs(first, second)
    return sum(a.date() <= b.date() for a, b in pairs) / len(pairs) if pairs else 1.0


def read(profile: Profile, text: str) -> datetime | None:
    """A cell as a date by its column's forms."""
    return next((date for form in profile.dates if (date := form.read(text))), None)
