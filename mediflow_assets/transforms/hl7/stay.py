"""PV1, DG1 and IN1 of an ADT message → what it tells of its visit, under the names of a flat admission's columns."""

import re
from typing import Any

from mediflow_assets.contracts.code_systems import KNOWN, UNREAD, Reading, read_code
from mediflow_assets.contracts.hl7 import LOCATING, PLANNED, STAYS, Event
from mediflow_assets.contracts.hl7_message import NOTHING, Message, Segment, iso
from mediflow_assets.contracts.vocabulary import DIASTOLIC_LIMITS_MMHG, SYSTOLIC_LIMITS_MMHG
from mediflow_assets.transforms.hl7.reading import (
    Authorities,
    Cells,
    Told,
    event_time,
    patient_of,
    version_of,
    visit_of,
)

COLUMNS = ("patient_id", "encounter_id", "namespace", "encounter_class", "admission_type", "status", "department",
           "diagnosis_code", "read_system", "listed_codes", "diagnosis_text", "admission_date", "discharge_date",
           "discharge_disposition", "cost", "blood_pressure", "payer", "updated_at", "version_number", "emptied",
           "ended")  # fmt: skip
LOCATION = ("id", "patient", "encounter", "namespace", "kind", "department", "room", "bed", "entered", "updated_at",
            "version_number")  # fmt: skip
_END = ("discharged_at", "discharged_on", "discharge_disposition")
_SILVER: dict[str, tuple[str, ...]] = {
    "diagnosis_code": ("diagnosis_code", "diagnosis_system", "listed_codes", "diagnosis_text"),
    "discharge_date": _END[:2],
    "admission_date": (),
    "cost": ("cost_usd",),
}
_SYSTOLIC, _DIASTOLIC, _BOTH = "8480-6", "8462-4", ("85354-9", "55284-4")
"""LOINC of blood pressure, and of the panels that tell it as 120/80."""
_LIMITS = {_SYSTOLIC: SYSTOLIC_LIMITS_MMHG, _DIASTOLIC: DIASTOLIC_LIMITS_MMHG}
_PRESSURE = re.compile(r" *[0-9]{2,3}(?![0-9])")
_AMOUNT = re.compile(r"[+]?[0-9]{1,10}(?:[.][0-9]{1,20})?\Z")
_UNSAID = ("D", "N", "O", "W", "X")
"""States of observations (table 0085) that say nothing: deleted, not asked, only ordered, wrong, none to be had."""
_TYPES = ("F", "W", "A")
"""Types of diagnoses (table 0052): final, working, admitting."""
_PRIORITY = re.compile(r"[0-9]{1,4}\Z")


def cells_of(message: Message, authorities: Authorities) -> Cells:
    """What a message tells of its visit; one that ends what never took place tells nothing else."""
    event = STAYS[(message.type or "").rpartition("^")[2]]
    number = patient_of(message("PID"))
    named: Cells = {
        "patient_id": number(1) if number else None,
        "namespace": authorities.whose(number) if number else authorities.default,
        "encounter_id": visit_of(message),
        "account": message("PID")(18),
        "status": event.status,
        **version_of(message),
    }
    told = Told()
    _tell(message, event, told)
    if event.is_deleted or (event.status == "cancelled" and told.cells["admission_date"] is None):
        return named | {"ended": "true"}
    emptied = [ours for name in told.emptied for ours in _SILVER.get(name, (name,))]
    emptied += _END if event.reopens else ()
    return told.cells | named | {"emptied": "".join(f" {name} " for name in emptied) or None}


def location_of(message: Message, authorities: Authorities) -> Cells:
    """Where a message says that a patient is from then on."""
    trigger, place = (message.type or "").rpartition("^")[2], message("PV1")
    number, visit, version = patient_of(message("PID")), visit_of(message), version_of(message)
    begun = None if place(44) == NOTHING else iso(place(44))
    parts = {name: place(3, part) for part, name in enumerate(("department", "room", "bed"), start=1)}
    return {
        "id": f"{visit}|{version['version_number']}" if visit else None,
        "patient": number(1) if number else None,
        "encounter": visit,
        "account": message("PID")(18),
        "namespace": authorities.whose(number) if number else authorities.default,
        "kind": LOCATING[trigger],
        **{name: None if part == NOTHING else part for name, part in parts.items()},
        "entered": (begun if STAYS[trigger].begins else None) or event_time(message),
        **version,
    }


def _tell(message: Message, event: Event, told: Told) -> None:
    visit = message("PV1")
    class_ = visit(2)
    told.put("encounter_class", event.visit_class if class_ in (None, NOTHING, "U", "N") else class_)
    told.put("admission_type", visit(4))
    told.put("department", visit(3) or visit(10))
    told.put("admission_date", _admitted(message, event))
    if not event.reopens:
        told.put("discharge_date", _discharged(message, event))
        told.put("discharge_disposition", visit(36))
    told.put("cost", _charged(visit(47)))
    told.put("blood_pressure", _pressure(message.segments("OBX")))
    told.put("payer", message("IN1")(4))
    _diagnoses(message.segments("DG1"), told)


def _admitted(message: Message, event: Event) -> str | None:
    told = message("PV1")(44)
    at = None if told == NOTHING else iso(told)
    if (message.type or "").endswith(PLANNED):
        # what is planned has not happened: until it has, it is as of when it was planned
        said = event_time(message)
        return said if at is None or (said and at > said) else at
    return at or (event_time(message) if event.begins else None)


def _discharged(message: Message, event: Event) -> str | None:
    told = message("PV1")(45)
    at = told if told == NOTHING else iso(told)
    return event_time(message) if event.ends and at in (None, NOTHING) else at


def _charged(total: str | None) -> str | None:
    """All that is charged; nothing while it is nothing: a visit begins so. Words and credits say nothing of it."""
    is_told = total == NOTHING or (_AMOUNT.match(total or "") and (total or "").strip("+0."))
    return total if is_told else None


def _pressure(observations: list[Segment]) -> str | None:
    """The last blood pressure of a message, as 120/80. One that cannot be is none: it says nothing of the visit."""
    found: dict[str, int] = {}
    for each in observations:
        code, values = each(3) or "", (each(5) or "").split("/")
        parts = (_SYSTOLIC, _DIASTOLIC) if code in _BOTH else (code,)
        if (each(11) or "").upper() not in _UNSAID and len(values) == len(parts):
            found |= {part: read for part, value in zip(parts, values, strict=True) if (read := _mmhg(part, value))}
    is_one = len(found) > 1 and found[_SYSTOLIC] > found[_DIASTOLIC]
    return f"{found[_SYSTOLIC]}/{found[_DIASTOLIC]}" if is_one else None


def _mmhg(part: str, value: str) -> int | None:
    digits = _PRESSURE.match(value)
    lowest, highest = _LIMITS.get(part, (1, 0))
    return int(digits[0]) if digits and lowest <= int(digits[0]) <= highest else None


def _diagnoses(segments: list[Segment], told: Told) -> None:
    """Of all diagnoses that stand (DG1-21) the first that can be read, and all in their order; a message tells them
    anew."""
    standing = [each for each in segments if (each(21) or "").upper() != "D"]
    if segments and all(each(3) == NOTHING for each in standing):
        told.put("diagnosis_code", NOTHING)
        return
    given = [each for each in standing if each(3) not in (None, NOTHING)]
    given.sort(key=_rank)
    read: dict[str, tuple[Reading, Segment]] = {}
    for segment in given:
        reading = _reading(segment)
        read.setdefault(reading.code, (reading, segment))
    first = next(((reading, of) for reading, of in read.values() if reading.system in KNOWN), None)
    text = first[1] if first else next(iter(standing), None)
    told.put("diagnosis_code", first[0].code if first else None)
    told.put("read_system", first[0].system if first else None)
    told.put("listed_codes", " ".join(_listed(reading) for reading, _ in read.values()) or None)
    described = (text(4) or text(3, 2)) if text else None
    told.put("diagnosis_text", None if described == NOTHING else described)


def _reading(segment: Segment) -> Reading:
    """The code as its system says, else the same thing's in another system (2.A.3, components 4 to 6)."""
    first = read_code(segment(3) or "", _system(segment))
    if first.system in KNOWN or (other := segment(3, 4)) in (None, NOTHING):
        return first
    second = read_code(other, segment(3, 6) or None)
    return second if second.system in KNOWN else first


def _rank(segment: Segment) -> tuple[Any, ...]:
    """The priority of a diagnosis (1 is the first; 0 has none), then its type; the rest is in the order of telling."""
    priority, type_ = segment(15) or "", (segment(6) or "").upper()
    rank = int(priority) if _PRIORITY.match(priority) and int(priority) else 99
    return rank, _TYPES.index(type_) if type_ in _TYPES else len(_TYPES)


def _system(segment: Segment) -> str | None:
    return next((each for each in (segment(3, 3), segment(2)) if each not in (None, NOTHING)), None)


def _listed(reading: Reading) -> str:
    code = "".join(reading.code.split())
    return f"{reading.system if reading.system in KNOWN else UNREAD}:{code}"
