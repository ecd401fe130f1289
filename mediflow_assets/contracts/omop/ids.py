"""Numbers in place of pseudonyms: the OMOP CDM has no text as a key."""

DOMAIN = "omop"
"""Of the pseudonyms that stand for pseudonyms in the OMOP tables: no other table has them."""
BITS = 63
_DIGITS = 16


def number_of(pseudonym: str) -> int:
    """The first 63 bits of a pseudonym after its first one, so that it fits a signed 64-bit integer.

    As keyed as the pseudonym: another key gives other numbers.
    """
    return int(pseudonym[:_DIGITS], 16) & ((1 << BITS) - 1)
