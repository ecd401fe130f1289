"""The header of a CSV delivery: what it must hold to be taken for a source. Columns come from Bronze."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mediflow_assets.contracts.source import SourceContract

JSON_COLUMNS = ("extra", "corrections")
"""Columns that hold, as a JSON object, the cells of the file's other columns."""


@dataclass(frozen=True)
class Form:
    """One kind of CSV delivery."""

    contract: SourceContract
    required: tuple[str, ...]
    distinctive: tuple[str, ...]
    """Where these are present and something else is missing, the refusal says what is missing."""
    is_closed: bool = False
    """Further columns mean that it is another table."""
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    refuse_lookalike: Callable[[bytes, tuple[str | None, ...], str], None] | None = None
    """Refuses a file's beginning, with its columns and its delimiter, if it is another table with this header."""

    @property
    def source(self) -> str:
        """The source's name."""
        return self.contract.name

    @property
    def columns(self) -> tuple[str, ...]:
        """The Bronze columns a header may name."""
        return tuple(name for name in self.contract.filled if name not in JSON_COLUMNS)
