"""Files of one export: what names the stay or the patient in one of them does so in the others."""

from collections.abc import Iterator, Mapping, Sequence

from mediflow_assets.sources.aliases import plain
from mediflow_assets.sources.drafting.beside_stays import are_stays, tells_only_diagnoses, what_else
from mediflow_assets.sources.drafting.choosing import Table
from mediflow_assets.sources.drafting.draft import Draft
from mediflow_assets.sources.drafting.making import GRAIN
from mediflow_assets.sources.grains import DIAGNOSIS_GRAIN, ENCOUNTER_GRAIN

_KEYS = ("patient_id", "encounter_id")
_FEWEST, _NEARLY_ALL = 20, 0.95
_LEAST_SHARED = 0.3
"""Of the ids of the file with fewer, to stand in the other one too."""


def told(files: Sequence[tuple[Table, Draft]]) -> list[dict[str, str]]:
    """For each file the keys that the others tell, where its own draft has another column or none: the column of ids
    that most of the files have under one header; where it has none, one whose values are those of another's."""
    found: list[dict[str, str]] = [{} for _ in files]
    for ours in _KEYS:
        for number, header in _shared(files, ours).items():
            column = files[number][1].columns.get(ours)
            if column is None or column.headers != (header,):
                found[number][ours] = header
        for number, header in _by_values(files, ours):
            found[number].setdefault(ours, header)
    for number in _of_known_stays(files, found):
        found[number][GRAIN] = DIAGNOSIS_GRAIN
    for number, (table, draft) in enumerate(files):
        others = [other for place, other in enumerate(files) if place != number and are_stays(other[1])]
        if GRAIN not in found[number] and (grain := what_else(table, draft, others)):
            found[number][GRAIN] = grain
    return found


def _of_known_stays(files: Sequence[tuple[Table, Draft]], told: Sequence[Mapping[str, str]]) -> Iterator[int]:
    """The files with diagnoses whose stays another file has with what it tells of people. Without a patient they tell
    of parts of those stays, such as episodes, and would else be stays of other people; with one, of nothing else."""
    stays = [
        (draft, {*table.profiles[_headers(draft, "encounter_id")[0]].counts})
        for table, draft in filter(_are_stays, files)
    ]
    for number, (table, draft) in enumerate(files):
        own = _headers(draft, "encounter_id")
        header = told[number].get("encounter_id") or (own[0] if own else "")
        if not header or "diagnosis_code" not in draft.columns:
            continue
        tells = {*draft.columns, *told[number]}
        is_of_people = {"gender", "birth_date"} & tells or "patient_id" in told[number] or _headers(draft, "patient_id")
        known = [whose for whose, ids in stays if whose is not draft and _are_of({*table.profiles[header].counts}, ids)]
        if any(not is_of_people or tells_only_diagnoses(draft, whose) for whose in known):
            yield number


def _are_stays(file: tuple[Table, Draft]) -> bool:
    """Whether its records are stays, each once, and tell of people."""
    table, draft = file
    is_of_people = {"gender", "birth_date"} & {*draft.columns} or _headers(draft, "patient_id")
    header = next(iter(_headers(draft, "encounter_id")), None)
    is_once = header is not None and table.profiles[header].distinct >= _NEARLY_ALL
    return bool(draft.grain == ENCOUNTER_GRAIN and is_of_people and is_once)


def _by_values(files: Sequence[tuple[Table, Draft]], ours: str) -> Iterator[tuple[int, str]]:
    """The files without that key that have, whatever it is called, one column of nearly no ids but another's."""
    keys = {n: files[n][0].profiles[_headers(d, ours)[0]].counts for n, (_, d) in enumerate(files) if _headers(d, ours)}
    for number, (table, draft) in enumerate(files):
        if ours in draft.columns:
            continue
        taken = {header for column in draft.columns.values() for header in column.headers}
        free = [header for header in table.header if header not in taken and table.profiles[header].is_id]
        alike = [
            header for header in free if any(_are_of({*table.profiles[header].counts}, {*ids}) for ids in keys.values())
        ]
        if len(alike) == 1:
            yield number, alike[0]


def _are_of(some: set[str], ids: set[str]) -> bool:
    """Whether nearly all of some values are ids of a file, and too many for chance."""
    return len(some) >= _FEWEST and len(some & ids) >= _NEARLY_ALL * len(some)


def _shared(files: Sequence[tuple[Table, Draft]], ours: str) -> Mapping[int, str]:
    """The files that have the column by which most of them are joined, with its header in each."""
    others = {plain(h) for _, draft in files for key in _KEYS if key != ours for h in _headers(draft, key)}
    named = dict.fromkeys(plain(h) for _, draft in files for h in _headers(draft, ours))
    groups = [dict(_having(files, name)) for name in named if name not in others]
    best = max(groups, key=len, default={})
    return best if len(best) > 1 else {}


def _headers(draft: Draft, ours: str) -> tuple[str, ...]:
    """The one column of keys; the one of stays is none of patients, though it may stand for them."""
    column, stay = draft.columns.get(ours), draft.columns.get("encounter_id")
    if column is None or len(column.headers) != 1 or (ours == "patient_id" and stay and column.headers == stay.headers):
        return ()
    return column.headers


def _having(files: Sequence[tuple[Table, Draft]], name: str) -> Iterator[tuple[int, str]]:
    """The files with ids under that header, which are those of another file."""
    of = {
        number: header
        for number, (table, _) in enumerate(files)
        for header in table.header
        if plain(header) == name and table.profiles[header].is_id
    }
    ids = {number: {*files[number][0].profiles[header].counts} for number, header in of.items()}
    for number, header in of.items():
        if any(_are_shared(ids[number], ids[other]) for other in of if other != number):
            yield number, header


def _are_shared(some: set[str], others: set[str]) -> bool:
    return len(some & others) >= _LEAST_SHARED * min(len(some), len(others))
