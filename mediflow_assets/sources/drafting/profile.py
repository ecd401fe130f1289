"""What the values of a column look like, counted over a sample. No value leaves it but words that stand often."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from mediflow_assets.contracts.code_cells import international
from mediflow_assets.contracts.diagnosis_codes import is_concept, system_of
from mediflow_assets.contracts.not_given import NOT_GIVEN
from mediflow_assets.sources.drafting.dates import DateForm, forms_of

ENOUGH = 0.85
"""The share of the given values that must fit: a sample has broken ones."""
MIXED = "icd9 and icd10"
"""Of a column with codes of both, as where the system changed meanwhile."""
_INTEGER = re.compile(r"[+-]?\d{1,9}([.]0)?")
_CODES = re.compile(r"[;|,/~^\s]+")
_ICD9 = re.compile(r"(\d{3}|V\d\d)([.]?\d{1,2})?|E\d{3}([.]?\d)?")
_NAME = re.compile(r"[^\W\d_][^\d_]*")
_ZIP = re.compile(
    r"\d{3} \d\d|"
    r"\d{3,6}(-\d{3,4})?|\d\d-\d{3}|\d{8,9}|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|\d{4} ?[A-Z]{2}"
)
_MONTH = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])")
"""A month such as `202301`."""
_ID = re.compile(r"-?[\w./#*-]*\d[\w./#*-]*|(?=(\D*\d){6})[A-Z\d./-]{1,8}( [A-Z\d./-]{1,8}){1,7}")
"""One word with a digit, or groups of digits and capitals, as insurers write them: `943 476 5919`."""


@dataclass(frozen=True)
class Profile:
    """One column of a sample: its cells, in order; empty ones too."""

    cells: Sequence[str]

    @cached_property
    def given(self) -> list[str]:
        """The cells with a value."""
        return [cell for cell in self.cells if cell and cell.upper() not in NOT_GIVEN]

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each value stands."""
        return Counter(self.given)

    @cached_property
    def dates(self) -> tuple[DateForm, ...]:
        """The date forms that together read nearly all values; empty where they are no dates."""
        return forms_of(self.given)

    @cached_property
    def is_flag(self) -> bool:
        """Whether it only says yes or no."""
        words = {value.casefold() for value in self.counts}
        return bool(words) and words <= {"0", "1", "y", "n", "yes", "no", "true", "false", "t", "f", "ja", "nein"}

    @cached_property
    def distinct(self) -> float:
        """Different values, as a share of all that are given."""
        return len(self.counts) / len(self.given) if self.given else 0.0

    def share(self, fits: Callable[[str], object]) -> float:
        """The share of the given values that fit."""
        if not self.given:
            return 0.0
        return sum(count for value, count in self.counts.items() if fits(value)) / len(self.given)

    @cached_property
    def is_money(self) -> bool:
        """Whether its values are amounts."""
        is_amount = self.share(lambda text: AMOUNT.fullmatch(text)) >= ENOUGH and not self.is_flag
        return is_amount and self.share(_MONTH.fullmatch) < ENOUGH

    @cached_property
    def has_currency(self) -> bool:
        """Whether its amounts are written with the sign of a currency."""
        return self.is_money and self.share(re.compile(SIGN).search) >= ENOUGH

    @cached_property
    def is_integer(self) -> bool:
        """Whether its values are whole numbers."""
        return self.share(_INTEGER.fullmatch) >= ENOUGH

    @cached_property
    def is_age(self) -> bool:
        """Whether its values may be ages in years."""
        numbers = [int(float(v)) for v in self.given if _INTEGER.fullmatch(v)]
        if len(numbers) < ENOUGH * len(self.given) or self.is_flag or not numbers:
            return False
        likely = sum(0 <= n <= 120 for n in numbers)
        return likely >= ENOUGH * len(numbers) and (max(numbers) > 18 or len(numbers) < 10)

    @cached_property
    def is_id(self) -> bool:
        """Whether its values may name something: they hold digits and are no dates or amounts with decimals."""
        return self.share(_ID.fullmatch) >= ENOUGH and not self.is_flag and not self.is_money_with_cents

    @cached_property
    def is_zip(self) -> bool:
        """Whether its values may be postal codes."""
        return self.share(_ZIP.fullmatch) >= ENOUGH and not self.dates and not self.is_flag and self.varies(3)

    @cached_property
    def is_money_with_cents(self) -> bool:
        """Whether its values are amounts with decimals."""
        return self.share(re.compile(r"-?\d+[.,]\d{1,2}").fullmatch) >= ENOUGH

    @cached_property
    def is_words(self) -> bool:
        """Whether its values are rather words than numbers."""
        return self.share(_NAME.fullmatch) >= ENOUGH

    @cached_property
    def code_system(self) -> str | None:
        """icd10, icd9 or snomed where nearly all codes in its cells are of it; MIXED of both."""
        codes = Counter(
            international(code.strip("+*!†").upper())
            for value, count in self.counts.items()
            for code in _CODES.split(value)[:8]
            if code.strip("+*!†")
            for _ in range(min(count, 3))
        )
        total = sum(codes.values())
        if not total:
            return None
        shares = {
            "icd10": sum(n for code, n in codes.items() if system_of(code) == "icd10"),
            "snomed": sum(n for code, n in codes.items() if is_concept(code)),
            "icd9": sum(n for code, n in codes.items() if _ICD9.fullmatch(code)),
        }
        if min(shares["icd9"], shares["icd10"]) > 0.1 * total and shares["icd9"] + shares["icd10"] >= 0.9 * total:
            return MIXED
        best = max(shares, key=lambda name: shares[name])
        if best == "icd10" and shares["icd9"] > shares["icd10"] * 0.98 and shares["icd9"] > 0.5 * total:
            best = "icd9"
        return best if shares[best] >= 0.8 * total else None

    def varies(self, least: int) -> bool:
        """Whether it has so many different values, as far as a few rows can tell."""
        return len(self.counts) >= min(least, len(self.given))

    def few(self, most: int = 40) -> bool:
        """Whether it holds few different values, each several times."""
        return 0 < len(self.counts) <= min(most, max(3, len(self.given) // 2))


SIGN = r"[^\W\d_]{1,3}[.$]?|[$£¤¥฿\u20a0-\u20cf\ufdfc]"
"""Of a currency: a word of few letters, or any sign for one."""
_SIGN = rf"({SIGN})?"
AMOUNT = re.compile(
    rf"[(-]?\s*{_SIGN}\s*-?(\d{{1,3}}([,.'’ \u00a0\u202f]\d{{2,3}})+|\d+)([.,]\d{{1,20}})?\s*{_SIGN}\s*[)-]?"
)
