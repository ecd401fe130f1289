"""A cell with several diagnosis codes, and the marks that codes bear. Standard library only."""

import re

_MARKS = "+*!\u2020\u2021"
"""German codes bear a cross or an exclamation mark for a cause, a star for what it shows itself in."""
_SEVERAL = re.compile(
    # beside ; | / one side has to look like a code, beside a comma or a blank both have to
    rf"[0-9][0-9A-Za-z.]*[{_MARKS}]*\s*[;|/]\s*[^\s;|/]"
    r"|[^\s;|/]\s*[;|/]\s*[A-Za-z]?[0-9]"
    rf"|[0-9][0-9A-Za-z.]*[{_MARKS}]*[,\s]+([A-Za-z][0-9][0-9A-Za-z]|[0-9]{{3}})"
)
"""What such a cell holds somewhere."""
_APART = re.compile(r"[;|/,\s]+")


def has_several(cell: str) -> bool:
    """Whether a cell holds several codes."""
    return bool(_SEVERAL.search(cell))


def codes_in(cell: str) -> list[str]:
    """The codes of a cell in their order, each once, without marks; of one that holds no list itself."""
    parts = _APART.split(cell) if has_several(cell) else [cell.strip()]
    found = {part.rstrip(_MARKS).rstrip(): None for part in parts}
    return [part for part in found if part] or [cell]
