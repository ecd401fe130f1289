"""The elements of a resource as decoded JSON, whatever stands in their place: a wrong shape is as good as nothing."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Element = Mapping[str, Any]
"""An object of a resource, or the resource itself."""
NOTHING: Element = {}


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
    """A text, or a number as one; None where it is empty, or something else."""
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def first_text(value: object) -> str | None:
    """The first text of a list, or the text itself."""
    values = value if isinstance(value, list) else [value]
    return next((found for each in values if (found := text(each))), None)
