"""An ADT message → cells, by name: whom and which visit it is about, when, and what it takes back."""

import datetime as dt
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from mediflow_assets.contracts.hl7_message import NOTHING, Message, Segment, Value, iso
from mediflow_assets.contracts.identifiers import namespace_of_authority

Cells = dict[str, str | None]
_HOSPITALS = ("MR", "PI", "MRN", "PT")
"""Types of identifiers (table 0203) that a hospital gives to patients, the best first."""
_OTHERS = re.compile(
    r"(?:AN[CT]?|VN|ACSN|BCT?|BR|CC|DL|HC|INS.*|MA|MC|MCD|MCR|NH|NI|NII|NIIP|NN.*|PPN|PRC|SS|TAX|WC)\Z"
)
"""Those of accounts, visits, states and insurers: they are told beside, and where nothing else is."""
_TICKS = 1 << 21
_NUMBER = re.compile(r"(\d{1,15})\Z", re.ASCII)
_DIGITS = re.compile(r"\d{8,14}(?:[.]\d{1,6})?", re.ASCII)


@dataclass(frozen=True)
class Authorities:
    """Whose the ids are that authorities have given: as the hospital says, else of a namespace of their own."""

    default: str
    named: Mapping[str, str] = field(default_factory=dict)

    def whose(self, value: Value) -> str:
        """The namespace of an identifier; the system's where it names no authority."""
        name = value(4) if value(4) != NOTHING else None
        told = namespace_of_authority(name or value(4, 2))
        return self.named.get(told, told) or self.default


class Told:
    """Cells as they are told, and the names of those that are to be emptied."""

    def __init__(self) -> None:
        self.cells: Cells = {}
        self.emptied: list[str] = []

    def put(self, name: str, value: str | None) -> None:
        """Put a value into a cell, which may be empty, or `NOTHING`."""
        if value == NOTHING:
            self.emptied.append(name)
        self.cells[name] = None if value == NOTHING else value


def number_of(values: list[Value]) -> Value | None:
    """The record number among the identifiers of a patient, which stand in no order: by type, then by who gave it."""
    given = [each for each in values if each(1) not in (None, NOTHING)]
    return min(given, key=lambda each: (_place(each(5)), each(4) or ""), default=None)


def _place(type_: str | None) -> int:
    name = (type_ or "").upper()
    if name in _HOSPITALS:
        return _HOSPITALS.index(name)
    return len(_HOSPITALS) + bool(_OTHERS.match(name))


def patient_of(pid: Segment) -> Value | None:
    """The record number of a patient, also where releases before 2.3.1 told it."""
    return number_of(pid.each(3)) or number_of(pid.each(2))


def visit_of(message: Message) -> str | None:
    """The number of a visit, else of the account that it stands on."""
    for found in (message("PV1")(19), message("PID")(18)):
        if found not in (None, NOTHING):
            return found
    return None


def version_of(message: Message) -> Cells:
    """When a message was recorded, and its place among those of that time: as they were sent, then by their ids."""
    header = message("MSH")
    recorded, sent = iso(message("EVN")(2)), iso(header(7))
    return {"updated_at": recorded or sent, "version_number": str(_milliseconds(header(7)) * _TICKS + _tick(message))}


def event_time(message: Message) -> str | None:
    """When the event happened, else when it was recorded, else when it was told."""
    event = message("EVN")
    return iso(event(6)) or iso(event(2)) or iso(message("MSH")(7))


def _milliseconds(time: str | None) -> int:
    found = _DIGITS.match(time or "")
    if not found:
        return 0
    digits, _, fraction = found[0].partition(".")
    try:
        at = dt.datetime.strptime(digits.ljust(14, "0")[:14], "%Y%m%d%H%M%S").replace(tzinfo=dt.UTC)
    except ValueError:
        return 0
    return max(0, int(at.timestamp())) * 1000 + int(fraction.ljust(3, "0")[:3])


def _tick(message: Message) -> int:
    """Of messages of one time and sender the later one has the higher sequence or control number, which begins anew
    at 2,097,152; where these are no numbers, any order that is always the same."""
    header = message("MSH")
    sequence, control = header(13) or "", header(10) or ""
    counted = next((found for each in (sequence, control) if (found := _NUMBER.search(each))), None)
    return int(counted[1]) % _TICKS if counted else zlib.crc32(control.encode()) % _TICKS
