"""Drafts the section of `sources.toml` for a CSV file not known yet. Shows its header, never its values."""

import csv
import json
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from mediflow_assets.contracts.blanks import BLANKS
from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources import shapes
from mediflow_assets.sources.admissions import FORM as ADMISSIONS
from mediflow_assets.sources.aliases import ADMISSION_ALIASES, plain
from mediflow_assets.sources.columns import name_columns
from mediflow_assets.sources.csv_header import header_line, header_names, refuse_repeated_names
from mediflow_assets.sources.delivery import LINE_LIMIT
from mediflow_assets.sources.feed_section import DELIMITERS
from mediflow_assets.sources.opening import compression_of, read_head

SAMPLE_ROWS = 500
SIMILAR = 0.75
DATE_COLUMNS = ("admission_date", "discharge_date", "birth_date", "updated_at")
HEADER_KEYS = "[feeds.new_feed.headers]"


@dataclass(frozen=True)
class Guess:
    """The Bronze column proposed for a column of the file, and how sure that is."""

    column: str
    why: str = ""


def suggest(path: Path) -> str:
    """A draft of the feed's section, to be checked by a person and put into `sources.toml`."""
    compression = compression_of(path)
    head = read_head(path, compression, LINE_LIMIT)
    if head.lstrip()[:1] in (b"{", b"["):
        raise DeliveryRefused("JSON needs no mapping: FHIR is recognised by its content.")
    line = header_line(head)
    delimiter = max(DELIMITERS, key=lambda mark: len(header_names(line, mark) or ()))
    header = header_names(line, delimiter) or ()
    refuse_repeated_names(header)
    if len(header) < 2 or any(shapes.is_value(name) for name in header):
        raise DeliveryRefused("the first line is no header: it holds values, or nothing that divides it.")
    cells = _sample(head, delimiter, len(header))
    return _draft(header, delimiter, cells, _guess(header, cells))


def _sample(head: bytes, delimiter: str, width: int) -> list[list[str]]:
    """Per column the values of the first rows, without empty ones."""
    lines = head.decode(errors="replace").replace("\r\n", "\n").split("\n")[1 : SAMPLE_ROWS + 1]
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if len(row) == width]
    except csv.Error:
        rows = []
    return [[cell for row in rows if (cell := row[place].strip(BLANKS))] for place in range(width)]


def _guess(header: tuple[str, ...], cells: list[list[str]]) -> dict[int, Guess]:
    """By name first, then by similar name, then by the look of the values; each column once."""
    named = enumerate(name_columns(header, ADMISSIONS, None))
    guesses = {place: Guess(column) for place, column in named if column}
    for place, name in enumerate(header):
        free = [column for column in ADMISSIONS.columns if column not in _taken(guesses)]
        if place not in guesses and (column := _most_similar(name, free)):
            guesses[place] = Guess(column, "similar name: check")
    for column in ("blood_pressure", "gender", "diagnosis_code", "admission_date", "cost", "age"):
        places = [p for p in range(len(header)) if p not in guesses and _looks_like(column, cells[p])]
        if len(places) == 1 and column not in _taken(guesses):
            guesses[places[0]] = Guess(column, "by the look of its values: check")
    return guesses


def _taken(guesses: dict[int, Guess]) -> set[str]:
    return {guess.column for guess in guesses.values()}


def _most_similar(name: str, columns: list[str]) -> str | None:
    best, found = SIMILAR, None
    for column in columns:
        for spelling in (column, *ADMISSION_ALIASES.get(column, ())):
            likeness = SequenceMatcher(None, plain(name), plain(spelling)).ratio()
            if likeness > best:
                best, found = likeness, column
    return found


def _looks_like(column: str, values: list[str]) -> bool:
    if column == "admission_date":
        return bool(shapes.date_forms(values))
    shape = {
        "blood_pressure": shapes.BLOOD_PRESSURE,
        "gender": shapes.GENDER,
        "diagnosis_code": shapes.DIAGNOSIS,
        "cost": shapes.MONEY,
        "age": shapes.AGE,
    }[column]
    return shapes.all_fit(values, shape)


def _draft(header: tuple[str, ...], delimiter: str, cells: list[list[str]], guesses: dict[int, Guess]) -> str:
    lines = ["# A draft: name the feed, check every line, and put it into sources.toml.", "[feeds.new_feed]"]
    lines.append(f"delimiter = {json.dumps(delimiter)}")
    places = {guess.column: place for place, guess in guesses.items()}
    lines += _date_lines([cells[places[column]] for column in DATE_COLUMNS if column in places])
    if "cost" in places and shapes.has_decimal_comma(cells[places["cost"]]):
        lines.append("decimal_comma = true")
    if "gender" in places and not shapes.all_fit(cells[places["gender"]], shapes.GENDER):
        lines.append('# values.gender = { "code" = "M" }  # its values are codes: say what each one means')
    lines += ["", HEADER_KEYS]
    for place, name in enumerate(header):
        lines.append(_header_line(_toml_text(name), guesses.get(place)))
    if missing := [column for column in ADMISSIONS.required if column not in places]:
        lines.append(f"# still missing, and required: {', '.join(missing)}")
    return "\n".join(lines) + "\n"


def _date_lines(columns: list[list[str]]) -> list[str]:
    chosen: dict[str, None] = {}
    others: set[str] = set()
    for forms in filter(None, map(shapes.date_forms, columns)):
        chosen[forms[0]] = None
        others.update(forms[1:])
    if not chosen:
        return []
    doubt = ", ".join(sorted(others - set(chosen)))
    return [f"date_formats = {json.dumps(list(chosen))}" + (f"  # fits as well: {doubt}. Check" if doubt else "")]


def _header_line(name: str, guess: Guess | None) -> str:
    if guess is None:
        return f'# {name} = ""  # no column fits: it is kept as JSON'
    return f'{name} = "{guess.column}"' + (f"  # {guess.why}" if guess.why else "")


def _toml_text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
