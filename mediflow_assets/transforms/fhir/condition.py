"""A Condition as the texts of Silver's conditions: https://hl7.org/fhir/R4/condition.html."""

from mediflow_assets.transforms.fhir import codings, references
from mediflow_assets.transforms.fhir.elements import Element, one, several, text

COLUMNS = (
    "patient",
    "encounter",
    "code",
    "description",
    "start",
    "stop",
    "onset_age",
    "is_recorded",
    "is_none",
)
_NO_CONDITION = ("refuted", "entered-in-error")
_YEARS = ("a",)


def read(condition: Element) -> dict[str, str | None]:
    """What a Condition tells, by column: its onset as a day, a period or an age, else the day of recording."""
    onset = text(condition.get("onsetDateTime")) or text(one(condition.get("onsetPeriod")).get("start"))
    age = None if onset else _years(condition)
    recorded = None if onset or age else text(condition.get("recordedDate"))
    concept = one(condition.get("code"))
    return {
        "patient": references.id_of(condition.get("subject"), "Patient"),
        "encounter": references.id_of(condition.get("encounter"), "Encounter"),
        "code": text(codings.first(concept).get("code")),
        "description": text(concept.get("text")),
        "start": onset or recorded,
        "stop": text(condition.get("abatementDateTime")),
        "onset_age": age,
        "is_recorded": "true" if recorded else None,
        "is_none": "true" if _is_none(condition.get("verificationStatus")) else None,
    }


def _years(condition: Element) -> str | None:
    """The age at the onset, where it is told in years."""
    age = one(condition.get("onsetAge"))
    return text(age.get("value")) if age.get("code") in _YEARS else None


def _is_none(verified: object) -> bool:
    """Whether it says that there is no such condition: as older releases do, in words, or coded."""
    said = [text(verified), *(text(each.get("text")) for each in several(verified))]
    said += [text(each.get("code")) for concept in several(verified) for each in several(concept.get("coding"))]
    return any(each.lower().replace(" ", "-") in _NO_CONDITION for each in said if each)
