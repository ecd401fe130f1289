"""Files beside one of stays: what has a patient and some date is none of it for that, and would bring in stays that are
none, or those that the file of stays has and that are refused there."""

from collections.abc import Sequence

from mediflow_assets.sources.drafting.choosing import Table
from mediflow_assets.sources.drafting.draft import Draft
from mediflow_assets.sources.drafting.header_words import concepts
from mediflow_assets.sources.grains import ENCOUNTER_GRAIN, PATIENT_GRAIN

NO_GRAIN = "nothing"
"""Of a file whose records are neither stays nor people nor diagnoses."""
NO_STAYS = (
    "beside the file of stays its records are none: they have no stay of their own, or no date whose header says "
    "admission. Leave it out; if they are stays, write its section by hand, with the column admission_date."
)
_OF_DIAGNOSES = {"diagnosis_code", "diagnosis_system", "diagnosis_rank", "onset_date", "updated_at"}
_OF_STAYS = {"diagnosis_code", "department", "encounter_class", "admission_type", "discharge_disposition", "cost"}
_OF_PEOPLE = {"birth_date", "gender", "death_date"}
_ONCE, _FEWEST, _NEARLY_ALL = 0.95, 20, 0.95
"""Of the ids, to stand once; how many there are at least, and how many of them another file has."""


def tells_only_diagnoses(draft: Draft, stays: Draft) -> bool:
    """Whether a file tells of the stays of another one nothing more than diagnoses, and not how they ended."""
    more = {*draft.columns} - {*stays.columns} - _OF_DIAGNOSES
    return not more and "discharge_date" not in draft.columns and "discharge_date" in stays.columns


def what_else(table: Table, draft: Draft, stays: Sequence[tuple[Table, Draft]]) -> str | None:
    """What a file is, if it only looks like one of stays: of people, or of nothing that is read."""
    is_like = draft.grain == ENCOUNTER_GRAIN and not draft.lacks and not _OF_STAYS & {*draft.columns}
    if not is_like or not stays or not _names_no_stays(table, draft, stays):
        return None
    return PATIENT_GRAIN if is_of_people(table, draft) else NO_GRAIN


def are_stays(draft: Draft) -> bool:
    """Whether a file surely tells of stays: when they began and ended, by their headers or with what else is of one."""
    tells = {"encounter_id", *_OF_STAYS} & {*draft.columns}
    is_whole = draft.grain == ENCOUNTER_GRAIN and not draft.lacks and "discharge_date" in draft.columns
    return is_whole and bool(tells or says_stay(draft, "admission_date"))


def is_of_people(table: Table, draft: Draft) -> bool:
    """Whether it has a patient a record, and tells who they are or when they died."""
    tells = {*draft.columns} | {"death_date" for header in table.header if is_death(table, header)}
    patient = draft.columns.get("patient_id")
    is_once = patient is not None and table.profiles[patient.headers[0]].distinct >= _ONCE
    return is_once and bool(_OF_PEOPLE & tells)


def is_death(table: Table, header: str) -> bool:
    """Whether a column says when people died."""
    return bool(table.profiles[header].dates) and "death" in concepts(header)[0]


def _names_no_stays(table: Table, draft: Draft, stays: Sequence[tuple[Table, Draft]]) -> bool:
    """Whether its records have no stay of their own: no id and no date that says admission, or ids that stand again
    and again, of stays that another file has once each."""
    encounter, patient = draft.columns.get("encounter_id"), draft.columns.get("patient_id")
    if encounter is None or encounter == patient:
        return not any(says_stay(draft, ours) for ours in ("admission_date", "discharge_date"))
    profile = table.profiles[encounter.headers[0]]
    if profile.distinct >= _ONCE or len(profile.counts) < _FEWEST or "discharge_date" in draft.columns:
        return False
    headers = [(of, other.columns["encounter_id"].headers[0]) for of, other in stays if "encounter_id" in other.columns]
    known = [{*of.profiles[header].counts} for of, header in headers if of.profiles[header].distinct >= _ONCE]
    return any(len(profile.counts.keys() & ids) >= _NEARLY_ALL * len(profile.counts) for ids in known)


def says_stay(draft: Draft, ours: str) -> bool:
    """Whether the header of a date says admission or discharge; a registration may be of people or deaths."""
    column = draft.columns.get(ours)
    meant = [concepts(header)[0] for header in column.headers] if column else []
    said = ours.removesuffix("_date")
    return any(said in each and "arrival" not in each for each in meant)
