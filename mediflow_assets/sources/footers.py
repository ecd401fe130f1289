"""Rows below the records: totals, counts and remarks, which reports write at their end. They are no records."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mediflow_assets.contracts.blanks import BLANKS
from mediflow_assets.sources import shapes

MOST_ROWS = 10
"""More rows of the kind are no footer: then the file is something else."""

FOOTER_ROWS = 40
"""The last rows of a table, among which one is looked for."""

_TOTAL = re.compile(
    r"(?:(?:grand|sub|report|overall)[\s-]*)?(?:totals?|totale|totaal|somme?|suma|sum|summe|gesamt\w*|insgesamt|anzahl|"
    r"razem|ogółem|totalt|summa|yhteensä|celkem|toplam|итого|всего|合計|合计|합계|zwischensumme|count|average|mean|durchschnitt|mittelwert|trailer|footer|eof|end|ende|n)"
    r"(?:\s+(?:g[eé]n[eé]ra?l|geral|records?|rows?|encounters?|cases|patients?|visits|f[aä]lle|patienten|datens[aä]tze|"
    r"count|charges|amount|of|the|report|der|liste|casos|registros|lignes))*\s*(?:[:;=(#-].*|[\d.,'\s]+)?",
    re.IGNORECASE,
)
_REMARK = re.compile(
    r"(?:report|generated|created|exported|printed|run (?:by|on|date)|end of|source\b|query\b|page \d|data as of|as of|"
    r"filters?\b|confidential|\(?\d[\d.,']* (?:rows?|records?|encounters?|cases|lines)\b|erstellt|bericht|seite \d|"
    r"stand\b|quelle|g[eé]n[eé]r[eé]|generado|informe|p[aá]gina|fonte|fuente|gerado|[*=_#-]{3,})",
    re.IGNORECASE,
)
_ID = re.compile(r"(?=[^\s]*[A-Za-z])(?=[^\s]*\d)[\w./-]+")
_COUNT = re.compile(r"\d[\d.,']{0,9}")
_COUNT_OF = re.compile(rf"{_COUNT.pattern}(?: [^\W\d_]+)?")
_COUNTED = re.compile(rf"{_COUNT.pattern} [^\W\d_]+")
"""A count of records, such as `420 stays`: no id has a blank."""
_LETTER = re.compile(r"[^\W\d_]")
_OF_ONE_WORD = ("patient_id", "encounter_id", "admission_date")


@dataclass(frozen=True)
class Footer:
    """How much there is at the end of a file that is no record."""

    rows: int = 0
    size: int = 0
    """In bytes, or in rows of a table."""


NO_FOOTER = Footer()


def is_footer_row(cells: Sequence[str], columns: Sequence[str | None]) -> bool:
    """Whether a row at the end is a total or a remark; `columns` are the Bronze names of the file's columns."""
    cells = [cell.strip(BLANKS) for cell in cells]
    given = [cell for cell in cells if cell]
    if not given or any(map(shapes.is_date, given)):
        return False
    is_total = bool(_TOTAL.fullmatch(given[0]))
    if any(_ID.fullmatch(cell) for cell in (given[1:] if is_total else given)):
        return False
    counted = [cell for cell in given[1:] if not _COUNTED.fullmatch(cell)]
    is_cut = len(cells) != len(columns)
    if is_cut and len(given) > 1 and (not is_total or any(map(_LETTER.search, counted))):
        return False
    column = columns[min(cells.index(given[0]), len(columns) - 1)]
    is_alone = len(given) == 1 and (_REMARK.match(given[0]) or _is_sentence(given[0], column))
    return (is_total or bool(is_alone)) and _names_nobody(cells, columns, given[0], is_total)


def _is_sentence(text: str, column: str | None) -> bool:
    """Whether there are several words where no record has several."""
    return len(text.split()) > 2 and column in _OF_ONE_WORD


def _names_nobody(cells: Sequence[str], columns: Sequence[str | None], word: str, is_total: bool) -> bool:
    """Whether a row has nothing where a record's ids and its date stand but its word, or a count beside it."""
    of = dict(zip(columns, ("" if _COUNTED.fullmatch(cell) else cell for cell in cells), strict=False))
    patient, encounter, date = (of.get(name, "") for name in _OF_ONE_WORD)
    if date not in ("", word) and not _COUNT_OF.fullmatch(date):
        return False
    if patient == word:
        return not encounter or bool(_COUNT.fullmatch(encounter))
    return not patient and (encounter in ("", word) or (is_total and bool(_COUNT.fullmatch(encounter))))


def footer_of_lines(text: bytes, delimiter: str, columns: Sequence[str | None]) -> Footer:
    """The footer at the end of whole lines of CSV, in bytes."""
    return _footer(_lines_from_end(text, delimiter), columns)


def footer_of_rows(rows: Sequence[Sequence[str]], columns: Sequence[str | None]) -> Footer:
    """The footer at the end of a table's rows."""
    return _footer(((row, 1) for row in reversed(rows)), columns)


def _footer(from_end: Iterable[tuple[Sequence[str] | None, int]], columns: Sequence[str | None]) -> Footer:
    """What is no record of rows, the last one first; blank ones that stand in it and above it belong to it."""
    seen = size = 0
    for cells, length in from_end:
        if cells is None or seen > MOST_ROWS:
            break
        if any(cell.strip(BLANKS) for cell in cells):
            if not is_footer_row(cells, columns):
                break
            seen += 1
        size += length
    return Footer(seen, size) if 0 < seen <= MOST_ROWS else NO_FOOTER


def _lines_from_end(text: bytes, delimiter: str) -> Iterator[tuple[list[str] | None, int]]:
    end = len(text)
    while end:
        start = text.rfind(b"\n", 0, end - 1) + 1
        yield _cells(text[start:end], delimiter), end - start
        end = start


def _cells(line: bytes, delimiter: str) -> list[str] | None:
    if line.count(b'"') % 2:
        return None
    try:
        rows = list(csv.reader([line.decode().strip("\r\n")], delimiter=delimiter, strict=True))
    except (csv.Error, UnicodeDecodeError):
        return None
    return rows[0] if rows else [""]
