"""Columns that are more than one of the file's, or that only their values tell."""

import re

from mediflow_assets.contracts.source import LINE_GRAIN
from mediflow_assets.sources.drafting import words
from mediflow_assets.sources.drafting.choosing import Table
from mediflow_assets.sources.drafting.draft import CHECK, Column, Draft
from mediflow_assets.sources.drafting.header_words import concepts
from mediflow_assets.sources.drafting.profile import Profile
from mediflow_assets.sources.drafting.rules import RULES
from mediflow_assets.sources.grains import DIAGNOSIS_GRAIN, ENCOUNTER_GRAIN, FORMS

_OF_NO_STAY = {"patient", "mrn", "row", "provider", "facility", "procedure", "zip", "date", "relative", "diagnosis"}
_OF_NO_FURTHER = {"admission", "death", "procedure", "drg", "text", "version", "flag", "date", "class", "group"} | {
    "name",
    "cost",
}
_LEAST_DIFFERENT = 0.2
_PRINCIPAL = frozenset(["p", "pri", "prin", "principal", "primary", "1", "main", "a", "hd", "h", "hoofd", "dp"])
_YES = frozenset(["y", "yes", "true", "t", "j", "ja", "s", "si", "sí", "o", "oui", "x"])
_MOST_MARKS = 12
_SOME, _MOST = 0.1, 0.8
_ONCE = 0.95
"""Of stays, to be named by one record: a file that names them again and again tells of something else."""


def gender_by_values(table: Table, draft: Draft) -> None:
    """A column that holds nothing but words for genders tells the gender, whatever it is called."""
    if "gender" in draft.columns:
        return
    taken = {header for column in draft.columns.values() for header in column.headers}
    found = [
        header
        for header in table.header
        if header not in taken and words.are_genders(table.profiles[header]) and len(header) <= 12
    ]
    if len(found) == 1 and "gender" in FORMS[draft.grain].columns:
        draft.columns["gender"] = Column((found[0],), f"by its values; {CHECK}")


def names(table: Table, draft: Draft) -> None:
    """A family name and a given name are one name."""
    if "name" not in FORMS[draft.grain].columns:
        return
    free = [h for h in table.header if table.profiles[h].is_words and len(table.profiles[h].counts) > 1]
    of_patients = [
        h for h in free if concepts(h)[0] & {"name", "patient"} and not concepts(h)[0] & RULES["name"].avoids
    ]
    family = [h for h in of_patients if _means(h, "family")]
    given = [h for h in of_patients if _means(h, "given") and h not in family]
    if len(given) == 1 and not family and (name := draft.columns.get("name")) and name.headers != tuple(given):
        family = [name.headers[0]]
    if len(family) == 1 and len(given) == 1:
        draft.columns["name"] = Column((family[0], given[0]), "family and given name", ", ")


def _means(header: str, concept: str) -> bool:
    return concept in concepts(header)[0]


def codes(table: Table, draft: Draft) -> None:
    """Further codes stand behind the principal one, in the order of the file."""
    first = draft.columns.get("diagnosis_code")
    if first is None:
        return
    meant = draft.values.get("diagnosis_code")
    system = (Profile([*meant.values()]) if meant else table.profiles[first.headers[0]]).code_system
    if draft.grain != DIAGNOSIS_GRAIN and not meant:
        more = tuple(
            header
            for header in table.header
            if header != first.headers[0] and _is_further(header, table.profiles[header], system)
        )
        repeated = table.profiles[first.headers[0]].cells
        more = tuple(header for header in more if table.profiles[header].cells != repeated)
        if more:
            draft.columns["diagnosis_code"] = Column((*first.headers, *more), f"{first.why}, in order", ";")
    if draft.grain == DIAGNOSIS_GRAIN and (mark := _principal_mark(table, draft)):
        draft.columns["diagnosis_rank"], draft.values["diagnosis_rank"] = mark
    has_system = "diagnosis_system" in FORMS[draft.grain].columns
    if system == "icd9" and has_system and "diagnosis_system" not in draft.columns:
        draft.columns["diagnosis_system"] = Column((), "the codes have the form of ICD-9", value="icd9")


def _is_further(header: str, profile: Profile, system: str | None) -> bool:
    meant, _ = concepts(header)
    if not meant & {"diagnosis", "secondary"} or meant & _OF_NO_FURTHER:
        return False
    # a column that is empty in the sample is of the row if it is numbered, or called a further one
    is_numbered = "diagnosis" in meant and ("secondary" in meant or bool(re.search(r"\d\Z", header)))
    return profile.code_system == system if profile.given else is_numbered


def stay(table: Table, draft: Draft) -> None:
    """Where no header names the stay, a column of ids that stand once each does; a running number does not."""
    if draft.grain != ENCOUNTER_GRAIN or "encounter_id" in draft.columns:
        return
    taken = {header for column in draft.columns.values() for header in column.headers}
    for header in table.header:
        profile, (meant, _) = table.profiles[header], concepts(header)
        is_named = "id" in meant and not meant & _OF_NO_STAY
        is_running = [cell.removesuffix(".0") for cell in profile.cells[:20]] == [str(n) for n in range(1, 21)]
        if header not in taken and is_named and profile.is_id and profile.distinct > _ONCE and not is_running:
            draft.columns["encounter_id"] = Column((header,), f"each id stands once; {CHECK}")
            return


def _principal_mark(table: Table, draft: Draft) -> tuple[Column, dict[str, str]] | None:
    """A column that marks one diagnosis of each stay as the principal one by a letter or word of its own."""
    if (encounter := draft.columns.get("encounter_id")) is None:
        return None
    ids = table.profiles[encounter.headers[0]].cells
    taken = {header for ours, column in draft.columns.items() for header in column.headers if ours != "diagnosis_rank"}
    found = []
    for header in table.header:
        profile = table.profiles[header]
        if header in taken or not 2 <= len(profile.counts) <= _MOST_MARKS:
            continue
        for word in _marks(header, profile):
            marked = [i for i, cell in zip(ids, profile.cells, strict=True) if cell == word]
            if len(marked) == len(set(marked)) and len(marked) > _least_marked(header) * len(set(ids)):
                # of a stay without a principal diagnosis the first of the others would be taken for one
                others = {each: "" for each in profile.counts if each != word}
                why = f"one {word} a stay: the principal diagnosis; {CHECK}"
                found.append((_is_order(profile), Column((header,), why), {word: "1"} | others))
    found.sort(key=lambda each: each[0])
    return found[0][1:] if found and not (found[0][0] and "diagnosis_rank" in draft.columns) else None


def _least_marked(header: str) -> float:
    """The share of stays to have a mark: of stays that are no inpatient's some exports mark none."""
    return _SOME if _means(header, "principal") else _MOST


def _marks(header: str, profile: Profile) -> list[str]:
    """Words that mark the principal of several diagnoses: by themselves, else as a yes under such a header. Beside P an
    X is no yes, but of an admitting diagnosis or of one that is neither."""
    named = [word for word in profile.counts if word.casefold() in _PRINCIPAL]
    return named or [w for w in profile.counts if w.casefold() in _YES and _means(header, "principal")]


def _is_order(profile: Profile) -> bool:
    """Whether it rather numbers the diagnoses as they were entered, than says which is the principal one."""
    return profile.is_integer and "3" in profile.counts


def patient(table: Table, draft: Draft) -> None:
    """Where no column names the patient, the stay does: then nobody has two."""
    if draft.grain not in (ENCOUNTER_GRAIN, LINE_GRAIN) or "patient_id" in draft.columns:
        return
    encounter = draft.columns.get("encounter_id")
    if header := _person(table, draft):
        why = f"what does not change of a person is the same wherever it stands; {CHECK}"
        draft.columns["patient_id"] = Column((header,), why)
    elif encounter and table.profiles[encounter.headers[0]].distinct > _ONCE:
        draft.columns["patient_id"] = Column(
            encounter.headers, f"no patient is named: each stay is a patient of its own, nobody is readmitted; {CHECK}"
        )
    elif not encounter and (name := draft.columns.get("name")):
        more = [draft.columns[each].headers[0] for each in ("birth_date", "gender") if each in draft.columns]
        draft.columns["patient_id"] = Column(
            (*name.headers, *more), f"no column of ids: people of one name are taken for one patient; {CHECK}", "|"
        )


def _person(table: Table, draft: Draft) -> str | None:
    """The column of most ids that stand several times, and of which each has one gender and one birth, or the like."""
    taken = {header for column in draft.columns.values() for header in column.headers}
    fixed = [
        header
        for header in table.header
        if concepts(header)[0] & {"gender", "birth", "race", "zip", "name"} and len(table.profiles[header].counts) > 1
    ]
    found = []
    for header in table.header:
        profile = table.profiles[header]
        is_candidate = header not in taken and header not in fixed and profile.is_id and not profile.dates
        is_of_several = "relative" in concepts(header)[0]
        if is_candidate and not is_of_several and _LEAST_DIFFERENT < profile.distinct < _ONCE:
            found.append(header)
    # of a household and its members the latter are more
    found.sort(key=lambda header: -table.profiles[header].distinct)
    return next((header for header in found if _determines(table, header, fixed) > 1), None)


def _determines(table: Table, header: str, fixed: list[str]) -> int:
    """How many columns have one value for each id of another that stands several times."""
    ids, count = table.profiles[header].cells, 0
    for other in fixed:
        first: dict[str, str] = {}
        pairs = [(i, cell) for i, cell in zip(ids, table.profiles[other].cells, strict=True) if i and cell]
        count += bool(pairs) and sum(first.setdefault(i, cell) != cell for i, cell in pairs) <= 0.01 * len(pairs)
    return count
