"""The elements of a resource as decoded JSON, whatever stands in their place: a wrong shape is as good as nothing."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Element = Mapping[str, Any]
"""An object of a resource, or the resource itself."""
NOTHING: Element = {}
_MOST_DIGITS, _MOST_PLACES = 64, 30
_EXPONENT = re.compile(r"[eE][+-]?0*([0-9]+)\Z")


def number(told: str) -> Decimal | str:
    """A number of JSON to the digit; of more digits, or of a greater exponent, than any amount has, as the text that it
    is, for a few letters can ask for gigabytes of digits."""
    exponent = _EXPONENT.search(told)
    is_bounded = len(told) <= _MOST_DIGITS and (exponent is None or int(exponent[1]) <= _MOST_PLACES)
    return Decimal(told) if is_bounded else told


def whole_number(told: str) -> int | str:
    """A whole number of JSON, with the same bound."""
    return int(told) if len(told) <= _MOST_DIGITS else told


def one(value: object) -> Element:
    """An object; of a list the first; else an empty one."""
    if isinstance(value, dict):
        return value
    return next(iter(several(value)), NOTHING)


def several(value: object) -> list[Element]:
    """The objects of a list; what is told as one object where others tell a list is a list of one."""
    if isinstance(value, list):
        return [each for each in value if isinstance(each, dict)]
    return [value] if isinstance(value, dict) else []


def text(value: object) -> str | None:
    """A text, or a number as one, without an exponent; None where it is empty, or something else."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def first_text(value: object) -> str | None:
    """The first text of a list, or the text itself."""
    values = value if isinstance(value, list) else [value]
    return next((found for each in values if (found := text(each))), None)
