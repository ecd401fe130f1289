"""What may leave the house, and in which form."""

from enum import StrEnum


class Profile(StrEnum):
    """What a recipient may know."""

    SAFE_HARBOR = "safe_harbor"
    """Random keys of this export in place of the pseudonyms: nothing links it to another one, nor back."""
    LIMITED = "limited"
    """The pseudonyms stay, so that exports of one key can be joined: for a recipient under an agreement."""


class Format(StrEnum):
    """How it is written."""

    PARQUET = "parquet"
    CSV = "csv"
