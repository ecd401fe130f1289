"""The records of FHIR deliveries: resources as rows of Bronze, out of lines, documents, arrays and Bundles."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from mediflow_assets.contracts import borne, fhir
from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources.csv_blocks import Overlong
from mediflow_assets.sources.delivery import DOCUMENT_LIMIT
from mediflow_assets.sources.fhir_addresses import id_of, id_put, text_of, version_of
from mediflow_assets.sources.repeated_names import decoded_once, finds_twice, repeats_an_outer_name

NOTHING = msgspec.Raw()


class Resource(msgspec.Struct, rename="camel"):
    """What is read of a resource: the rest stays unread in its bytes."""

    resource_type: Any = None
    id: Any = None


class Entry(msgspec.Struct, rename="camel"):
    """One entry of a Bundle."""

    full_url: Any = None
    resource: msgspec.Raw = NOTHING
    request: Any = None
    response: Any = None


class Bundle(msgspec.Struct, rename="camel"):
    """A Bundle, its entries unread."""

    resource_type: str
    type: Any = None
    meta: Any = None
    timestamp: Any = None
    entry: list[msgspec.Raw] = []

    @property
    def at(self) -> str | None:
        """When it was written."""
        at = self.meta.get("lastUpdated") if isinstance(self.meta, dict) else None
        return next((each for each in (at, self.timestamp) if isinstance(each, str) and each), None)


type_of_resource = msgspec.json.Decoder(Resource)
entry_of_bundle = msgspec.json.Decoder(Entry)
_array = msgspec.json.Decoder(list[msgspec.Raw])
Row = tuple[str, str | None, str | None, str, str | None, str | None, str | None]
"""What the columns of Bronze that are read are filled with; the last by the Bundle of an entry."""
Found = tuple[Row | str, bytes]
Document = Bundle | bytes | list[msgspec.Raw]
"""A Bundle, the bytes of one resource, or an array of either."""
_OF_ONE = re.compile(r"(?:\A|/)([A-Z][A-Za-z]+)/([A-Za-z0-9.-]+)(?:/_history(?:/[^/]*)?)?\Z")
"""The address of one resource: of which type it is, and its id."""
_URN = re.compile(r'"((?:urn|URN):[^"\\]+)"')
_CAPITALS = re.compile(rb'"(?:URN:|urn:UUID:|urn:uuid:[0-9a-f-]*[A-F])')
_LOOKED_AT = 100
_TYPE = re.compile(r"[A-Z][A-Za-z0-9]*\Z")
_LARGE = 64 << 10
"""Bytes of a resource that is decoded whole only if it is no Bundle."""
_ASKING = ("GET", "HEAD")
ENTRY = "Bundle.entry"
"""The type of an entry without a resource that only asks for one, or says what became of a request."""
REPEATED = "repeated_name"
"""Of two values under one name nobody can tell which one is meant."""


def read_document(data: bytes) -> Document:
    """A whole file as a Bundle, an array of resources, or the bytes of one; refuses everything else."""
    if len(data) > DOCUMENT_LIMIT:
        raise DeliveryRefused("a JSON document over 256 MiB. Export NDJSON, one resource a line.")
    data = fhir.with_whole_characters(data.strip(b" \t\r\n"))
    if data[:1] == b"[":
        return _read_array(data)
    validated = read_resource(data)
    kind = validated if isinstance(validated, str) else validated[0]
    if kind not in ("bad_utf8", "Bundle"):
        if isinstance(validated, str) and kind != REPEATED:
            raise DeliveryRefused("JSON, but neither FHIR resources line by line, nor one resource or Bundle.")
        return data
    try:
        bundle = msgspec.json.decode(data, type=Bundle)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise DeliveryRefused("the FHIR Bundle cannot be read: its JSON or its entries are broken.") from None
    if bundle.resource_type != "Bundle" or not bundle.entry:
        raise DeliveryRefused("a FHIR Bundle without entries." if kind == "Bundle" else "JSON that is not UTF-8.")
    if repeats_an_outer_name(data):
        raise DeliveryRefused("the FHIR Bundle has two members of one name. Export it again.")
    return bundle


def _read_array(data: bytes) -> list[msgspec.Raw]:
    """The elements of an array, half of which are resources at least."""
    try:
        elements = _array.decode(data)
    except (msgspec.DecodeError, RecursionError):
        elements = []
    first = elements[:_LOOKED_AT]
    if sum(not isinstance(read_resource(bytes(each)), str) for each in first) * 2 < max(len(first), 1):
        raise DeliveryRefused("JSON, but neither FHIR resources line by line, nor one resource or Bundle.")
    return elements


def read_resource(raw: bytes, full_url: str | None = None, response: Any = None, url: str | None = None) -> Row | str:
    """A resource as a row of Bronze, with what its entry says of its version; or the reason why it is none.

    One that has no id is known by the full URL of its entry, or by the address or condition to which that puts it.
    """
    try:
        raw = fhir.with_whole_characters(raw)
        text = raw.decode()
        found, is_repeating = _looked_at(raw)
    except UnicodeDecodeError:
        return "bad_utf8"
    except msgspec.ValidationError:
        return "not_a_resource"
    except (msgspec.DecodeError, RecursionError):
        return "bad_json"
    if not isinstance(found.resource_type, str) or not _TYPE.match(found.resource_type):
        return "not_a_resource"
    if is_repeating:
        return REPEATED
    named = found.id if isinstance(found.id, str) else id_put(found.resource_type, full_url, url)
    # an address that tells the id is kept, so that this is not taken for an identifier's value
    at = full_url or (url if named and named == id_of(url) else None)
    return found.resource_type, named, at, text, *version_of(response), None


def _looked_at(raw: bytes) -> tuple[Resource, bool]:
    """What is read of a resource, and whether it tells something twice; each one of a Bundle is judged by itself."""
    if len(raw) > _LARGE and b'"Bundle"' in raw:
        found = type_of_resource.decode(raw)
        return found, found.resource_type != "Bundle" and finds_twice(raw)
    try:
        told, is_repeating = decoded_once(raw)
    except msgspec.DecodeError:
        # a number that is too long for it does not matter here
        return type_of_resource.decode(raw), finds_twice(raw)
    if not isinstance(told, dict):
        raise msgspec.ValidationError
    found = Resource(told.get("resourceType"), told.get("id"))
    return found, is_repeating and found.resource_type != "Bundle"


def judge_line(line: bytes | Overlong) -> Iterable[Found]:
    """The resource of a line, or the entries of the Bundle that it is."""
    if isinstance(line, Overlong):
        return [("record_too_long", line.raw)]
    found = read_resource(line)
    if isinstance(found, str) or found[0] != "Bundle":
        return [(found, line)]
    if repeats_an_outer_name(line):
        return [(REPEATED, line)]
    try:
        return judge_document(msgspec.json.decode(fhir.with_whole_characters(line), type=Bundle))
    except msgspec.DecodeError:
        return [("bad_json", line)]


def judge_document(document: Document) -> Iterator[Found]:
    """Every record of a document; of a history the oldest first."""
    if isinstance(document, bytes):
        yield read_resource(document), document
        return
    if isinstance(document, list):
        for element in map(bytes, document):
            yield from judge_line(element)
        return
    # a history tells the newest first: where its versions tell no time, the later record counts
    entries = reversed(document.entry) if document.type == "history" else document.entry
    known_as = _known_as(document.entry)
    for raw_entry in map(bytes, entries):
        found = _judge_entry(raw_entry, document.at)
        if known_as and not isinstance(found, str):
            found = (*found[:-1], _those_named(known_as, found[3]))
        if found[0] == "Bundle":
            # what a batch was answered with: a page of each search
            yield from judge_line(found[3].encode())
        else:
            yield found, raw_entry


def _known_as(entries: Sequence[msgspec.Raw]) -> dict[str, str]:
    """What entries are called by a URN that is not their id, and where they are then; all of them where one is written
    in capitals, for a UUID is the same in either (RFC 9562, 4)."""
    found: dict[str, str] = {}
    in_capitals = any(_CAPITALS.search(memoryview(raw)) for raw in entries)
    for raw in map(bytes, entries):
        if b'"urn:' not in raw and not (in_capitals and b'"URN:' in raw):
            continue
        try:
            entry = entry_of_bundle.decode(raw)
            resource = type_of_resource.decode(entry.resource)
        except (msgspec.DecodeError, RecursionError):
            continue
        url, id_ = entry.full_url, resource.id
        if not isinstance(url, str) or not url.lower().startswith("urn:"):
            continue
        put = text_of(entry.request, "url") or "" if text_of(entry.request, "method") == "PUT" else ""
        if isinstance(id_, str) and (in_capitals or id_of(url) != id_):
            found[_in_small(url)] = f"{resource.resource_type}/{id_}"
        elif id_ is None and borne.by_condition(put, str(resource.resource_type)):
            found[_in_small(url)] = put
        elif id_ is None and in_capitals:
            found[_in_small(url)] = url
    return found


def _in_small(urn: str) -> str:
    return urn.lower() if urn[:9].lower() == "urn:uuid:" else urn


def _those_named(known_as: dict[str, str], text: str) -> str | None:
    """Of these the ones that a resource names, as JSON."""
    told = ((urn, known_as.get(_in_small(urn))) for urn in _URN.findall(text))
    named = {urn: address for urn, address in told if address and id_of(address) != id_of(urn)}
    return msgspec.json.encode(named).decode() if named else None


def _judge_entry(raw: bytes, of_bundle: str | None) -> Row | str:
    """An entry's resource; or, where it says that a resource was deleted, the entry itself, of the time of its Bundle
    where it tells none."""
    try:
        entry, text = entry_of_bundle.decode(raw), raw.decode()
    except UnicodeDecodeError:
        return "bad_utf8"
    except msgspec.DecodeError:
        return "not_a_resource"
    if repeats_an_outer_name(raw):
        return REPEATED
    full_url = entry.full_url if isinstance(entry.full_url, str) else None
    method, url = (text_of(entry.request, name) for name in ("method", "url"))
    if method == "DELETE" and (deleted := _OF_ONE.search(url or "")):
        at, tag = version_of(entry.response)
        return (deleted[1], deleted[2], full_url, text, at or of_bundle, tag, None)
    resource = bytes(entry.resource)
    if resource not in (b"", b"null"):
        return read_resource(resource, full_url, entry.response, url if method == "PUT" else None)
    is_told = method in _ASKING or (entry.request is None and isinstance(entry.response, dict))
    return (ENTRY, None, full_url, text, *version_of(entry.response), None) if is_told else "empty_record"
