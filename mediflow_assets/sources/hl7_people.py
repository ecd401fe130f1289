"""Whom HL7 v2 messages name: their patient, whoever is merged into them, a mother, those who are next of kin or pay."""

from collections.abc import Iterator

import pyarrow as pa

from mediflow_assets.contracts.hl7_message import NOTHING, Message, Unreadable, Value
from mediflow_assets.contracts.identifiers import namespace_of_authority
from mediflow_assets.sources.people import Named, lists

_PEOPLE = (
    *(("PID", field) for field in (2, 3, 4, 21)),
    *(("MRG", field) for field in (1, 2, 4)),
    ("NK1", 33),
    ("GT1", 2),
    ("IN1", 49),
)
_VISITS = (("PV1", 19), ("PV1", 50), ("PID", 18), ("MRG", 3), ("MRG", 5))


def people_of(records: pa.RecordBatch) -> Named:
    """The patients and visits that messages name, each patient after the authority that has given the number."""
    messages = [_message(text) for text in records.column("message").to_pylist()]
    patients = [[f"{of}|{id_}" for of, id_ in _named(each, _PEOPLE)] for each in messages]
    visits = [[id_ for _, id_ in _named(each, _VISITS)] for each in messages]
    nameless = [() if people else of for people, of in zip(patients, visits, strict=True)]
    return Named(lists(patients), lists(visits), lists(nameless))


def _message(text: str) -> Message | None:
    try:
        return Message(text)
    except Unreadable:
        return None


def _named(message: Message | None, places: tuple[tuple[str, int], ...]) -> Iterator[tuple[str, str]]:
    for name, field in places if message else ():
        for segment in message.segments(name) if message else ():
            yield from (found for each in segment.each(field) if (found := numbered(each)))


def numbered(value: Value) -> tuple[str, str] | None:
    """The namespace of the authority of an identifier (of its name, else of its universal id), and the identifier."""
    id_ = value(1)
    authority = value(4) if value(4) != NOTHING else None
    return (namespace_of_authority(authority or value(4, 2)), id_) if id_ and id_ != NOTHING else None
