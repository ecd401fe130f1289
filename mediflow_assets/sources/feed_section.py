"""A section [feeds.NAME] of `sources.toml` as a feed. What it cannot be is said by feed and key."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mediflow_assets.contracts.identifiers import is_namespace
from mediflow_assets.contracts.source import CLEARED, SHIFTED
from mediflow_assets.contracts.time_zones import time_zone
from mediflow_assets.errors import SettingsInvalid
from mediflow_assets.sources.feed import Feed, Mapped
from mediflow_assets.sources.grains import ENCOUNTER_GRAIN, FORMS
from mediflow_assets.sources.systems import NAMESPACE_FORM
from mediflow_assets.sources.text_form import is_encoding

DELIMITERS = (",", ";", "\t", "|", "~", "^", "¦")
WAYS = frozenset({"join", "with", "first", "value"})
_OF_COLUMNS = ("match", "headers", "columns", "grain")
_OF_FILES = ("delimiter", "encoding", "skip_lines", "sheet")
_OF_VALUES = ("date_formats", "dates", "decimal_comma", "thousands", "currency", "values", "null_words", "empty_means")
KEYS = frozenset((*_OF_COLUMNS, *_OF_FILES, *_OF_VALUES, "namespace", "timezone", "two_digit_years"))


def feed_of(name: str, section: Any) -> Feed:
    """A section as a feed. Raises SettingsInvalid."""
    if not isinstance(section, dict):
        raise SettingsInvalid(f"sources.toml: feed '{name}' is not a section.")
    if unknown := sorted(set(section) - KEYS):
        raise SettingsInvalid(f"sources.toml: feed '{name}' has an unknown key '{unknown[0]}'.")
    return _Section(name, section).feed()


class _Section:
    """The keys of one section, each read as what it has to be."""

    def __init__(self, name: str, section: dict[str, Any]) -> None:
        self.name, self.section = name, section
        self.grain = self.one_of("grain", tuple(FORMS), " or ".join(FORMS)) or ENCOUNTER_GRAIN

    def feed(self) -> Feed:
        """All of it."""
        headers, columns = self.texts_of("headers"), self.columns()
        self.known("headers", headers.values())
        named = [*headers, *(header for mapped in columns.values() for header in mapped.needed)]
        formats = self.section.get("date_formats", [])
        zone = self.section.get("timezone")
        return Feed(
            self.name,
            self.match(named),
            headers=headers,
            columns=columns,
            delimiter=self.one_of("delimiter", DELIMITERS, "a comma, a semicolon, a tab, a bar (| or ¦), ~ or ^"),
            encoding=self.read("encoding", is_encoding, 'the name of an encoding, such as "windows-1252"'),
            skip_lines=self.read("skip_lines", _is_count, "how many lines stand above the header"),
            sheet=self.read("sheet", is_text, "the name of a sheet"),
            date_formats=()
            if isinstance(formats, dict)
            else self.words("date_formats", 'patterns such as "MM/dd/yyyy"'),
            date_formats_of=self.date_formats_of(formats) if isinstance(formats, dict) else {},
            dates=self.one_of("dates", (SHIFTED,), f'"{SHIFTED}", or leave it out'),
            decimal_comma=self.decimal_comma,
            thousands=self.thousands(),
            currency=self.words("currency", 'signs or words such as "$"', or_one=True),
            values=self.values(columns),
            namespace=self.read("namespace", is_namespace, NAMESPACE_FORM),
            timezone=None if zone is None else time_zone(zone, f"sources.toml: feed '{self.name}', key 'timezone'"),
            two_digit_years=self.read(
                "two_digit_years", _is_year, "the last year that two digits stand for, such as 2049"
            ),
            null_words=self.words("null_words", 'words such as "not done"'),
            empty_means=self.one_of("empty_means", (CLEARED,), f'"{CLEARED}", or leave it out'),
            grain=self.grain,
        )

    @property
    def decimal_comma(self) -> bool:
        """Whether a comma divides cents."""
        return bool(self.read("decimal_comma", lambda value: isinstance(value, bool), "true or false"))

    def thousands(self) -> str | None:
        """The mark between thousands, which is not the one before cents."""
        point = "," if self.decimal_comma else "."
        mark: str | None = self.read(
            "thousands",
            lambda value: _is_mark(value) and value != point,
            "one sign or a blank, and not the decimal one",
        )
        return mark

    def match(self, named: list[str]) -> tuple[str, ...]:
        """The headers by which a file is known: all that are named, unless others are."""
        match = self.section.get("match", list(dict.fromkeys(named)))
        if not _are_texts(match) or not match:
            raise self.invalid("match", "a list of header names, or leave it out and fill columns")
        return tuple(match)

    def columns(self) -> dict[str, Mapped]:
        """Ours → theirs."""
        section = self.section.get("columns", {})
        if not isinstance(section, dict):
            raise self.invalid("columns", "a section of our columns")
        self.known("columns", section)
        return {column: self.mapped(column, said) for column, said in section.items()}

    def mapped(self, column: str, said: Any) -> Mapped:
        """One of our columns: a header, or a table of ways to make it."""
        if is_text(said):
            return Mapped((said,))
        if isinstance(said, dict) and _is_birth(said):
            return Mapped((said["year"], said["less"]), said.get("on"), is_difference=True)
        expected = 'a header, or { join = ["A", "B"], with = " " }, { first = ["A", "B"] } or { value = "text" }'
        is_known = isinstance(said, dict) and said and WAYS.issuperset(said) and not {"join", "first"} <= set(said)
        if not is_known or ("with" in said and "join" not in said) or set(said) == {"with"}:
            raise self.invalid(f"columns.{column}", expected)
        headers = said.get("join", said.get("first", []))
        has_headers = _are_texts(headers) and bool(headers or "value" in said)
        if not has_headers or not isinstance(said.get("with", ""), str) or not is_text(said.get("value", "text")):
            raise self.invalid(f"columns.{column}", expected)
        return Mapped(tuple(headers), said.get("with", " ") if "join" in said else None, said.get("value"))

    def date_formats_of(self, formats: dict[str, Any]) -> dict[str, tuple[str, ...]]:
        """By column."""
        self.known("date_formats", formats)
        if not all(map(_are_texts, formats.values())):
            raise self.invalid("date_formats", 'a list of patterns such as "MM/dd/yyyy" for each column')
        return {column: tuple(forms) for column, forms in formats.items()}

    def values(self, columns: Mapping[str, Mapped]) -> dict[str, Mapping[str, str]]:
        """By column theirs → ours. A constant is ours already: it stands for itself."""
        values = self.section.get("values", {})
        if not isinstance(values, dict):
            raise self.invalid("values", "a section per column")
        self.known("values", values)
        return {column: self.meanings(column, codes, columns.get(column)) for column, codes in values.items()}

    def meanings(self, column: str, codes: Any, mapped: Mapped | None) -> Mapping[str, str]:
        """What the words of a column mean, its constant among them."""
        found = self.pairs(f"values.{column}", codes)
        constant = mapped.value if mapped else None
        if constant is None:
            return found
        if any(word.upper() == constant.upper() and ours != constant for word, ours in found.items()):
            expected = f"a constant that values.{column} gives no other meaning: another word for the same"
            raise self.invalid(f"columns.{column}", expected)
        return {**found, constant: constant}

    def known(self, key: str, columns: Iterable[str]) -> None:
        """Raises where one is no column of the grain's."""
        form = FORMS[self.grain]
        if any(column not in form.columns for column in columns):
            raise self.invalid(key, f"columns of {form.source}: {', '.join(form.columns)}")

    def texts_of(self, key: str) -> dict[str, str]:
        """A table of texts."""
        return self.pairs(key, self.section.get(key, {}))

    def pairs(self, key: str, value: Any) -> dict[str, str]:
        """The same of what stands there."""
        if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
            raise self.invalid(key, "pairs of texts")
        return value

    def words(self, key: str, expected: str, or_one: bool = False) -> tuple[str, ...]:
        """A list of texts, or a single one."""
        value = self.section.get(key, [])
        value = [value] if or_one and is_text(value) else value
        if not _are_texts(value):
            raise self.invalid(key, f"a list of {expected}")
        return tuple(value)

    def one_of(self, key: str, allowed: tuple[str, ...], expected: str) -> str | None:
        """One of these words, or none."""
        found: str | None = self.read(key, lambda value: value in allowed, expected)
        return found

    def read(self, key: str, is_right: Callable[[Any], bool], expected: str) -> Any:
        """What stands there; None where nothing does."""
        value = self.section.get(key)
        if value is not None and not is_right(value):
            raise self.invalid(key, expected)
        return value

    def invalid(self, key: str, expected: str) -> SettingsInvalid:
        """What is wrong with a key."""
        return SettingsInvalid(f"sources.toml: feed '{self.name}', key '{key}': expected {expected}.")


def is_text(value: Any) -> bool:
    """Whether it is a text that says something."""
    return isinstance(value, str) and bool(value)


def _is_birth(said: dict[str, Any]) -> bool:
    return {"year", "less"} <= set(said) <= {"year", "less", "on"} and all(map(is_text, said.values()))


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(is_text, value))


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_mark(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 1 and not value.isalnum()


def _is_year(value: Any) -> bool:
    return type(value) is int and 1900 <= value <= 2199
