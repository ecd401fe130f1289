"""Records within records of a JSON document: people whose stays stand in a list, each with what tells of them."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources.delivery import DOCUMENT_LIMIT

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_DATE = re.compile(r"(19|20)\d\d-?(0\d|1[0-2])-?[0-3]\d([T ].*)?|\d\d?[./-]\d\d?[./-]\d{4}( .*)?")
_OFTEN, _OF_A_STAY = 0.5, 2
"""Of the values, to be dates; how many dates a stay has. Who has but one is a person, born on it."""
_WITHIN = "."


def places(records: Iterable[bytes]) -> list[str]:
    """Where lists of stays stand in records that are none: `services.inpatient`. A list of stays has objects with two
    dates or more, and what it stands in has one at most."""
    people: list[Mapping[str, Any]] = []
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for raw in records:
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            record = msgspec.json.decode(raw)
            if isinstance(record, dict):
                people.append(record)
                for place, objects in _lists(record):
                    found[place] += objects
    if _dates(people) >= _OF_A_STAY:
        return []
    return [place for place, objects in found.items() if _dates(objects) >= _OF_A_STAY]


def _lists(record: Mapping[str, Any]) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    for name, value in record.items():
        within = value.items() if isinstance(value, dict) else ()
        for place, each in ((name, value), *((f"{name}{_WITHIN}{inner}", it) for inner, it in within)):
            if isinstance(each, list) and any(isinstance(item, dict) for item in each):
                yield place, [item for item in each if isinstance(item, dict)]


def _dates(objects: Sequence[Mapping[str, Any]]) -> int:
    """How many members of objects are dates."""
    given, are_dates = Counter[str](), Counter[str]()
    for each in objects:
        texts = {name: text for name, text in each.items() if isinstance(text, str) and text}
        given.update([*texts])
        are_dates.update(name for name, text in texts.items() if _DATE.fullmatch(text))
    return sum(are_dates[name] >= _OFTEN * given[name] for name in are_dates)


def unnested(records: Iterable[bytes], place: str) -> Iterator[bytes]:
    """The objects of the lists at a place, each with the single values of the record around it; where both have a name
    the inner one is called by its list too. What is no object stays as it is, to be rejected. Raises DeliveryRefused
    where what is repeated so would fill the memory."""
    repeated = 0
    for raw in records:
        try:
            record = _OBJECT.decode(raw)
            inner = _LIST.decode(_at(record, place.split(_WITHIN)))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            yield raw
            continue
        around = {name: value for name, value in record.items() if bytes(value).lstrip()[:1] not in (b"{", b"[")}
        repeated += len(inner) * sum(len(bytes(value)) for value in around.values())
        if repeated > DOCUMENT_LIMIT:
            raise DeliveryRefused("a JSON document whose lists repeat over 256 MiB. Export it with one stay a line.")
        for each in inner:
            yield _joined(around, bytes(each), place.rpartition(_WITHIN)[2])


def _joined(around: Mapping[str, msgspec.Raw], inner: bytes, list_: str) -> bytes:
    try:
        own = _OBJECT.decode(inner)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return inner
    return msgspec.json.encode(
        {**around, **{f"{list_}{_WITHIN}{name}" if name in around else name: value for name, value in own.items()}}
    )


def _at(record: Mapping[str, msgspec.Raw], names: Sequence[str]) -> bytes:
    """The list at a place, empty where there is none."""
    found = bytes(record.get(names[0], b"null"))
    if found.strip() == b"null":
        return b"[]"
    return _at(_OBJECT.decode(found), names[1:]) if len(names) > 1 else found


def count(records: Iterable[Any], place: str) -> int:
    """How many objects stand at a place of decoded records; of a record without a readable list itself."""
    return sum(map(len, (_decoded(record, place.split(_WITHIN)) for record in records)))


def _decoded(record: Any, names: Sequence[str]) -> Sequence[Any]:
    for name in names:
        if not isinstance(record, dict):
            return [record]
        if (record := record.get(name)) is None:
            return []
    return record if isinstance(record, list) else [record]
