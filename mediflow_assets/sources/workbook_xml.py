"""A workbook's own XML, read beside the library that reads its values: its size, and which rows hold something."""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources.delivery import Limits
from mediflow_assets.sources.table_format import Unpacking

_BOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_TEXTS = "xl/sharedStrings.xml"
_PIECE = 1 << 20
_MOST_CELLS = 50_000_000
_DOCTYPE = b"<!DOCTYPE"
_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})\Z")
_TOO_LARGE = "a sheet of the workbook is larger than is read: save it as CSV and deliver that."


def measured(path: Path, limits: Limits) -> None:
    """Refuse a workbook that unpacks to more than it may, or whose cells, as far apart as they are, fill the memory."""
    unpacking = Unpacking(path, limits)
    with zipfile.ZipFile(path) as packed:
        for member in packed.infolist():
            with packed.open(member) as stream:
                while piece := stream.read(_PIECE):
                    unpacking.take(len(piece))
                    if _DOCTYPE in piece:
                        raise ValueError("no workbook declares one")
        lengths = _lengths(packed)
        for sheet in set(_sheets(packed).values()):
            with packed.open(sheet) as stream:
                _measure(stream, lengths, unpacking)


def row_widths(path: Path, sheet: str) -> Iterator[tuple[int, int]]:
    """Of each row of a sheet its place, from 0, and how many of its cells hold something."""
    with zipfile.ZipFile(path) as packed:
        lengths = _lengths(packed)
        with packed.open(_sheets(packed)[sheet]) as stream:
            place = -1
            for row in _elements(stream, "row"):
                place = int(row.get("r", place + 2)) - 1
                yield place, sum(bool(_length(cell, lengths)) for cell in row)


def _measure(stream: IO[bytes], lengths: list[int], unpacking: Unpacking) -> None:
    deepest = widest = 0
    for row in _elements(stream, "row"):
        for cell in row:
            if found := _CELL.match(cell.get("r", "")):
                widest, deepest = max(widest, _column(found[1])), max(deepest, int(found[2]))
            if cell.get("t") == "s":
                unpacking.take(_length(cell, lengths))
        if widest * deepest > _MOST_CELLS:
            raise DeliveryRefused(_TOO_LARGE)


def _length(cell: ElementTree.Element, lengths: list[int]) -> int:
    """How long a cell's text is, as it is stored."""
    text = "".join(each.text or "" for each in cell.iter() if _name(each) in ("v", "t"))
    return lengths[int(text)] if cell.get("t") == "s" and text else len(text)


def _lengths(packed: zipfile.ZipFile) -> list[int]:
    """The lengths of the texts that cells share."""
    if _TEXTS not in packed.namelist():
        return []
    with packed.open(_TEXTS) as stream:
        return [
            sum(len(part.text or "") for part in each.iter() if _name(part) == "t") for each in _elements(stream, "si")
        ]


def _sheets(packed: zipfile.ZipFile) -> dict[str, str]:
    """The member of each sheet, by its name."""
    with packed.open(_RELATIONS) as stream:
        targets = {each.get("Id"): each.get("Target", "") for each in _elements(stream, "Relationship")}
    found = {}
    with packed.open(_BOOK) as stream:
        for sheet in _elements(stream, "sheet"):
            relation = next((value for name, value in sheet.attrib.items() if name.endswith("}id")), None)
            target = posixpath.normpath(posixpath.join("xl", targets.get(relation, "")))
            found[sheet.get("name", "")] = target.lstrip("/")
    return {name: target for name, target in found.items() if target in packed.namelist()}


def _elements(stream: IO[bytes], name: str) -> Iterator[ElementTree.Element]:
    """Each element of a name, forgotten after it was looked at."""
    try:
        # no document type is left in it that could name entities
        for _, element in ElementTree.iterparse(stream):  # noqa: S314
            if _name(element) == name:
                yield element
                element.clear()
    except ElementTree.ParseError:
        raise ValueError("no XML") from None


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
