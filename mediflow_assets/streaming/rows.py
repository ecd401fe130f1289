"""Messages → rows of `bronze/encounter_events`. No message can break it: what cannot be read is kept all the same."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts.events import ENCOUNTER_EVENTS, delivery_of
from mediflow_assets.storage.schemas import arrow_schema, batch_of
from mediflow_assets.streaming.hl7_landing import Headers, is_message
from mediflow_assets.transforms.messages import older_id

SCHEMA = arrow_schema(ENCOUNTER_EVENTS)
IS_HL7 = "_is_hl7"
"""A column beside those of the table: whether the message is HL7 v2, and of another table."""
_WITH_FORM = SCHEMA.append(pa.field(IS_HL7, pa.bool_()))
_LONGEST_ID = 200


class _Named(msgspec.Struct):
    event_id: Any = None
    patient_id: Any = None
    encounter_id: Any = None
    event_type: Any = None
    timestamp: Any = None


_DECODER = msgspec.json.Decoder(_Named)
_NOBODY = _Named()
Message = tuple[int, int, bytes | None, bytes | None]
"""Offset, timestamp in milliseconds, key, value."""


def rows_of(
    topic: str, partition: int, messages: Sequence[Message], headers: Sequence[Headers] | None = None
) -> pa.RecordBatch:
    """One row a message, in the order given; their `headers`, if any have some, in the same order."""
    offsets, times, keys, values = zip(*messages, strict=True) if messages else ((), (), (), ())
    dated = pa.array(times, pa.int64()).cast(pa.timestamp("ms", "UTC"))
    keyed, told = pa.array(keys, pa.binary()), pa.array(values, pa.binary())
    return _batch(topic, partition, pa.array(offsets, pa.int64()), dated, keyed, told, _Told(values, headers))


class _Told:
    """Values of messages, and which of them are HL7 v2."""

    def __init__(self, values: Sequence[bytes | None], headers: Sequence[Headers] | None) -> None:
        self.values = values
        beside = headers if headers is not None else [()] * len(values)
        self.are_hl7 = [is_message(value, each) for value, each in zip(values, beside, strict=True)]


def _batch(
    topic: str, partition: int, offsets: pa.Array, times: pa.Array, keys: pa.Array, told: pa.Array, of: _Told
) -> pa.RecordBatch:
    named = [_NOBODY if is_hl7 else _names_in(value) for value, is_hl7 in zip(of.values, of.are_hl7, strict=True)]
    count = len(offsets)
    columns = {
        "topic": pa.repeat(pa.scalar(topic), count),
        "partition": pa.repeat(pa.scalar(partition, pa.int32()), count),
        "key": keys,
        "value": told,
        "event_id": pa.array([_text(each.event_id) for each in named], pa.string()),
        "patient_id": pa.array([_text(each.patient_id) for each in named], pa.string()),
        "encounter_id": pa.array([_text(each.encounter_id) for each in named], pa.string()),
        "_delivery_id": pa.repeat(pa.scalar(delivery_of(topic, partition)), count),
        "_record_number": offsets,
        "_ingested_at": times.cast(pa.timestamp("us", "UTC")),
        IS_HL7: pa.array(of.are_hl7, pa.bool_()),
    }
    return batch_of(columns, _WITH_FORM, count)


def rows_of_table(table: pa.Table) -> tuple[list[pa.RecordBatch], dict[int, int]]:
    """Rows of `topic, partition, offset, timestamp, key, value`, as Spark gives them; and each partition's last."""
    batches, through = [], {}
    for partition in sorted(pc.unique(table["partition"]).to_pylist()):
        mine = table.filter(pc.equal(table["partition"], partition)).combine_chunks()
        columns = [_whole(mine[name]) for name in ("offset", "timestamp", "key", "value")]
        offsets, times, keys, values = columns
        topic = mine["topic"][0].as_py()
        keys, values, of = keys.cast(pa.binary()), values.cast(pa.binary()), _Told(values.to_pylist(), _headers(mine))
        batches.append(_batch(topic, partition, offsets, times, keys, values, of))
        through[partition] = pc.max(offsets).as_py()
    return batches, through


def _headers(table: pa.Table) -> list[Headers] | None:
    if "headers" not in table.column_names:
        return None
    return [[(each["key"], each["value"]) for each in found or ()] for found in table["headers"].to_pylist()]


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)


def _names_in(value: bytes | None) -> _Named:
    try:
        named = _DECODER.decode(value) if value else _NOBODY
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _NOBODY
    if value and named.event_id is None and named.event_type is None and named.timestamp is not None:
        named.event_id = older_id(value)
    return named


def _text(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = str(value)
    return text if len(text) <= _LONGEST_ID and text.isprintable() else None
