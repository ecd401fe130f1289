"""Avro: typed fields as texts. The heads of its blocks tell how many records there are."""

import bz2
import io
import lzma
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import fastavro
import pyarrow as pa

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources.delivery import Recognised
from mediflow_assets.sources.refusing import refusing
from mediflow_assets.sources.source import Candidate
from mediflow_assets.sources.table_format import SAMPLE, TableBatch, TableFormat, TableTop, named
from mediflow_assets.sources.table_texts import shortened, text_of
from mediflow_assets.sources.unpacking import Unpacking

_DAMAGED = "the Avro file is damaged, cut short or holds no records. Deliver it again."
_MARK = b"Obj\x01"
_FLOAT = "float"
_SYNC = 16
_AT_ONCE = 8192
_PIECE = 1 << 20


def _is_one(file: Candidate) -> bool:
    return file.head.startswith(_MARK)


def _tops(file: Candidate) -> Iterator[TableTop]:
    _refuse_bombs(file)
    with refusing(_DAMAGED), file.path.open("rb") as stream:
        records = _reader(stream)
        fields = _fields(records.writer_schema)
        rows = [[_text(row, field) or "" for field in fields.items()] for row in islice(records, SAMPLE)]
        yield TableTop(named([*fields]), rows)


def _read(path: Path, what: Recognised) -> Iterator[TableBatch]:
    unpacking, first = Unpacking(path, what.limits), 1
    with refusing(_DAMAGED), path.open("rb") as stream:
        records = _reader(stream)
        fields = _fields(records.writer_schema)
        while rows := list(islice(records, _AT_ONCE)):
            cells = [pa.array([_text(row, field) for row in rows], pa.string()) for field in fields.items()]
            unpacking.take(sum(column.nbytes for column in cells))
            yield TableBatch(what.header, cells, range(first, first + len(rows)))
            first += len(rows)


def _reader(stream: BinaryIO) -> Any:
    # untyped: what its types say of a schema is more than what is looked at
    return fastavro.reader(stream)


def _fields(schema: Any) -> dict[str, bool]:
    """Its fields, and whether each is a number of few digits."""
    if not isinstance(schema, dict) or schema.get("type") != "record":
        raise ValueError("no records")
    return {field["name"]: _FLOAT in (field["type"], *field["type"]) for field in schema["fields"]}


def _text(row: Any, field: tuple[str, bool]) -> str | None:
    name, is_short = field
    value = row[name]
    return text_of(shortened(value) if is_short and isinstance(value, float) else value)


def _count(path: Path, _: Recognised) -> int:
    with refusing(_DAMAGED), path.open("rb") as stream:
        return sum(records for records, _ in _blocks(stream)[1])


def _refuse_bombs(file: Candidate) -> None:
    """Unpack each block bit by bit beforehand: the reader of records takes it whole."""
    unpacking = Unpacking(file.path, file.limits)
    with refusing(_DAMAGED), file.path.open("rb") as stream:
        codec, blocks = _blocks(stream)
        for _, data in blocks:
            for size in _unpacked_sizes(codec, data):
                unpacking.take(size)


def _unpacked_sizes(codec: str, data: bytes) -> Iterator[int]:
    if codec == "snappy":
        yield _varint(io.BytesIO(data))
        return
    if codec == "null":
        yield len(data)
        return
    makers: dict[str, Any] = {
        "deflate": lambda: zlib.decompressobj(-15),
        "bzip2": bz2.BZ2Decompressor,
        "xz": lzma.LZMADecompressor,
    }
    if codec not in makers:
        raise DeliveryRefused("the Avro file is packed in a way that is not read. Pack it with deflate or snappy.")
    unpacker = makers[codec]()
    while not unpacker.eof:
        piece = unpacker.decompress(data, _PIECE)
        data = getattr(unpacker, "unconsumed_tail", b"")
        if not piece and not data:
            return
        yield len(piece)


def _blocks(stream: BinaryIO) -> tuple[str, Iterator[tuple[int, bytes]]]:
    """How blocks are packed, and of each how many records it holds and its bytes, by the format's specification."""
    if stream.read(len(_MARK)) != _MARK:
        raise ValueError("no Avro")
    codec = "null"
    while count := _long(stream):
        if count < 0:
            count = -count
            _long(stream)
        for _ in range(count):
            key, value = _bytes(stream), _bytes(stream)
            codec = value.decode() if key == b"avro.codec" else codec
    sync = stream.read(_SYNC)

    def each() -> Iterator[tuple[int, bytes]]:
        while stream.peek(1) if isinstance(stream, io.BufferedReader) else True:
            records, data = _long(stream), _bytes(stream)
            if stream.read(_SYNC) != sync:
                raise ValueError("cut short")
            yield records, data

    return codec, each()


def _bytes(stream: BinaryIO) -> bytes:
    size = _long(stream)
    data = stream.read(size) if size >= 0 else b""
    if len(data) != size:
        raise EOFError
    return data


def _long(stream: BinaryIO) -> int:
    value = _varint(stream)
    return (value >> 1) ^ -(value & 1)


def _varint(stream: BinaryIO) -> int:
    value = shift = 0
    while True:
        byte = stream.read(1)
        if not byte or shift > 63:
            raise EOFError
        value |= (byte[0] & 0x7F) << shift
        if not byte[0] & 0x80:
            return value
        shift += 7


AVRO = TableFormat("avro", _is_one, _tops, _read, _count)
