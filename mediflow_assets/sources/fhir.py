"""FHIR R4: each resource byte for byte. A record is a line of NDJSON, or an entry of a Bundle."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources.csv_blocks import Overlong
from mediflow_assets.sources.delivery import DOCUMENT_LIMIT, Recognised, RecordBatchOfDelivery, Reject
from mediflow_assets.sources.ndjson import json_lines
from mediflow_assets.sources.opening import opened

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
_FILLED = ("resource_type", "resource_id", "full_url", "resource")
"""The columns of Bronze that a `Row` fills."""
Found = tuple[Row | str, bytes]


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
    cells = zip(*(row for _, row in rows), strict=True) if rows else ((),) * len(_FILLED)
    numbers = pa.array([number for number, _ in rows], pa.int64())
    arrays = [pa.array(list(cell), pa.string()) for cell in cells]
    accepted = pa.RecordBatch.from_arrays([*arrays, numbers], names=[*_FILLED, "_record_number"])
    return RecordBatchOfDelivery(accepted, tuple(rejects))
