"""What reading values needs to know of a feed."""

from collections.abc import Mapping
from typing import Protocol


class Feed(Protocol):
    """How one feed writes its values."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def date_formats(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def date_formats_of(self) -> Mapping[str, tuple[str, ...]]: ...  # noqa: D102
    @property
    def dates(self) -> str | None: ...  # noqa: D102
    @property
    def decimal_comma(self) -> bool: ...  # noqa: D102
    @property
    def thousands(self) -> str | None: ...  # noqa: D102
    @property
    def currency(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def two_digit_years(self) -> int | None: ...  # noqa: D102
    @property
    def timezone(self) -> str | None: ...  # noqa: D102
    @property
    def values(self) -> Mapping[str, Mapping[str, str]]: ...  # noqa: D102
    @property
    def namespace(self) -> str | None: ...  # noqa: D102
    @property
    def null_words(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def empty_means(self) -> str | None: ...  # noqa: D102
    @property
    def grain(self) -> str: ...  # noqa: D102
