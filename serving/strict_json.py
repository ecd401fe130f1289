"""JSON as strictly as RFC 8259 allows, and stricter: what two readers could take in two ways is refused."""

import json
from typing import Any

import numpy as np

DEEPEST, LONGEST_NUMBER, MOST_KEYS, MOST_PARTS = 16, 40, 100, 25_000
"""Parts: a batch has 10,000 patients; a word of theirs may hold a bracket."""
_OPENING, _CLOSING = list(b"[{"), list(b"]}")


class NotJson(ValueError):
    """The text is no JSON that is accepted; says why, never what."""


def parse(content: bytes) -> Any:
    """The value. Raises NotJson on bad UTF-8, lone surrogates, duplicate keys, NaN, Infinity, overlong or overflowing
    numbers, objects of more than 100 keys, more than 25,000 lists and objects, and nesting deeper than 16."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise NotJson("The body is not UTF-8.") from None
    if content.count(b"[") + content.count(b"{") > MOST_PARTS:
        raise NotJson(f"The body holds more than {MOST_PARTS:,} lists and objects.")
    if _depth(content) > DEEPEST:
        raise NotJson(f"The body is nested deeper than {DEEPEST} levels.")
    try:
        found = json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_int, parse_float=_float
        )
    except NotJson:
        raise
    except (ValueError, RecursionError):
        raise NotJson("The body is not JSON.") from None
    if "\\u" in text:
        _refuse_surrogates(found)
    return found


def _depth(content: bytes) -> int:
    """The deepest nesting. Counted on arrays: a loop in Python over 2 MB would hold up all other requests."""
    opened = content.count(b"[") + content.count(b"{")
    if opened <= DEEPEST:
        return opened
    if b"\\" in content:
        # pairs of backslashes first: what is left before a quote escapes it
        content = content.replace(b"\\\\", b"  ").replace(b'\\"', b"  ")
    letters = np.frombuffer(content, dtype=np.uint8)
    is_text = np.cumsum(letters == ord('"'), dtype=np.int32) % 2 == 1
    steps = np.isin(letters, _OPENING).astype(np.int8) - np.isin(letters, _CLOSING).astype(np.int8)
    return int(np.cumsum(np.where(is_text, 0, steps), dtype=np.int32).max(initial=0))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MOST_KEYS:
        raise NotJson(f"An object of the body has more than {MOST_KEYS} keys.")
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NotJson("An object of the body has a key twice.")
    return found


def _constant(_: str) -> Any:
    raise NotJson("NaN and Infinity are not JSON.")


def _int(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise NotJson("A number of the body is too long.")
    return int(text)


def _float(text: str) -> float:
    value = float(text) if len(text) <= LONGEST_NUMBER else float("inf")
    if value in (float("inf"), float("-inf")):
        raise NotJson("A number of the body is too large or too long.")
    return value


def _refuse_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise NotJson("A text of the body holds half a character.") from None
