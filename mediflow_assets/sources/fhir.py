"""FHIR R4: each resource byte for byte. A record is a line of NDJSON, or an entry of a Bundle."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from mediflow_assets.contracts import fhir
from mediflow_assets.contracts.source import CONDITIONS, ENCOUNTERS, LINKS, PATIENTS
from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources.count import count_json
from mediflow_assets.sources.csv_blocks import Overlong
from mediflow_assets.sources.delivery import DOCUMENT_LIMIT, Recognised, RecordBatchOfDelivery, Reject
from mediflow_assets.sources.fhir_numbers import record_numbers
from mediflow_assets.sources.ndjson import json_lines
from mediflow_assets.sources.opening import opened
from mediflow_assets.sources.people import Named, lists
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


class Bundle(msgspec.Struct, rename="camel"):
    """A Bundle, its entries unread."""

    resource_type: str
    entry: list[msgspec.Raw] = []


type_of_resource = msgspec.json.Decoder(Resource)
entry_of_bundle = msgspec.json.Decoder(Entry)
Row = tuple[str, str | None, str | None, str]
"""What `FILLED` is filled with."""
FILLED = ("resource_type", "resource_id", "full_url", "resource")
"""The columns of Bronze that this reader knows; one that its contract has besides stays empty."""
Found = tuple[Row | str, bytes]
_REFERENCE = re.compile(r'"reference"\s*:\s*"((?:[^"\\]|\\.)*)"')
_LAST = re.compile(r"([^/:|]+)\Z")
"""As `transforms.fhir` reads it: `Patient/1`, `urn:uuid:1` and `Patient?identifier=system|1` all name 1."""
_TYPED = re.compile(r"(?:\A|/)([A-Z][A-Za-z]+)[/?]")


def _recognise(file: Candidate) -> Recognised | None:
    """JSON is meant to be FHIR: as NDJSON if its first line is a resource, or, where that is broken, at least half of
    the first lines are. No line of a document that was written over several lines is a resource of its own."""
    if file.head.lstrip()[:1] not in (b"{", b"["):
        return None
    with opened(file.path, file.compression, file.limits) as stream:
        kinds = [_kind(line) for line in islice(json_lines(stream), SAMPLE_LINES)]
    if kinds[0] == "Bundle" and len(kinds) > 1:
        raise DeliveryRefused("several Bundles in one file. Deliver one file per Bundle, or NDJSON of resources.")
    is_lines = kinds[0] not in (None, "Bundle") or sum(kind is not None for kind in kinds) * 2 >= len(kinds) > 1
    if not is_lines:
        with opened(file.path, file.compression, file.limits) as stream:
            read_document(stream.read(DOCUMENT_LIMIT + 1))
    form = "ndjson" if is_lines else "document"
    return Recognised(fhir.SOURCE.name, form, compression=file.compression, limits=file.limits)


def _kind(line: bytes | Overlong) -> str | None:
    validated = "" if isinstance(line, Overlong) else read_resource(line)
    return None if isinstance(validated, str) else validated[0]


def read_fhir(path: Path, what: Recognised) -> Iterator[RecordBatchOfDelivery]:
    """All records of a FHIR delivery, in file order, numbered from 1."""
    with opened(path, what.compression, what.limits) as stream:
        if what.form == "ndjson":
            yield from _batches(map(_judge_line, json_lines(stream)))
        else:
            yield from _batches(_judge_document(read_document(stream.read(DOCUMENT_LIMIT + 1))))


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


def read_resource(raw: bytes, full_url: str | None = None) -> Row | str:
    """A resource as a row of Bronze, or the reason why it is none."""
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
    return found.resource_type, found.id if isinstance(found.id, str) else None, full_url, text


def _judge_line(line: bytes | Overlong) -> Found:
    if isinstance(line, Overlong):
        return "record_too_long", line.raw
    return read_resource(line), line


def _judge_document(document: Bundle | bytes) -> Iterator[Found]:
    if isinstance(document, bytes):
        yield read_resource(document), document
        return
    for raw_entry in map(bytes, document.entry):
        try:
            entry = entry_of_bundle.decode(raw_entry)
        except UnicodeDecodeError:
            yield "bad_utf8", raw_entry
        except msgspec.DecodeError:
            yield "not_a_resource", raw_entry
        else:
            resource = bytes(entry.resource)
            full_url = entry.full_url if isinstance(entry.full_url, str) else None
            is_empty = resource in (b"", b"null")
            yield "empty_record" if is_empty else read_resource(resource, full_url), raw_entry


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


def people_of(records: pa.RecordBatch) -> Named:
    """The patients and encounters that resources are, or refer to."""
    rows = list(zip(*(records.column(name).to_pylist() for name in FILLED), strict=True))
    encounters = [[*_named("Encounter", *row)] for row in rows]
    # what another resource refers to may as well be something else: an untyped reference is taken for both
    own = [each if row[0] == "Encounter" else () for row, each in zip(rows, encounters, strict=True)]
    return Named(lists([[*_named("Patient", *row)] for row in rows]), lists(own), lists(encounters))


def _named(kind: str, resource_type: str | None, id_: str | None, full_url: str | None, text: str) -> Iterator[str]:
    if resource_type == kind:
        yield from (each for each in (id_, _last(full_url)) if each)
    for reference in _REFERENCE.findall(text):
        # an escape in a reference is legal, and so rare that only then JSON is read
        spelled = str(json.loads(f'"{reference}"')) if "\\" in reference else reference
        typed = _TYPED.findall(spelled)
        # `urn:uuid:1` says no type: it may be either
        if (not typed or typed[-1] == kind) and (found := _last(spelled)):
            yield found


def _last(reference: str | None) -> str | None:
    found = _LAST.search(reference or "")
    return found.group(1) if found else None


def _transforms() -> "Mapping[str, Transform]":
    from mediflow_assets.transforms import fhir, patient_links

    return {
        PATIENTS: fhir.patients_of,
        ENCOUNTERS: fhir.encounters_of,
        CONDITIONS: fhir.conditions_of,
        LINKS: patient_links.from_fhir,
    }


FHIR = Source(
    fhir.SOURCE,
    _transforms,
    recognise=_recognise,
    read=read_fhir,
    count=count_json,
    people=people_of,
    record_numbers=record_numbers,
    accepts=(("NDJSON of R4 resources, or a Bundle",), ()),
)
