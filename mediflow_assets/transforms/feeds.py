"""A feed's own date forms, decimal comma and code values, as `sources.toml` gives them, applied to Bronze text."""

from collections.abc import Callable, Iterable, Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import date_forms
from mediflow_assets.contracts.bronze import NAMESPACES, differ_by_case
from mediflow_assets.contracts.source import CLEARED, LINE_GRAIN, SHIFTED, Target
from mediflow_assets.transforms import clearing, identifiers, parsing, spellings
from mediflow_assets.transforms.feed import Feed
from mediflow_assets.transforms.feed_words import Values, meaning_something, meant, of_feeds, upper
from mediflow_assets.transforms.identifiers import Spelling
from mediflow_assets.transforms.zones import Zones, has_offset

_MIDNIGHT = r"T00:00:00[.0]*Z\z"


class FeedReader:
    """Reads columns given as texts, each row by the forms and the zone of the feed in its `_feed`.

    `timezone` is that of rows whose feed names none, or that are of no feed; `values` is what words mean in the latter.
    `authorities` is whose the ids are that an authority has assigned, where records name one; `moves` is what became of
    the ids of visits.
    """

    def __init__(
        self,
        feeds: Iterable[Feed] = (),
        namespaces: Mapping[str, str] = NAMESPACES,
        timezone: str | None = None,
        values: Mapping[str, Mapping[str, str]] | None = None,
        authorities: Mapping[str, str] | None = None,
        moves: object = None,
    ) -> None:
        self.feeds = tuple(feeds)
        self.authorities = authorities or {}
        self.moves = moves
        self.values = values or {}
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
        is_of = self._is_of(lambda feed: feed.grain == LINE_GRAIN)
        return F.lit(False) if is_of is None else F.coalesce(is_of, F.lit(False))

    def is_shifted(self) -> Column:
        """True where the dates of a record's feed were moved, else null."""
        is_of = self._is_of(lambda feed: feed.dates == SHIFTED)
        return F.lit(None).cast("boolean") if is_of is None else F.when(is_of, True)

    def cleared(self, target: Target) -> Column:
        """The columns of a Silver table that a record takes back, as its feed says of empty cells."""
        is_of = self._is_of(lambda feed: feed.empty_means == CLEARED)
        return F.lit(None).cast("string") if is_of is None else clearing.cleared(target)

    def texts(
        self,
        frame: DataFrame,
        columns: Iterable[str],
        ids: Iterable[str],
        dates: Iterable[str],
        ends: Iterable[str] = (),
    ) -> DataFrame:
        """The columns as `parsing.texts`, by the feed's own words, with dates and amounts in their one spelling.

        A word of the feed's for "not given" counts in ids as well; `ends` are those dates that may stand for none.
        """
        columns, ids = list(columns), list(ids)
        every: dict[str | None, Values] = {feed.name: feed.values for feed in self.feeds}
        every[None] = self.values
        words = {name: found for name in columns if (found := meaning_something(name, every))}
        clears = self._is_of(lambda feed: feed.empty_means == CLEARED)
        frame = frame if clears is None else frame.withColumn(clearing.TOLD, F.when(clears, clearing.told(columns)))
        read = parsing.texts(
            frame, columns, ids, {name: {word for own in by.values() for word in own} for name, by in words.items()}
        )
        read = read.withColumns({name: of_feeds(name, by) for name, by in words.items()}) if words else read
        for feed in self._with(lambda feed: bool(feed.null_words)):
            is_other = F.coalesce(F.col("_feed") != feed.name, F.lit(True))
            nothing = {name: upper(feed.null_words) - upper(feed.values.get(name, ())) for name in (*columns, *ids)}
            read = read.withColumns(
                {
                    name: F.when(is_other | ~F.upper(name).isin(list(none)), F.col(name))
                    for name, none in nothing.items()
                }
            )
        mapped = {name: self._ours(name) for name in columns if any(values.get(name) for values in every.values())}
        read = read.withColumns(mapped) if mapped else read
        spelled = {name: self._moment(name) for name in dates}
        spelled |= {name: self._amount(name) for name in columns if name == "cost"}
        spelled |= {name: spellings.age(F.col(name)) for name in columns if name == "age"}
        read = read.withColumns(spelled) if spelled else read
        at_midnight = {name: spellings.end_of_day(F.col(name)) for name in dates}
        at_midnight |= {name: spellings.ended(at_midnight[name]) for name in ends}
        read = read.withColumns(at_midnight) if at_midnight else read
        return read if clears is None else read.withColumn(clearing.EMPTIED, clearing.emptied(columns))

    def spelling(self, system: str) -> Spelling:
        """How the ids of a system become one spelling each: those of FHIR differ by case, record numbers do not."""
        return identifiers.unchanged if differ_by_case(system, self.namespaces[system]) else identifiers.upper

    def _ours(self, name: str) -> Column:
        """The column with the feed's code values replaced by ours."""
        text = F.col(name)
        replaced = text
        if values := self.values.get(name):
            replaced = F.when(F.col("_feed").isNull(), meant(text, values)).otherwise(text)
        for feed in self._with(lambda feed: bool(feed.values.get(name))):
            replaced = F.when(F.col("_feed") == feed.name, meant(text, feed.values[name])).otherwise(replaced)
        return replaced

    def _moment(self, name: str) -> Column:
        """The column as ISO 8601 where it can be nothing else, unless it is in one of the feed's forms."""
        text = F.col(name)
        moment = spellings.moment(text)
        for feed in self._with(lambda feed: bool(_all_forms(feed, name))):
            told = (self._told(text, form, feed.two_digit_years) for form in _all_forms(feed, name))
            moment = F.coalesce(F.when(F.col("_feed") == feed.name, F.coalesce(*told)), moment)
        return moment

    def _told(self, text: Column, form: str, last_year: int | None) -> Column:
        """A text in this form as it is, at 24:00 and of an epoch as ISO 8601; null where it is in another."""
        if form in date_forms.EPOCHS:
            return spellings.of_epoch(text, date_forms.EPOCHS[form])
        as_it_is = F.when(parsing.in_form(text, form).isNotNull(), text)
        if (pattern := date_forms.end_of_day(form)) is None:
            return as_it_is
        begun = self._in_window(parsing.in_form(spellings.begun(text, pattern), form), form, last_year)
        iso = spellings.ISO_INSTANT if date_forms.tells_offset(form) else "yyyy-MM-dd HH:mm:ss"
        return F.coalesce(as_it_is, F.date_format(begun + F.expr("INTERVAL 1 DAY"), iso))

    def _amount(self, name: str) -> Column:
        """The column as a number with a decimal point, of a feed by its own marks."""
        text = F.col(name)
        amount = spellings.amount(text)
        for feed in self._with(lambda feed: bool(feed.decimal_comma or feed.thousands or feed.currency)):
            bare = spellings.amount(spellings.without_currency(text, feed.currency) if feed.currency else text)
            mark = feed.thousands or ("." if feed.decimal_comma else "")
            read = spellings.with_marks(bare, mark, "," if feed.decimal_comma else ".") if mark else bare
            amount = F.when(F.col("_feed") == feed.name, read).otherwise(amount)
        return amount

    def timestamp(self, name: str) -> Column:
        """The column as an instant: ISO 8601, else one of the feed's forms; without an offset it is local."""
        read = parsing.timestamp(F.col(name))
        if not self.zones.are_utc:
            read = F.when(has_offset(F.col(name)), read).otherwise(self.zones.instant(read))
        for feed in self._with(lambda feed: bool(_forms(feed, name))):
            forms = (self._in_form(F.col(name), form, feed.two_digit_years) for form in _forms(feed, name))
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
        if self._with(lambda feed: feed.dates == SHIFTED):
            is_later &= self.is_shifted().isNull()
        return F.when(is_later if instant is None else is_later & (instant > F.col("_ingested_at")), F.lit(code))

    def precision(self, name: str, read: Column) -> Column:
        """How much the date tells that was read from a column: day, month or year, by its text or its feed's form."""
        told = parsing.precision(F.col(name), read)
        for feed in self._with(lambda feed: bool(_forms(feed, name))):
            for form in _forms(feed, name):
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
        read = self._in_window(parsing.in_form(text, form), form, last_year)
        return read if date_forms.tells_offset(form) else self.zones.instant(read)

    def _in_window(self, read: Column, form: str, last_year: int | None) -> Column:
        if not last_year or not date_forms.has_short_year(form):
            return read
        beyond = F.year(read) - F.lit(last_year)
        # Spark reads 2000 to 2099; the window is the hundred years up to its last
        months = -1200 * F.ceil(beyond / 100).cast("int")
        moved = F.add_months(read.cast("date"), months).cast("timestamp")
        return moved + (read - read.cast("date").cast("timestamp"))

    def date(self, name: str, seen: str | None = None) -> Column:
        """The column as a date that has passed, as one of birth: of a year of two digits the last that did.

        `seen` is a column with a time by which it had passed.
        """
        text = F.col(name)
        read = parsing.partial_date(text)
        for feed in self._with(lambda feed: bool(date_forms.EPOCHS.keys() & {*_all_forms(feed, name)})):
            # midnight in UTC stands for the day; any other time is of a local one
            is_time = (F.col("_feed") == feed.name) & has_offset(text) & ~text.rlike(_MIDNIGHT)
            read = F.when(is_time, self.zones.day(parsing.timestamp(text))).otherwise(read)
        for feed in self._with(lambda feed: bool(_forms(feed, name))):
            forms = (
                self._past(parsing.in_form(F.col(name), form).cast("date"), form, seen) for form in _forms(feed, name)
            )
            read = F.coalesce(F.when(F.col("_feed") == feed.name, F.coalesce(*forms)), read)
        return read

    def _is_of(self, has: Callable[[Feed], bool]) -> Column | None:
        names = [feed.name for feed in self._with(has)]
        return F.col("_feed").isin(names) if names else None

    def _with(self, has: Callable[[Feed], bool]) -> list[Feed]:
        return [feed for feed in self.feeds if has(feed)]


def _all_forms(feed: Feed, name: str) -> tuple[str, ...]:
    """The date forms of a feed for a column."""
    return feed.date_formats_of.get(name, feed.date_formats)


def _forms(feed: Feed, name: str) -> tuple[str, ...]:
    """Those of them that are patterns."""
    return tuple(form for form in _all_forms(feed, name) if form not in date_forms.EPOCHS)
