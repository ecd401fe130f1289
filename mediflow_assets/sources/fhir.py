"""FHIR: each resource byte for byte. A record is a line of NDJSON, an element of an array, or an entry of a Bundle.

An entry that deletes a resource, as histories and bulk exports have them, is a record of that resource.
"""

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from mediflow_assets.contracts import fhir
from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources.count import count_json
from mediflow_assets.sources.csv_blocks import Overlong
from mediflow_assets.sources.delivery import DOCUMENT_LIMIT, Recognised, RecordBatchOfDelivery, Reject
from mediflow_assets.sources.fhir_numbers import record_numbers
from mediflow_assets.sources.fhir_people import FILLED, names_borne, people_of
from mediflow_assets.sources.fhir_records import (
    REPEATED,
    Found,
    Row,
    judge_document,
    judge_line,
    read_document,
    read_resource,
)
from mediflow_assets.sources.ndjson import json_lines
from mediflow_assets.sources.opening import opened
from mediflow_assets.sources.source import Candidate, Source

if TYPE_CHECKING:
    from mediflow_assets.sources.source import Transform

SAMPLE_LINES = 100
RECORDS_AT_ONCE = 8192
BYTES_AT_ONCE = 8 << 20
_XML = b'xmlns="http://hl7.org/fhir"'


def _recognise(file: Candidate) -> Recognised | None:
    """JSON is meant to be FHIR: as NDJSON if its first line is a resource, or, where that is broken, at least half of
    the first lines are. No line of a document that was written over several lines is a resource of its own."""
    begin = file.head.lstrip()[:1]
    if begin == b"<" and _XML in file.head:
        raise DeliveryRefused("FHIR as XML, of which no release is read. Export it as JSON, or as NDJSON.")
    if begin not in (b"{", b"["):
        return None
    is_lines = begin == b"{" and _is_lines(file)
    if not is_lines:
        with opened(file.path, file.compression, file.limits) as stream:
            read_document(stream.read(DOCUMENT_LIMIT + 1))
    form = "ndjson" if is_lines else "document"
    return Recognised(fhir.SOURCE.name, form, compression=file.compression, limits=file.limits)


def _is_lines(file: Candidate) -> bool:
    with opened(file.path, file.compression, file.limits) as stream:
        kinds = [_kind(line) for line in islice(json_lines(stream), SAMPLE_LINES)]
    is_alone = len(kinds) == 1 and kinds[0] == "Bundle"
    return (kinds[0] is not None and not is_alone) or sum(kind is not None for kind in kinds) * 2 >= len(kinds) > 1


def _kind(line: bytes | Overlong) -> str | None:
    validated = "" if isinstance(line, Overlong) else read_resource(line)
    if isinstance(validated, str):
        return "Resource" if validated == REPEATED else None
    return validated[0]


def read_fhir(path: Path, what: Recognised) -> Iterator[RecordBatchOfDelivery]:
    """All records of a FHIR delivery, in file order but for a history, which is read from its end; numbered from 1."""
    with opened(path, what.compression, what.limits) as stream:
        if what.form == "document":
            yield from _batches(judge_document(read_document(stream.read(DOCUMENT_LIMIT + 1))))
        else:
            yield from _batches(chain.from_iterable(map(judge_line, json_lines(stream))))


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


def _words(record: "Mapping[str, object]") -> "Mapping[str, str | None]":
    from mediflow_assets.transforms.fhir import encounter, patient
    from mediflow_assets.transforms.fhir.resources import decoded

    told = decoded(str(record.get("resource")))
    return {"encounter_class": encounter.read(told)["encounterclass"], "gender": patient.read(told)["gender"]}


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
    names_borne=names_borne,
    words=_words,
    accepts=(("NDJSON of resources or Bundles of FHIR, an array of such, or a Bundle",), ()),
)
