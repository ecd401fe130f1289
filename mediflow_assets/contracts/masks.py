"""The mask verbs: what becomes of a column on its way out of Silver and Gold. Data only; `transforms.masking` acts.

Rule: HIPAA Safe Harbor, 45 CFR 164.514(b)(2).
"""

from dataclasses import dataclass
from enum import StrEnum

PSEUDONYM_DIGITS = 32
"""Hex digits of a pseudonym: 128 bits. 64 digits in three columns made up nearly all of a table's bytes."""


SHIFT_DAYS = 180
"""The most that a date is moved, to either side."""


class Verb(StrEnum):
    """What is done to a column's values."""

    KEEP = "keep"
    DROP = "drop"
    PSEUDONYM = "pseudonym"
    YEAR = "year"
    AGE_BAND = "age_band"
    ZIP3 = "zip3"
    SHIFT = "shift"
    REDACT = "redact"


@dataclass(frozen=True)
class Mask:
    """One verb, with the pseudonym domain where it has one."""

    verb: Verb
    domain: str | None = None

    @property
    def limited(self) -> "Mask":
        """What is done in the limited profile instead: dates are moved, not cut to their year."""
        return shift() if self.verb is Verb.YEAR else self

    def __str__(self) -> str:
        return f"{self.verb}({self.domain})" if self.domain else str(self.verb)


def keep() -> Mask:
    """The value stands as it is: only for closed vocabularies, amounts, intervals and keys."""
    return Mask(Verb.KEEP)


def drop() -> Mask:
    """The column is not in the masked table."""
    return Mask(Verb.DROP)


def pseudonym(domain: str) -> Mask:
    """A keyed pseudonym of the value, within a domain ("patient", "encounter")."""
    return Mask(Verb.PSEUDONYM, domain)


def year() -> Mask:
    """Only the year of a date or timestamp; nothing for people of 90 and over."""
    return Mask(Verb.YEAR)


def shift() -> Mask:
    """A date moved by up to 180 days, all dates of one patient by the same; limited profile only."""
    return Mask(Verb.SHIFT)


def age_band() -> Mask:
    """Bands of five years, 90 and over as one."""
    return Mask(Verb.AGE_BAND)


def zip3() -> Mask:
    """The first three digits, 000 where fewer than 20,000 people live or the code is not a US one."""
    return Mask(Verb.ZIP3)


def redact() -> Mask:
    """Free text is replaced by a mark that says it was there."""
    return Mask(Verb.REDACT)
