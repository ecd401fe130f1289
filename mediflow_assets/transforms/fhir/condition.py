"""A Condition as the texts of Silver's conditions: https://hl7.org/fhir/R4/condition.html."""

import re

from mediflow_assets.transforms.fhir import codings, references
from mediflow_assets.transforms.fhir.elements import Element, one, several, text
from mediflow_assets.transforms.fhir.releases import condition_as_r4

COLUMNS = (
    "patient",
    "encounter",
    "code",
    "codesystem",
    "description",
    "start",
    "stop",
    "onset_age",
    "is_recorded",
    "is_over_by",
    "is_none",
)
_NO_CONDITION = ("refuted", "entered-in-error")
_ASSERTED = "http://hl7.org/fhir/StructureDefinition/condition-assertedDate"
_OVER = ("resolved", "inactive")
_PER_YEAR = {"a": 1, "mo": 12, "wk": 52, "d": 365}
"""Units of UCUM in which an age is told."""
_DATE = re.compile(r"\s*([0-9]{4}(?:-[0-9]{2}){0,2})\s*\Z")
_WHOLE = re.compile(r"([0-9]{1,4})(?:[.][0-9]*)?\Z")


def read(condition: Element) -> dict[str, str | None]:
    """What a Condition tells, by column: its onset as a day, a period or an age, else the day of recording."""
    told = condition_as_r4(condition)
    onset, age = _onset(told), None
    if onset is None:
        age = _years(one(told.get("onsetAge"))) or _years(one(one(told.get("onsetRange")).get("low")))
    recorded = None if onset or age else text(told.get("recordedDate")) or _asserted(told)
    stop = text(told.get("abatementDateTime")) or text(one(told.get("abatementPeriod")).get("end"))
    stop = stop or _date(told.get("abatementString"))
    over_by = None if stop else _over_by(told, onset or recorded)
    code = codings.diagnosis(told.get("code"))
    return {
        "patient": references.who(told.get("subject"), "Patient"),
        "encounter": references.who(told.get("encounter"), "Encounter"),
        "code": code.code,
        "codesystem": code.system,
        "description": text(one(told.get("code")).get("text")) or code.display,
        "start": onset or recorded,
        "stop": stop or over_by,
        "onset_age": age,
        "is_recorded": "true" if recorded else None,
        "is_over_by": "true" if over_by else None,
        "is_none": "true"
        if _is_none(told.get("verificationStatus")) or codings.is_ruled_out(told.get("code"))
        else None,
    }


def _onset(told: Element) -> str | None:
    period = one(told.get("onsetPeriod"))
    return text(told.get("onsetDateTime")) or text(period.get("start")) or _date(told.get("onsetString"))


def _asserted(told: Element) -> str | None:
    """The date that US Core has beside the day of recording."""
    dates = (e.get("valueDateTime") for e in several(told.get("extension")) if e.get("url") == _ASSERTED)
    return text(next(dates, None))


def _date(told: object) -> str | None:
    """A date that is written where any words may stand."""
    found = _DATE.match(text(told) or "")
    return found[1] if found else None


def _years(age: Element) -> str | None:
    """An age in completed years."""
    found = _WHOLE.match(text(age.get("value")) or "")
    per_year = _PER_YEAR.get(str(age.get("code") or age.get("unit")))
    return str(int(found[1]) // per_year) if found and per_year else None


def _over_by(told: Element, begun: str | None) -> str | None:
    """By when a condition was over of which only its status says that it is: the day of that version, if the condition
    had begun by then."""
    status = told.get("clinicalStatus")
    said = {text(status), *(each.code for each in codings.codings(status))}
    if not said & {*_OVER} and told.get("abatementBoolean") is not True:
        return None
    day = (text(one(told.get("meta")).get("lastUpdated")) or "")[:10]
    return day if len(day) == 10 and (begun or "")[:10] <= day else None


def _is_none(verified: object) -> bool:
    """Whether it says that there is no such condition: as older releases do, in words, or coded."""
    said = [text(verified), *(text(each.get("text")) for each in several(verified))]
    said += [each.code for each in codings.codings(verified)]
    return any(each.lower().replace(" ", "-") in _NO_CONDITION for each in said if each)
