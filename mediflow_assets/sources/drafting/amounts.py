"""How a column writes its amounts: decimal comma, the mark between thousands, a currency."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mediflow_assets.sources.drafting.profile import SIGN

_SIGN = re.compile(rf"(?P<sign>{SIGN})")
_GROUPED = {
    ",": re.compile(r"\d{1,3}(,\d{2,3})+([.]\d+)?"),
    ".": re.compile(r"[1-9]\d{0,2}([.]\d{3})+(,\d+)?"),
    "'": re.compile(r"\d{1,3}(['’]\d{3})+([.,]\d+)?"),
    " ": re.compile(r"\d{1,3}([ \u00a0\u202f]\d{3})+([.,]\d+)?"),
}
_WITH_COMMA, _WITH_POINT = re.compile(r"-?\d+,\d{1,2}"), re.compile(r"-?\d+[.]\d{1,2}")
_DOTTED = re.compile(r"d{1,2}[.]M{1,2}[.]y")
_COMMA = re.compile(r"[\d. '’\u00a0\u202f]*,\d{1,2}")
_POINT = re.compile(r"[\d, '’\u00a0\u202f]*[.]\d{1,20}")
_CENTS, _NEARLY_ALL = re.compile(r"[.,](\d{1,2})\D*\Z"), 0.98
_THREE = {mark: re.compile(rf"[1-9]\d{{0,2}}{re.escape(mark)}\d{{3}}") for mark in ",."}
"""Amounts of which nobody knows whether the mark divides thousands or a fraction."""


@dataclass(frozen=True)
class Amounts:
    """The keys of a feed that say how amounts are written."""

    decimal_comma: bool = False
    thousands: str | None = None
    currency: str | None = None
    unsure: str = ""
    """The mark that may divide thousands or a fraction."""
    is_lost: bool = False
    """Whether nothing settles what that mark divides."""


def amounts_of(values: Sequence[str], are_commas_usual: bool | None = None) -> Amounts:
    """How these amounts are written; `are_commas_usual` is what the rest of the file says of decimals."""
    signs = Counter(found["sign"] for value in values if (found := _SIGN.search(value)))
    sign = next((sign for sign, count in signs.most_common(1) if count > len(values) / 2), None)
    bare = [_SIGN.sub("", value).strip(" ()-+\u00a0") for value in values]
    if mark := _unsure_mark(bare):
        is_thousands = mark == "," if are_commas_usual is None else are_commas_usual == (mark == ".")
        return Amounts(is_thousands and mark == ".", mark if is_thousands else None, sign, mark, not is_thousands)
    commas = sum(bool(_COMMA.fullmatch(value)) for value in bare)
    points = sum(bool(_POINT.fullmatch(value)) and not _GROUPED["."].fullmatch(value) for value in bare)
    is_comma = commas > points or (not points and any(map(_GROUPED["."].fullmatch, bare)))
    marks = [
        mark
        for mark, shape in _GROUPED.items()
        if mark != ("," if is_comma else ".") and any(shape.fullmatch(value) for value in bare)
    ]
    return Amounts(is_comma, marks[0] if marks else None, sign)


def _unsure_mark(values: Sequence[str]) -> str:
    """The mark of amounts such as `1.234`, where no other value tells what it divides."""
    marked = [value for value in values if not value.isdecimal()]
    return next((mark for mark, shape in _THREE.items() if marked and all(map(shape.fullmatch, marked))), "")


def are_commas_usual(columns: Iterable[Sequence[str]], dates: Iterable[str], delimiter: object) -> bool | None:
    """Whether a file's numbers have a decimal comma, by its other columns, else by the country of its dates."""
    commas = points = 0
    for values in columns:
        commas += bool(values) and all(map(_WITH_COMMA.fullmatch, values))
        points += bool(values) and all(map(_WITH_POINT.fullmatch, values))
    if commas or points:
        return commas > points
    return True if any(map(_DOTTED.match, dates)) or delimiter == ";" else None


def are_wholes(cells: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether amounts are nearly nowhere less than those of another column, and mostly more."""
    pairs = [(_number(a), _number(b)) for a, b in zip(cells, parts, strict=True) if a and b]
    more = sum(a > b for a, b in pairs)
    return more > len(pairs) / 2 and sum(a >= b for a, b in pairs) >= _NEARLY_ALL * len(pairs)


def _number(cell: str) -> float:
    """An amount, for comparison with others that are written alike."""
    digits, cents = "".join(re.findall(r"\d", cell)), _CENTS.search(cell)
    amount = float(digits or "0") / float(10 ** len(cents[1] if cents else ""))
    return -amount if "-" in cell or "(" in cell else amount
