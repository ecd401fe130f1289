"""Flat JSON: an array of objects, or one object a line. FHIR, whose resources name their type, is another source."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources import json_nested
from mediflow_assets.sources.csv_blocks import Overlong
from mediflow_assets.sources.delivery import DOCUMENT_LIMIT, Recognised, Reject
from mediflow_assets.sources.ndjson import json_lines
from mediflow_assets.sources.opening import opened
from mediflow_assets.sources.source import Candidate
from mediflow_assets.sources.table_format import SAMPLE, TableBatch, TableFormat, TableTop
from mediflow_assets.sources.table_texts import text_of

_AT_ONCE = 8192
_MOST_NAMES = 2_000
_FHIR = "resourceType"
_RAW = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])

Record = dict[str, msgspec.Raw]
Found = tuple[Record | str, bytes]
"""A record, or why it is none, and its bytes."""


def _is_lines(file: Candidate) -> bool:
    if file.head.lstrip()[:1] != b"{":
        return False
    with opened(file.path, file.compression, file.limits) as stream:
        records = [_record(line)[0] for line in islice(json_lines(stream), SAMPLE)]
    flat = [record for record in records if isinstance(record, dict) and _FHIR not in record]
    return isinstance(records[0], dict) and len(flat) * 2 > len(records) and not _is_envelope(flat, records)


def _is_envelope(flat: list[Record], records: list[Record | str]) -> bool:
    return len(records) == 1 and any(bytes(value).lstrip()[:1] == b"[" for value in flat[0].values())


def _is_array(file: Candidate) -> bool:
    return file.head.lstrip()[:1] in (b"[", b"{") and not _is_lines(file)


def _tops_of_lines(file: Candidate) -> Iterator[TableTop]:
    with opened(file.path, file.compression, file.limits) as stream:
        yield _top(_record(line)[0] for line in islice(json_lines(stream), SAMPLE))


def _tops_of_array(file: Candidate) -> Iterator[TableTop]:
    records = _array(file.path, file.compression, file)
    yield _top(_record(raw)[0] for raw in records)
    for place in json_nested.places(records[:SAMPLE]):
        yield replace(_top(_record(raw)[0] for raw in json_nested.unnested(records, place)), sheet=place)


def _top(records: Iterable[Record | str]) -> TableTop:
    names: dict[str, None] = {}
    rows: list[Record] = []
    for record in records:
        if isinstance(record, dict):
            names |= dict.fromkeys(record)
            _refuse_many(names)
            if len(rows) < SAMPLE:
                rows.append(record)
    if _FHIR in names:
        raise DeliveryRefused("JSON, but neither FHIR resources line by line, nor one resource or Bundle.")
    header = tuple(names)
    return TableTop(header, [[_cell(row.get(name)) or "" for name in header] for row in rows])


def _read_lines(path: Path, what: Recognised) -> Iterator[TableBatch]:
    with opened(path, what.compression, what.limits) as stream:
        yield from _batches((_record(line) for line in json_lines(stream)), what)


def _read_array(path: Path, what: Recognised) -> Iterator[TableBatch]:
    records = _array(path, what.compression, what)
    inner = (raw for place in _places(what) for raw in json_nested.unnested(records, place))
    yield from _batches((_record(raw) for raw in (inner if what.sheet else records)), what)


def _places(what: Recognised) -> list[str]:
    """Where the lists stand whose objects are the records, if they stand within others."""
    return [what.sheet, *(place for place, _ in what.more_sheets)] if what.sheet else []


def _array(path: Path, compression: str | None, of: Candidate | Recognised) -> list[bytes]:
    """The elements of the array that a document is, or that is all there is of records in it."""
    with opened(path, compression, of.limits) as stream:
        data = stream.read(DOCUMENT_LIMIT + 1)
    if len(data) > DOCUMENT_LIMIT:
        raise DeliveryRefused("a JSON document over 256 MiB. Export it with one object a line.")
    data = data.strip()
    try:
        data.decode()
        if data[:1] == b"{":
            arrays = [raw for value in _OBJECT.decode(data).values() if (raw := bytes(value).strip())[:1] == b"["]
            data = arrays[0] if len(arrays) == 1 else b""
        return [bytes(raw) for raw in _RAW.decode(data)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise DeliveryRefused("JSON, but neither FHIR nor an array of objects, nor one object a line.") from None


def _record(raw: bytes | Overlong) -> Found:
    if isinstance(raw, Overlong):
        return "record_too_long", raw.raw
    try:
        raw.decode()
        return _OBJECT.decode(raw), raw
    except UnicodeDecodeError:
        return "bad_utf8", raw
    except msgspec.ValidationError:
        return "not_an_object", raw
    except (msgspec.DecodeError, RecursionError):
        return "bad_json", raw


def _batches(found: Iterator[Found], what: Recognised) -> Iterator[TableBatch]:
    first = 1
    while some := list(islice(found, _AT_ONCE)):
        records, numbers, rejects = [], [], []
        for number, (record, raw) in enumerate(some, start=first):
            if isinstance(record, str):
                rejects.append(Reject(number, record, raw))
                continue
            try:
                records.append({name: _cell(value) for name, value in record.items()})
                numbers.append(number)
            except (msgspec.DecodeError, RecursionError):
                rejects.append(Reject(number, "bad_json", raw))
        first += len(some)
        yield _batch(records, numbers, rejects, what)


def _batch(
    records: Sequence[dict[str, str | None]], numbers: list[int], rejects: list[Reject], what: Recognised
) -> TableBatch:
    header = tuple(dict.fromkeys((*what.header, *(name for each in records for name in each))))
    _refuse_many(header)
    cells = [pa.array([each.get(name) for each in records], pa.string()) for name in header]
    return TableBatch(header, cells, numbers, tuple(rejects))


def _refuse_many(names: Collection[str]) -> None:
    if len(names) > _MOST_NAMES:
        raise DeliveryRefused(
            f"its records have more than {_MOST_NAMES:,} names between them: values may stand where names belong. "
            "Give each record the same names."
        )


def _cell(raw: msgspec.Raw | None) -> str | None:
    """A value as it is written: a number digit by digit, an object as its JSON."""
    if raw is None:
        return None
    text = bytes(raw).strip()
    if text[:1] in (b'"', b"["):
        return text_of(msgspec.json.decode(text))
    return None if text == b"null" else text.decode()


def _count_lines(path: Path, what: Recognised) -> int:
    count = 0
    with opened(path, what.compression, what.limits) as stream:
        for line in stream:
            count += not line.isspace()
    return count


def _count_array(path: Path, what: Recognised) -> int:
    """By the standard library's parser."""
    if what.sheet:
        with opened(path, what.compression, what.limits) as stream:
            found: Any = json.load(stream, strict=False, parse_int=_nothing, parse_float=_nothing)
        records = found if isinstance(found, list) else next(each for each in found.values() if isinstance(each, list))
        return sum(json_nested.count(records, place) for place in _places(what))
    with opened(path, what.compression, what.limits) as stream:
        document: Any = json.load(
            stream, strict=False, object_pairs_hook=_arrays, parse_int=_nothing, parse_float=_nothing
        )
    if isinstance(document, list):
        return len(document)
    [records] = document
    return len(records)


def _arrays(pairs: list[tuple[str, Any]]) -> Any:
    """Of each object only its arrays, so that a large document does not fill the memory."""
    return tuple(value for value in dict(pairs).values() if isinstance(value, list))


def _nothing(_: str) -> None:
    """A number of any length."""


JSON_LINES = TableFormat("json_lines", _is_lines, _tops_of_lines, _read_lines, _count_lines)
JSON_ARRAY = TableFormat("json_array", _is_array, _tops_of_array, _read_array, _count_array)
