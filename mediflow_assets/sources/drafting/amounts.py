"""How a column writes its amounts: decimal comma, the mark between thousands, a currency."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_SIGN = re.compile(r"(?P<sign>[^\W\d_]{1,3}[.$]?|[$€£¥₹₩])")
_GROUPED = {
    ",": re.compile(r"\d{1,3}(,\d{2,3})+([.]\d+)?"),
    ".": re.compile(r"\d{1,3}([.]\d{3})+(,\d+)?"),
    "'": re.compile(r"\d{1,3}(['’]\d{3})+([.,]\d+)?"),
    " ": re.compile(r"\d{1,3}([ \u00a0\u202f]\d{3})+([.,]\d+)?"),
}
_COMMA = re.compile(r"[\d. '’\u00a0\u202f]*,\d{1,2}")
_POINT = re.compile(r"[\d, '’\u00a0\u202f]*[.]\d{1,20}")
_THREE = re.compile(r"\d{1,3},\d{3}")


@dataclass(frozen=True)
class Amounts:
    """The keys of a feed that say how amounts are written."""

    decimal_comma: bool = False
    thousands: str | None = None
    currency: str | None = None
    is_unsure: bool = False
    """Whether `1,234` may be one or a thousand."""


def amounts_of(values: Sequence[str]) -> Amounts:
    """How these amounts are written."""
    signs = Counter(found["sign"] for value in values if (found := _SIGN.search(value)))
    sign = next((sign for sign, count in signs.most_common(1) if count > len(values) / 2), None)
    bare = [_SIGN.sub("", value).strip(" ()-+\u00a0") for value in values]
    commas = sum(bool(_COMMA.fullmatch(value)) for value in bare)
    points = sum(bool(_POINT.fullmatch(value)) for value in bare)
    is_comma = commas > points
    marks = [
        mark
        for mark, shape in _GROUPED.items()
        if mark != ("," if is_comma else ".") and any(shape.fullmatch(value) for value in bare)
    ]
    is_unsure = not commas and not points and any(_THREE.fullmatch(value) for value in bare)
    return Amounts(is_comma, marks[0] if marks else None, sign, is_unsure)
