"""From a request to a model's inputs: one spelling for each word, the limits of the version that answers, warnings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.contracts.diagnosis_codes import canonical_code
from mediflow_assets.contracts.inputs import field_of
from mediflow_assets.contracts.model import ModelContract
from mediflow_assets.scoring import Bundle
from serving.problems import Problem, count_of
from serving.schemas import Patient

NOT_GIVEN, NOT_TAKEN = "not given; taken as an average patient's", "not an input of this model; it changes nothing"
UNKNOWN_WORD = "?"
_CODE = "diagnosis_code"
_SPELLINGS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("encounter_class", v.ENCOUNTER_CLASSES),
    ("admission_type", v.ADMISSION_TYPES),
    ("discharge_disposition", v.DISPOSITIONS),
)


@dataclass(frozen=True)
class Inputs:
    """What the prediction log keeps: what was given, by the names and in the spelling of Gold, and no word that the
    model has not learned, for it may be anything, a name too. The row that is scored. What the client should know."""

    kept: dict[str, Any]
    row: dict[str, Any]
    warnings: list[str]


def inputs_of(contract: ModelContract, bundle: Bundle, patients: Sequence[Patient], *, is_batch: bool) -> list[Inputs]:
    """The inputs for one version of a model.

    Raises Problem 422 where a number breaks that version's own limits, and 409 where only a word is missing by which it
    has learned to answer: the request is well formed, and another version may take it.
    """
    found, problems, is_outside = [], [], False
    for place, patient in enumerate(patients):
        given = _given(contract, patient)
        outside = bundle.outside(given)
        is_outside = is_outside or bool(outside)
        for name, text in (outside | _without_word(contract, bundle, given)).items():
            where = f"patients.{place}." if is_batch else ""
            problems.append({"field": where + field_of(name), "problem": text})
        found.append(_filled(bundle, given))
    if problems:
        raise Problem(422 if is_outside else 409, count_of(problems), fields=problems)
    return found


def _given(contract: ModelContract, patient: Patient) -> dict[str, Any]:
    """What was sent, by the names of the model's inputs; what it does not take keeps the name of its field."""
    names = {field: feature.name for field, feature in contract.fields.items()}
    row = {names.get(field, field): value for field, value in vars(patient).items() if value is not None}
    row[names.get(_CODE, _CODE)] = canonical_code(patient.diagnosis_code)
    row["department"] = row["department"].strip().upper()
    gender = row["gender"].strip().upper()
    row["gender"] = v.word_of(v.GENDERS, gender) or gender
    for name, known in _SPELLINGS:
        if name in row:
            row[name] = v.word_of(known, row[name]) or row[name].strip()
    return row


def _without_word(contract: ModelContract, bundle: Bundle, given: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with the word by which amounts differ too much for an average one to stand in."""
    by = contract.by
    learned = bundle.words(by) if by else ()
    if by is None or not learned or given.get(by) in learned:
        return {}
    what = "is not one that this version has learned" if by in given else f"is needed, for {contract.by_why}"
    return {by: f"{what}: {', '.join(learned)}"}


def _filled(bundle: Bundle, given: dict[str, Any]) -> Inputs:
    """What the model needs and an older client does not send is the average patient's."""
    unknown, absent = bundle.warnings(given), [name for name in bundle.required if name not in given]
    surplus = given.keys() - bundle.taken
    told = dict.fromkeys(surplus, NOT_TAKEN) | dict.fromkeys(absent, NOT_GIVEN) | unknown
    row = given | {name: bundle.reference[name] for name in absent}
    kept = {name: UNKNOWN_WORD if name in unknown else value for name, value in given.items() if name not in surplus}
    return Inputs(kept, row, [f"{field_of(name)}: {text}." for name, text in sorted(told.items())])
