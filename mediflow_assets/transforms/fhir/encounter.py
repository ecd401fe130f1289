"""An Encounter as the texts of Silver's encounters: https://hl7.org/fhir/R4/encounter.html."""

import re
from collections.abc import Iterator

import msgspec

from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.transforms.fhir import codings, references
from mediflow_assets.transforms.fhir.elements import Element, one, several, text
from mediflow_assets.transforms.fhir.releases import encounter_as_r4

COLUMNS = (
    "patient",
    "start",
    "stop",
    "encounterclass",
    "status",
    "service",
    "location",
    "provider",
    "admission_type",
    "reasoncode",
    "reasonsystem",
    "reasondescription",
    "disposition",
    "total_claim_cost",
    "base_encounter_cost",
    "named_conditions",
    "named_places",
    "extra",
    "admission_type_said",
    "discharge_disposition_said",
)
"""FHIR's encounters carry no cost; those columns stand for Synthea's."""
_PRIORITIES = {
    **dict.fromkeys(("EM", "S"), "emergency"),
    **dict.fromkeys(("A", "UR", "RR", "T"), "urgent"),
    **dict.fromkeys(("EL", "P", "R"), "elective"),
}
"""v3-ActPriority: https://terminology.hl7.org/CodeSystem-v3-ActPriority.html; what is done on call has no priority."""
_ACT_PRIORITY = ("http://terminology.hl7.org/CodeSystem/v3-ActPriority", "http://hl7.org/fhir/v3/ActPriority")
_IN_WORDS = (
    (re.compile(r"(non-?urgent|elective|planned|scheduled|routine)\b", re.I), "elective"),
    (re.compile(r"emergency\b", re.I), "emergency"),
    (re.compile(r"urgent\b", re.I), "urgent"),
)
BEDS = ("bd", "ro")
"""Of location-physical-type: a bed and a room, which are no department."""
_FIRST_USES = ("DD", "billing", "CC", "AD")
"""Of diagnosis-role, in this order: what a stay turned out to be for, before what it was begun for."""
_USES = (*_FIRST_USES, "CM", "pre-op", "post-op")
_RANK = re.compile(r"[1-9][0-9]{0,3}\Z")
_PLANNED = "planned"
_BEGUN, _OVER = ("arrived", "triaged", "in-progress"), ("finished",)


def read(encounter: Element) -> dict[str, str | None]:
    """What an Encounter tells, by column."""
    told = encounter_as_r4(encounter)
    start, stop = _period(told)
    stay = one(told.get("hospitalization"))
    code = _diagnosis(told)
    return {
        "patient": references.who(told.get("subject"), "Patient"),
        "start": start,
        "stop": stop,
        "encounterclass": codings.word_of(v.ENCOUNTER_CLASSES, told.get("class"))
        or codings.first_code(told.get("class")),
        "status": text(told.get("status")),
        "service": codings.words(told.get("serviceType")),
        "location": _location(told),
        "provider": references.name_of(told.get("serviceProvider"), told),
        "admission_type": _admission_type(told.get("priority"), stay),
        "reasoncode": code.code,
        "reasonsystem": code.system,
        "reasondescription": code.display or codings.words(told.get("reasonCode")),
        "disposition": codings.word_of(v.DISPOSITIONS, stay.get("dischargeDisposition")),
        "named_conditions": _named_conditions(told),
        "named_places": _named_places(told),
        "extra": _extra(told),
        **{f"{column}_said": word for column, word in unknown_words(told).items()},
    }


def unknown_words(told: Element) -> dict[str, str]:
    """By column the words, of those that may be left out, which no vocabulary has: a code, else what it is called.
    `told` is an Encounter of R4."""
    stay, priority = one(told.get("hospitalization")), told.get("priority")
    ended, found = stay.get("dischargeDisposition"), {}
    if not codings.of_system(priority, *_ACT_PRIORITY).code and _admission_type(priority, stay) is None:
        found["admission_type"] = codings.first_code(priority) or codings.words(priority)
    if codings.word_of(v.DISPOSITIONS, ended) is None:
        found["discharge_disposition"] = codings.first_code(ended) or codings.words(ended)
    return {column: word for column, word in found.items() if word}


def _period(told: Element) -> tuple[str | None, str | None]:
    """Begin and end; what the period does not tell is told by the history of the status."""
    period = one(told.get("period"))
    start, stop = text(period.get("start")), text(period.get("end"))
    if told.get("status") == _PLANNED:
        # what is planned has not ended; R5 tells it apart from the period
        return start or text(told.get("plannedStartDate")), None
    if start and (stop or told.get("status") not in _OVER):
        return start, stop
    history = [
        (each.get("status"), text(one(each.get("period")).get("start"))) for each in several(told.get("statusHistory"))
    ]
    begun = min((at for status, at in history if at and status in _BEGUN), default=None)
    over = next((at for status, at in history if at and status in _OVER), None)
    return start or begun, stop or over


def _location(told: Element) -> str | None:
    """Where the patient is, or was last: a ward rather than its rooms and beds."""
    named = [(*at, name) for at, place in _places(told) if (name := references.name_of(place, told))]
    return max(named)[-1] if named else None


def _named_places(told: Element) -> str | None:
    """The place, and who provides it, where no words tell either, nor the service."""
    provider = told.get("serviceProvider")
    if codings.words(told.get("serviceType")) or _location(told) or references.name_of(provider, told):
        return None
    named = [(*at, id_) for at, place in _places(told) if (id_ := references.id_of(place, "Location"))]
    organisation = references.id_of(provider, "Organization")
    both = (f"Location/{max(named)[-1]}" if named else None, f"Organization/{organisation}" if organisation else None)
    return " ".join(each for each in both if each) or None


def _places(told: Element) -> Iterator[tuple[tuple[bool, str, int], object]]:
    """Each place that is no room and no bed, with how new it is."""
    for number, each in enumerate(several(told.get("location"))):
        is_bed = codings.is_of_type(each.get("physicalType"), *BEDS)
        if each.get("status") not in ("planned", "reserved") and not is_bed:
            begun = text(one(each.get("period")).get("start")) or ""
            yield (each.get("status") == "active", begun, -number), each.get("location")


def _admission_type(priority: object, stay: Element) -> str | None:
    """By the priority; else planned where that is said of a readmission."""
    if not priority and not stay:
        return None
    if code := codings.of_system(priority, *_ACT_PRIORITY).code:
        return _PRIORITIES.get(code)
    found = codings.word_of(v.ADMISSION_TYPES, priority) or _in_words(priority)
    return found or ("elective" if _in_words(stay.get("reAdmission")) == "elective" else None)


def _in_words(concepts: object) -> str | None:
    if not concepts:
        return None
    said = (codings.words(concepts) or "").strip()
    return next((ours for pattern, ours in _IN_WORDS if pattern.match(said)), None)


def _diagnosis(told: Element) -> codings.Coding:
    """The first code of ICD or SNOMED CT among its diagnoses, by use and rank, where they bring one; else of its
    reasons. Other codes say nothing here: a reason may be of any system."""
    concepts = (each for each in _concepts(told) if not codings.is_ruled_out(each))
    found = next(filter(codings.is_diagnosis, map(codings.diagnosis, concepts)), None)
    return found or codings.NONE


def _concepts(told: Element) -> Iterator[object]:
    for entry in sorted(several(told.get("diagnosis")), key=_place):
        yield entry.get("concept")
        yield references.contained(entry.get("condition"), told).get("code")
    yield from several(told.get("reasonCode"))
    for reference in several(told.get("reasonReference")):
        yield references.contained(reference, told).get("code")


def _extra(told: Element) -> str | None:
    """What no column has: of which encounter it is a part."""
    whole = references.id_of(told.get("partOf"), "Encounter") if "partOf" in told else None
    return msgspec.json.encode({"part_of": whole}).decode() if whole and whole != told.get("id") else None


def _named_conditions(told: Element) -> str | None:
    """The Conditions that it names as its diagnoses, a line for each: rank, use and id."""
    lines = []
    for entry in sorted(several(told.get("diagnosis")), key=_place) if "diagnosis" in told else ():
        if id_ := references.id_of(entry.get("condition"), "Condition"):
            use = next((each.code for each in codings.codings(entry.get("use")) if each.code in _USES), "-")
            rank = text(entry.get("rank")) or ""
            lines.append(f"{rank if _RANK.match(rank) else '-'} {use} {id_}")
    return "\n".join(lines) or None


def _place(entry: Element) -> tuple[int, int]:
    uses = [each.code for each in codings.codings(entry.get("use"))]
    rank = entry.get("rank")
    place = min((_FIRST_USES.index(use) for use in uses if use in _FIRST_USES), default=len(_FIRST_USES))
    return place, rank if isinstance(rank, int) else 99
