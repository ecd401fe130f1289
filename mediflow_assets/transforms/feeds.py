"""A feed's own date forms, decimal comma and code values, as `sources.toml` gives them, applied to Bronze text."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import date_forms
from mediflow_assets.contracts.bronze import NAMESPACES, differ_by_case
from mediflow_assets.contracts.source import LINE_GRAIN
from mediflow_assets.transforms import identifiers, parsing
from mediflow_assets.transforms.identifiers import Spelling
from mediflow_assets.transforms.zones import Zones, has_offset


class Feed(Protocol):
    """How one feed writes its values."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def date_formats(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def decimal_comma(self) -> bool: ...  # noqa: D102
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
    def grain(self) -> str: ...  # noqa: D102


class FeedReader:
    """Reads columns given as texts, each row by the forms and the zone of the feed in its `_feed`.

    `timezone` is that of rows whose feed names none, or that are of no feed.
    """

    def __init__(
        self, feeds: Iterable[Feed] = (), namespaces: Mapping[str, str] = NAMESPACES, timezone: str | None = None
    ) -> None:
        self.feeds = tuple(feeds)
        self.namespaces = namespaces
        """By source system, where no feed says otherwise."""
        self.zones = Zones(timezone, {feed.name: feed.timezone for feed in self.feeds if feed.timezone})

    def namespace(self, system: str) -> Column:
        """Whose the ids of a record are."""
        found = F.lit(self.namespaces[system])
        for feed in self._with(lambda feed: bool(feed.namespace)):
            found = F.when(F.col("_feed") == feed.name, F.lit(feed.namespace)).otherwise(found)
        return found

    def is_line(self) -> Column:
        """Whether a record is a charge line: one of several that make up an encounter."""
        names = [feed.name for feed in self._with(lambda feed: feed.grain == LINE_GRAIN)]
        return F.coalesce(F.col("_feed").isin(names), F.lit(False)) if names else F.lit(False)

    def texts(self, frame: DataFrame, columns: Iterable[str], ids: Iterable[str]) -> DataFrame:
        """The columns as `parsing.texts`; a word of the feed's own for "not given" counts in ids as well."""
        columns, ids = list(columns), list(ids)
        words = {name: [code for feed in self.feeds for code in feed.values.get(name, ())] for name in columns}
        read = parsing.texts(frame, columns, ids, words)
        for feed in self._with(lambda feed: bool(feed.null_words)):
            nothing = [word.upper() for word in feed.null_words]
            is_other = F.coalesce(F.col("_feed") != feed.name, F.lit(True))
            read = read.withColumns(
                {name: F.when(is_other | ~F.upper(name).isin(nothing), F.col(name)) for name in (*columns, *ids)}
            )
        return read

    def spelling(self, system: str) -> Spelling:
        """How the ids of a system become one spelling each: those of FHIR differ by case, record numbers do not."""
        return identifiers.unchanged if differ_by_case(system, self.namespaces[system]) else identifiers.upper

    def text(self, name: str) -> Column:
        """The column with the feed's code values replaced by ours."""
        column = F.col(name)
        replaced = column
        for feed in self._with(lambda feed: bool(feed.values.get(name))):
            for theirs, ours in feed.values[name].items():
                is_theirs = (F.col("_feed") == feed.name) & (column == theirs)
                replaced = F.when(is_theirs, F.lit(ours)).otherwise(replaced)
        return replaced

    def timestamp(self, name: str) -> Column:
        """The column as an instant: ISO 8601, else one of the feed's forms; without an offset it is local."""
        read = parsing.timestamp(F.col(name))
        if not self.zones.are_utc:
            read = F.when(has_offset(F.col(name)), read).otherwise(self.zones.instant(read))
        for feed in self._with(lambda feed: bool(feed.date_formats)):
            forms = (self._in_form(F.col(name), form, feed.two_digit_years) for form in feed.date_formats)
            read = F.coalesce(F.when(F.col("_feed") == feed.name, F.coalesce(*forms)), read)
        return read

    def local_date(self, name: str) -> Column:
        """The column as a date: the one written, or the local day of an instant."""
        text = F.col(name)
        return F.when(has_offset(text), self.zones.day(parsing.timestamp(text), text)).otherwise(
            parsing.partial_date(text)
        )

    def day(self, instant: str, text: str) -> Column:
        """The local day of an instant that was read from a text; both are columns."""
        return self.zones.day(F.col(instant), F.col(text))

    def after_arrival(self, code: str, day: Column, instant: Column | None = None) -> Column:
        """The reason `code` where a day is after the local one on which its record came, and its instant after that.

        The contract, which knows no zone, allows for every zone.
        """
        is_later = day > self.zones.day(F.col("_ingested_at"))
        return F.when(is_later if instant is None else is_later & (instant > F.col("_ingested_at")), F.lit(code))

    def precision(self, name: str, read: Column) -> Column:
        """How much the date tells that was read from a column: day, month or year, by its text or its feed's form."""
        told = parsing.precision(F.col(name), read)
        for feed in self._with(lambda feed: bool(feed.date_formats)):
            for form in feed.date_formats:
                if (least := date_forms.precision(form)) != "day":
                    is_of = (F.col("_feed") == feed.name) & parsing.in_form(F.col(name), form).isNotNull()
                    told = F.when(is_of & read.isNotNull(), least).otherwise(told)
        return told

    def _past(self, read: Column, form: str, seen: str | None) -> Column:
        if not date_forms.has_short_year(form):
            return read
        arrived = self.zones.day(F.col("_ingested_at"))
        until = F.least(arrived, self.zones.day(self.timestamp(seen))) if seen else arrived
        return F.when(read > until, F.add_months(read, -1200)).otherwise(read)

    def _in_form(self, text: Column, form: str, last_year: int | None) -> Column:
        read = parsing.in_form(text, form)
        if last_year and date_forms.has_short_year(form):
            beyond = F.year(read) - F.lit(last_year)
            # Spark reads 2000 to 2099; the window is the hundred years up to its last
            months = -1200 * F.ceil(beyond / 100).cast("int")
            moved = F.add_months(read.cast("date"), months).cast("timestamp")
            read = moved + (read - read.cast("date").cast("timestamp"))
        return read if date_forms.tells_offset(form) else self.zones.instant(read)

    def date(self, name: str, seen: str | None = None) -> Column:
        """The column as a date that has passed, as one of birth: of a year of two digits the last that did.

        `seen` is a column with a time by which it had passed.
        """
        read = parsing.partial_date(F.col(name))
        for feed in self._with(lambda feed: bool(feed.date_formats)):
            forms = (
                self._past(parsing.in_form(F.col(name), form).cast("date"), form, seen) for form in feed.date_formats
            )
            read = F.coalesce(F.when(F.col("_feed") == feed.name, F.coalesce(*forms)), read)
        return read

    def money(self, name: str) -> Column:
        """The column as an amount; `1.234,50` where the feed writes a decimal comma."""
        raw = F.col(name)
        for feed in self._with(lambda feed: feed.decimal_comma):
            turned = F.translate(F.replace(F.col(name), F.lit("."), F.lit("")), ",", ".")
            raw = F.when(F.col("_feed") == feed.name, turned).otherwise(raw)
        return parsing.money(raw)

    def _with(self, has: Callable[[Feed], bool]) -> list[Feed]:
        return [feed for feed in self.feeds if has(feed)]
