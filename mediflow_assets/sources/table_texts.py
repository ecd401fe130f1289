"""Typed values as the texts they stand for, as CSV would have them. What is empty is not given."""

import datetime as dt
import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_EXACT = 2.0**53
_BETWEEN = ";"


def texts_of(cells: pa.Array) -> pa.Array:
    """A column of any type as strings: ISO 8601 dates and times, instants in UTC, decimals as typed, lists joined."""
    kind = cells.type
    if pa.types.is_dictionary(kind):
        return texts_of(cells.dictionary_decode())
    if pa.types.is_timestamp(kind):
        return _timestamps(cells)
    if pa.types.is_floating(kind):
        return _floats(cells)
    if pa.types.is_date64(kind):
        cells, kind = cells.cast(pa.date32()), pa.date32()
    if _is_plain(kind):
        texts = cells.cast(pa.string())
        return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)
    return pa.array([text_of(value) for value in cells.to_pylist()], pa.string())


def text_of(value: Any) -> str | None:
    """One value as a text."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, dt.datetime):
        return _instant(value)
    if isinstance(value, bytes):
        return _bytes(value)
    if isinstance(value, list | tuple) and not any(isinstance(each, dict | list | tuple) for each in value):
        return _BETWEEN.join(text for each in value if (text := text_of(each))) or None
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=text_of)
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def shortened(value: float) -> float:
    """A number of four bytes that was read as one of eight, as it was written."""
    return float(str(np.float32(value)))


def _is_plain(kind: pa.DataType) -> bool:
    of = pa.types
    asked = (of.is_string, of.is_large_string, of.is_integer, of.is_boolean, of.is_date32, of.is_time, of.is_null)
    return any(is_of(kind) for is_of in asked)


def _timestamps(cells: pa.Array) -> pa.Array:
    if cells.type.tz:
        cells = cells.cast(pa.timestamp(cells.type.unit, "UTC"))
    if cells.type.unit != "s" and pc.all(pc.equal(pc.subsecond(cells), 0.0), min_count=0).as_py():
        cells = cells.cast(pa.timestamp("s", cells.type.tz))
    return pc.replace_substring(cells.cast(pa.string()), " ", "T")


def _floats(cells: pa.Array) -> pa.Array:
    if not pa.types.is_float64(cells.type):
        # the shortest text of a number of few digits, not that of the same number with more
        texts = [str(value) for value in cells.to_numpy(zero_copy_only=False)]
        cells = pa.array(texts, pa.string()).cast(pa.float64())
    cells = pc.if_else(pc.is_finite(cells), cells, pa.scalar(None, pa.float64()))
    if pc.all(pc.and_(pc.less(pc.abs(cells), _EXACT), pc.equal(pc.floor(cells), cells)), min_count=0).as_py():
        return cells.cast(pa.int64()).cast(pa.string())
    return pa.array([text_of(value) for value in cells.to_pylist()], pa.string())


def _float(value: float) -> str | None:
    if not math.isfinite(value):
        return None
    if value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    # fifteen digits are what a spreadsheet shows; the rest is the binary form of the number
    return format(Decimal(f"{value:.15g}"), "f")


def _instant(value: dt.datetime) -> str:
    if value.tzinfo is None:
        return value.isoformat()
    return value.astimezone(dt.UTC).replace(tzinfo=None).isoformat() + "Z"


def _bytes(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.hex()
