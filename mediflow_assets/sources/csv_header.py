"""The header of a CSV delivery: where it may stand, its bytes, and its names under a delimiter."""

import csv
from collections import Counter
from collections.abc import Iterator

from mediflow_assets.contracts.blanks import BLANKS
from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources.delivery import LINE_LIMIT

BINARY = (
    "a binary file, such as a PDF, or an encrypted one. Deliver CSV, .xlsx, Parquet, Avro, JSON or FHIR, unencrypted."
)
_PDF = "%PDF-"
MOST_TITLE_LINES = 30
"""Above a header."""


def beginnings(head: bytes) -> Iterator[tuple[int, bytes]]:
    """A file's beginning from its first line on, from its second, and so on, with the number of lines left out."""
    for place in range(MOST_TITLE_LINES + 1):
        if place and not head:
            return
        yield place, head
        head = head.partition(b"\n")[2]


def header_line(head: bytes) -> str:
    """The first line as text; refuses what is too long, blank or not UTF-8."""
    line = head.partition(b"\n")[0]
    if len(line) > LINE_LIMIT:
        raise DeliveryRefused("the first line is longer than 1 MiB: no header of a CSV file.")
    try:
        text = line.decode()
    except UnicodeDecodeError:
        if b"\0" in head[:8192]:
            raise DeliveryRefused(BINARY) from None
        raise DeliveryRefused(
            "the header is neither UTF-8 nor plain Windows-1252. Name its 'encoding' in a feed of sources.toml."
        ) from None
    if "\0" in text or text.startswith(_PDF):
        raise DeliveryRefused(BINARY)
    if not text.strip(BLANKS):
        raise DeliveryRefused("the first line is blank. A CSV delivery begins with its header.")
    if "\r" in text.rstrip("\r"):
        raise DeliveryRefused("a line break stands within the header. Write each record in a line of its own.")
    return text.rstrip("\r").lstrip("\ufeff")


def header_names(line: str, delimiter: str) -> tuple[str, ...] | None:
    """The names in a header line, stripped; a nameless column is called by its place. None: not a header."""
    try:
        rows = list(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    names = (name.strip(BLANKS) for name in rows[0])
    return tuple(name or f"column_{place}" for place, name in enumerate(names, start=1))


def refuse_repeated_names(names: tuple[str, ...]) -> None:
    """A name that stands twice is refused: taking one of the two would be a guess."""
    for name, count in Counter(names).items():
        if count > 1:
            places = [str(place) for place, other in enumerate(names, start=1) if other == name]
            raise DeliveryRefused(
                f"the header names one column more than once (columns {', '.join(places)}). Rename them."
            )
