"""Reading a message: one JSON object, strictly. What cannot be read is told by a code, never by an error."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mediflow_assets.contracts.events import DEEPEST, LARGEST_BYTES

TOMBSTONE, EMPTY, TOO_LARGE, NOT_UTF8 = "tombstone", "empty_message", "message_too_large", "not_utf8"
BYTE_ORDER_MARK, NOT_JSON, NOT_AN_OBJECT = "byte_order_mark", "not_json", "not_an_object"
REPEATED_FIELD, NOT_A_NUMBER, TOO_DEEP = "repeated_field", "not_a_number", "nested_too_deep"
BROKEN = (
    TOMBSTONE,
    EMPTY,
    TOO_LARGE,
    NOT_UTF8,
    BYTE_ORDER_MARK,
    NOT_JSON,
    NOT_AN_OBJECT,
    REPEATED_FIELD,
    NOT_A_NUMBER,
    TOO_DEEP,
)
"""Why a message is no record at all."""
_OPENING = re.compile(rb"[\[{]")


class _Broken(Exception):
    """Raised inside the decoder only."""


@dataclass(frozen=True)
class Message:
    """A message's fields, or why it has none."""

    fields: dict[str, Any]
    broken: str | None = None


def read_message(value: bytes | None) -> Message:
    """The fields as they stand; numbers as their text, so that neither a digit nor an overflow is lost."""
    early = _before_decoding(value)
    if early or value is None:
        return Message({}, early)
    try:
        text = value.decode("utf-8")
        found = _DECODER.decode(text)
        # an escape may name half of a pair, which is no text
        if "\\ud" in text or "\\uD" in text:
            json.dumps(found, ensure_ascii=False).encode("utf-8")
    except UnicodeError:
        return Message({}, NOT_UTF8)
    except _Broken as broken:
        return Message({}, str(broken))
    except (ValueError, RecursionError):
        return Message({}, NOT_JSON)
    return Message(found) if isinstance(found, dict) else Message({}, NOT_AN_OBJECT)


def older_id(value: bytes) -> str:
    """The id of an older message, which names none: its own bytes stand for it."""
    return hashlib.sha256(value).hexdigest()[:32]


def scalar_text(value: Any) -> str | None:
    """A field's value as the text of a cell; what is no scalar as its JSON, which no rule takes for a value."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _before_decoding(value: bytes | None) -> str | None:
    if value is None:
        return TOMBSTONE
    if not value.strip():
        return EMPTY
    if len(value) > LARGEST_BYTES:
        return TOO_LARGE
    if value.startswith(b"\xef\xbb\xbf"):
        return BYTE_ORDER_MARK
    # more brackets than levels are allowed: count them before a decoder recurses
    if len(_OPENING.findall(value)) > DEEPEST and _depth(value) > DEEPEST:
        return TOO_DEEP
    return None


def _depth(value: bytes) -> int:
    deepest = depth = 0
    is_text = is_escaped = False
    for byte in value:
        if is_text:
            is_text = is_escaped or byte != 0x22
            is_escaped = byte == 0x5C and not is_escaped
        elif byte == 0x22:
            is_text = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Broken(REPEATED_FIELD)
    return found


def _constant(_: str) -> Any:
    raise _Broken(NOT_A_NUMBER)


_as_text: Callable[[str], Any] = str
_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_int=_as_text, parse_float=_as_text
)
