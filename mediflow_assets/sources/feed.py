"""A feed of `sources.toml`: how one hospital's export names its columns, writes its dates and codes its values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mediflow_assets.contracts import date_forms
from mediflow_assets.sources.aliases import plain
from mediflow_assets.sources.forms import Form
from mediflow_assets.sources.grains import ENCOUNTER_GRAIN, FORMS


@dataclass(frozen=True)
class Mapped:
    """How one of our columns is made: it is one of the file's, several joined, the first given, or a constant."""

    headers: tuple[str, ...] = ()
    between: str | None = None
    """What stands between the headers' cells where they are joined; None where the first that is given counts."""
    value: str | None = None
    """What stands where none of them is given."""
    is_difference: bool = False
    """Whether the headers are a year and an age in it, and the cell the year less the age: that of birth. `between` is
    the month and day on which ages turn, as `01-01`, where the export says so."""

    @property
    def is_plain(self) -> bool:
        """Whether it is a column of the file as it is."""
        return len(self.headers) == 1 and self.value is None

    @property
    def needed(self) -> tuple[str, ...]:
        """The headers that a file has to have."""
        are_all = self.between is not None or self.is_difference or len(self.headers) == 1
        return self.headers if are_all else ()


@dataclass(frozen=True)
class Feed:
    """One hospital's way of writing records of one grain."""

    name: str
    match: tuple[str, ...]
    headers: Mapping[str, str] = field(default_factory=dict)
    """Theirs → ours, of which the first found in a file counts: the short form of `columns`."""
    columns: Mapping[str, Mapped] = field(default_factory=dict)
    """Ours → theirs."""
    delimiter: str | None = None
    encoding: str | None = None
    """None where it is to be seen from the file."""
    skip_lines: int | None = None
    """The lines above the header; None where they are to be seen from the file."""
    sheet: str | None = None
    """Of a workbook; None where it is to be seen from the file."""
    date_formats: tuple[str, ...] = ()
    date_formats_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By column, where one has its own."""
    dates: str | None = None
    """`shifted` in a set whose dates were moved to hide whose they are: they may lie in the future."""
    decimal_comma: bool = False
    thousands: str | None = None
    """The mark between thousands."""
    currency: tuple[str, ...] = ()
    """What stands before or behind an amount."""
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By column theirs → ours; `*` is every other value that is given."""
    namespace: str | None = None
    """Whose its ids are, where they are not the hospital's record numbers."""
    timezone: str | None = None
    """The IANA time zone of its times without an offset, and of its days; its system's where it names none."""
    two_digit_years: int | None = None
    """The last of the hundred years that years of two digits are in; birth dates are in the past in any case."""
    null_words: tuple[str, ...] = ()
    """Words of its own for what is not given, in whatever case."""
    empty_means: str | None = None
    """`cleared` where an empty cell takes back what an earlier version gave; else it says nothing."""
    grain: str = ENCOUNTER_GRAIN
    """What a record is; `line`: one of several of which each encounter is the sum."""

    @property
    def form(self) -> Form:
        """What its files hold."""
        return FORMS[self.grain]

    @property
    def mapped(self) -> frozenset[str]:
        """Our columns that it says something of."""
        return frozenset((*self.columns, *self.headers.values()))

    @property
    def short_years(self) -> tuple[int, int] | None:
        """The hundred years that years of two digits are in, births aside; None where its dates have none."""
        last = self.two_digit_years or 2099
        return (last - 99, last) if any(map(date_forms.has_short_year, self._date_forms)) else None

    @property
    def _date_forms(self) -> Iterator[str]:
        yield from self.date_formats
        for forms in self.date_formats_of.values():
            yield from forms

    def lacking(self, header: tuple[str, ...]) -> tuple[str, ...]:
        """The columns by which its files are known that a header does not have."""
        seen = {plain(name) for name in header}
        return tuple(name for name in self.match if plain(name) not in seen)

    def fits(self, header: tuple[str, ...], delimiter: str) -> bool:
        """Whether a file with this header is of this feed; a typed table has no delimiter."""
        is_divided_so = not delimiter or self.delimiter in (None, delimiter)
        return is_divided_so and not self.lacking(header)
