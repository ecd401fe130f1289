"""FHIR R4: each resource byte for byte. A record is a line of NDJSON, or an entry of a Bundle.

An entry that deletes a resource, as histories and bulk exports have them, is a record of that resource.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from mediflow_assets.contracts import fhir
from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources.count import count_json
from mediflow_assets.sources.csv_blocks import Overlong
from mediflow_assets.sources.delivery import DOCUMENT_LIMIT, Recognised, RecordBatchOfDelivery, Reject
from mediflow_assets.sources.fhir_numbers import record_numbers
from mediflow_assets.sources.fhir_people import FILLED, people_of
from mediflow_assets.sources.ndjson import json_lines
from mediflow_assets.sources.opening import opened
from mediflow_assets.sources.source import Candidate, Source

if TYPE_CHECKING:
    from mediflow_assets.sources.source import Transform

SAMPLE_LINES = 100
RECORDS_AT_ONCE = 8192
BYTES_AT_ONCE = 8 << 20
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
Row = tuple[str, str | None, str | None, str, str | None, str | None]
"""What `FILLED` is filled with."""
Found = tuple[Row | str, bytes]
_OF_ONE = re.compile(r"(?:\A|/)([A-Z][A-Za-z]+)/([A-Za-z0-9.-]+)(?:/_history(?:/[^/]*)?)?\Z")
"""The address of one resource: of which type it is, and its id."""


def _recognise(file: Candidate) -> Recognised | None:
    """JSON is meant to be FHIR: as NDJSON if its first line is a resource, or, where that is broken, at least half of
    the first lines are. No line of a document that was written over several lines is a resource of its own."""
    if file.head.lstrip()[:1] not in (b"{", b"["):
        return None
    with opened(file.path, file.compression, file.limits) as stream:
        kinds = [_kind(line) for line in islice(json_lines(stream), SAMPLE_LINES)]
    is_alone = len(kinds) == 1 and kinds[0] == "Bundle"
    is_lines = (kinds[0] is not None and not is_alone) or sum(kind is not None for kind in kinds) * 2 >= len(kinds) > 1
    if not is_lines:
        with opened(file.path, file.compression, file.limits) as stream:
            read_document(stream.read(DOCUMENT_LIMIT + 1))
    form = "ndjson" if is_lines else "document"
    return Recognised(fhir.SOURCE.name, form, compression=file.compression, limits=file.limits)


def _kind(line: bytes | Overlong) -> str | None:
    validated = "" if isinstance(line, Overlong) else read_resource(line)
    return None if isinstance(validated, str) else validated[0]


def read_fhir(path: Path, what: Recognised) -> Iterator[RecordBatchOfDelivery]:
    """All records of a FHIR delivery, in file order but for a history, which is read from its end; numbered from 1."""
    with opened(path, what.compression, what.limits) as stream:
        if what.form == "document":
            yield from _batches(_judge_document(read_document(stream.read(DOCUMENT_LIMIT + 1))))
        else:
            yield from _batches(chain.from_iterable(map(_judge_line, json_lines(stream))))


def read_document(data: bytes) -> Bundle | bytes:
    """A whole file as a Bundle, or as the bytes of one resource; refuses everything else."""
    if len(data) > DOCUMENT_LIMIT:
        raise DeliveryRefused("a JSON document over 256 MiB. Export NDJSON, one resource a line.")
    data = data.strip(b" \t\r\n")
    validated = read_resource(data)
    kind = validated if isinstance(validated, str) else validated[0]
    if kind not in ("bad_utf8", "Bundle"):
        if isinstance(validated, str):
            raise DeliveryRefused("JSON, but neither FHIR resources line by line, nor one resource or Bundle.")
        return data
    try:
        bundle = msgspec.json.decode(data, type=Bundle)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise DeliveryRefused("the FHIR Bundle cannot be read: its JSON or its entries are broken.") from None
    if bundle.resource_type != "Bundle" or not bundle.entry:
        raise DeliveryRefused("a FHIR Bundle without entries." if kind == "Bundle" else "JSON that is not UTF-8.")
    return bundle


def read_resource(raw: bytes, full_url: str | None = None, response: Any = None) -> Row | str:
    """A resource as a row of Bronze, with what its entry says of its version; or the reason why it is none."""
    try:
        text = raw.decode()
        found = type_of_resource.decode(raw)
    except UnicodeDecodeError:
        return "bad_utf8"
    except msgspec.ValidationError:
        return "not_a_resource"
    except (msgspec.DecodeError, RecursionError):
        return "bad_json"
    if not isinstance(found.resource_type, str) or not found.resource_type:
        return "not_a_resource"
    return found.resource_type, found.id if isinstance(found.id, str) else None, full_url, text, *_version(response)


def _version(response: Any) -> tuple[str | None, str | None]:
    """When a response says that a resource was modified, and its tag."""
    said = [response.get(name) if isinstance(response, dict) else None for name in ("lastModified", "etag")]
    at, tag = (each if isinstance(each, str) else None for each in said)
    return at, tag


def _judge_line(line: bytes | Overlong) -> Iterable[Found]:
    """The resource of a line, or the entries of the Bundle that it is."""
    if isinstance(line, Overlong):
        return [("record_too_long", line.raw)]
    found = read_resource(line)
    if isinstance(found, str) or found[0] != "Bundle":
        return [(found, line)]
    try:
        return _judge_document(msgspec.json.decode(line, type=Bundle))
    except msgspec.DecodeError:
        return [("bad_json", line)]


def _judge_document(document: Bundle | bytes) -> Iterator[Found]:
    if isinstance(document, bytes):
        yield read_resource(document), document
        return
    # a history tells the newest first: where its versions tell no time, the later record counts
    entries = reversed(document.entry) if document.type == "history" else document.entry
    for raw_entry in map(bytes, entries):
        yield _judge_entry(raw_entry, document.at), raw_entry


def _judge_entry(raw: bytes, of_bundle: str | None) -> Row | str:
    """An entry's resource; or, where it says that a resource was deleted, the entry itself, of the time of its Bundle
    where it tells none."""
    try:
        entry, text = entry_of_bundle.decode(raw), raw.decode()
    except UnicodeDecodeError:
        return "bad_utf8"
    except msgspec.DecodeError:
        return "not_a_resource"
    full_url = entry.full_url if isinstance(entry.full_url, str) else None
    if (deleted := _deleted(entry.request)) is not None:
        at, tag = _version(entry.response)
        return (*deleted, full_url, text, at or of_bundle, tag)
    resource = bytes(entry.resource)
    return "empty_record" if resource in (b"", b"null") else read_resource(resource, full_url, entry.response)


def _deleted(request: Any) -> tuple[str, str] | None:
    """The type and id of the one resource that a request deletes."""
    if not isinstance(request, dict) or request.get("method") != "DELETE":
        return None
    found = _OF_ONE.search(str(request.get("url")))
    return (found[1], found[2]) if found else None


def _batches(found: Iterator[Found]) -> Iterator[RecordBatchOfDelivery]:
    rows: list[tuple[int, Row]] = []
    rejects: list[Reject] = []
    size = 0
    for number, (validated, raw) in enumerate(found, start=1):
        if isinstance(validated, str):
            rejects.append(Reject(number, validated, raw))
        else:
            rows.append((number, validated))
        size += len(raw)
        if size > BYTES_AT_ONCE or len(rows) + len(rejects) >= RECORDS_AT_ONCE:
            yield _batch(rows, rejects)
            rows, rejects, size = [], [], 0
    if rows or rejects:
        yield _batch(rows, rejects)


def _batch(rows: list[tuple[int, Row]], rejects: list[Reject]) -> RecordBatchOfDelivery:
    cells = zip(*(row for _, row in rows), strict=True) if rows else ((),) * len(FILLED)
    numbers = pa.array([number for number, _ in rows], pa.int64())
    arrays = [pa.array(list(cell), pa.string()) for cell in cells]
    accepted = pa.RecordBatch.from_arrays([*arrays, numbers], names=[*FILLED, "_record_number"])
    return RecordBatchOfDelivery(accepted, tuple(rejects))


def _transforms() -> "Mapping[str, Transform]":
    from mediflow_assets.transforms.fhir.targets import BY_TABLE

    return BY_TABLE


FHIR = Source(
    fhir.SOURCE,
    _transforms,
    recognise=_recognise,
    read=read_fhir,
    count=count_json,
    people=people_of,
    record_numbers=record_numbers,
    accepts=(("NDJSON of R4 resources or Bundles, or a Bundle",), ()),
)
