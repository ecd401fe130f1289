"""JSON as strictly as RFC 8259 allows, and stricter: what two readers could take in two ways is refused."""

import json
from typing import Any

DEEPEST, LONGEST_NUMBER = 16, 40


class NotJson(ValueError):
    """The text is no JSON that is accepted; says why, never what."""


def parse(content: bytes) -> Any:
    """The value. Raises NotJson on bad UTF-8, lone surrogates, duplicate keys, NaN, Infinity, overlong or overflowing
    numbers, and nesting deeper than 16."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise NotJson("The body is not UTF-8.") from None
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
    """The deepest nesting, brackets within strings counted too: an upper bound that needs no parser."""
    level = deepest = 0
    opened = content.count(b"[") + content.count(b"{")
    if opened <= DEEPEST:
        return opened
    is_text = is_escaped = False
    for byte in content:
        if is_text:
            is_text, is_escaped = is_escaped or byte != 34, byte == 92 and not is_escaped
        elif byte == 34:
            is_text = True
        elif byte in b"[{":
            level += 1
            deepest = max(deepest, level)
            if deepest > DEEPEST:
                return deepest
        elif byte in b"]}":
            level -= 1
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
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
