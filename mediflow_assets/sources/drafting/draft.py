"""What is proposed for a file: a feed's columns and keys, and the evidence of each line."""

from dataclasses import dataclass, field

CHECK = "check"


@dataclass
class Column:
    """How one of our columns is made, and why so."""

    headers: tuple[str, ...]
    why: str
    between: str | None = None
    value: str | None = None


@dataclass
class Draft:
    """What is proposed for a file."""

    grain: str
    columns: dict[str, Column]
    keys: dict[str, object] = field(default_factory=dict)
    """Keys of the feed's section."""
    why: dict[str, str] = field(default_factory=dict)
    """What to know of a key."""
    date_formats: dict[str, tuple[str, ...]] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    unmapped_words: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    lacks: tuple[str, ...] = ()
    """What has to be there, and is not: such a file cannot be mapped."""
