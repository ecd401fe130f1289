"""A workbook's own XML, read beside the library that reads its values: its size, and which rows hold something."""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree import ElementTree
from xml.parsers import expat

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources.delivery import UNJUDGED_BYTES, Limits
from mediflow_assets.sources.table_format import Unpacking

_BOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_TEXTS = "xl/sharedStrings.xml"
_PIECE = 1 << 20
_MOST_CELLS = 50_000_000
_DOCTYPE = b"<!DOCTYPE"
_CELL = re.compile(rb"\br\s*=\s*[\"']\s*([A-Z]{1,3})([0-9]{1,7})")
_HIDDEN = re.compile(rb"\br\s*=\s*[\"'][^\"'<>]{0,20}&")
"""A place that is not written out."""
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
                shared = _measure(stream)
            if shared * max(lengths, default=0) > UNJUDGED_BYTES:
                unpacking.take(sum(_texts_of(packed, sheet, lengths)))


def _measure(stream: IO[bytes]) -> int:
    """How many cells hold a shared text. Refuses a sheet whose cells are too far apart."""
    deepest = widest = shared = 0
    before = b""
    while piece := stream.read(_PIECE):
        if b"\0" in piece or _HIDDEN.search(piece):
            raise ValueError("no sheet is written so")
        # a tag may be divided between two pieces
        text = before + piece
        end = text.rfind(b">") + 1
        text, before = text[:end], text[end:]
        shared += text.count(b't="s"') + text.count(b"t='s'")
        found = _CELL.findall(text)
        deepest = max(deepest, max((int(row) for _, row in found), default=0))
        widest = max(widest, max(map(_column, {column.decode() for column, _ in found}), default=0))
        if widest * deepest > _MOST_CELLS or len(before) > _PIECE:
            raise DeliveryRefused(_TOO_LARGE)
    return shared


def _texts_of(packed: zipfile.ZipFile, sheet: str, lengths: list[int]) -> Iterator[int]:
    """The lengths of a sheet's texts, each as often as it stands there."""
    with packed.open(sheet) as stream:
        for row in _elements(stream, "row"):
            for cell in row:
                text = "".join(each.text or "" for each in cell.iter() if _name(each) == "v")
                yield lengths[int(text)] if cell.get("t") == "s" and text else len(text)


def row_widths(path: Path, sheet: str) -> list[tuple[int, int]]:
    """Of each row of a sheet its place, from 0, and how many of its cells hold something."""
    with zipfile.ZipFile(path) as packed:
        lengths = _lengths(packed)
        with packed.open(_sheets(packed)[sheet]) as stream:
            return _Rows(lengths).read(stream)


class _Rows:
    """A sheet's rows, tag by tag."""

    def __init__(self, lengths: list[int]) -> None:
        self._lengths = lengths
        self._rows: list[tuple[int, int]] = []
        self._place, self._width = -1, 0
        self._kind: str | None = None
        self._text: list[str] | None = None

    def read(self, stream: IO[bytes]) -> list[tuple[int, int]]:
        """All of them."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._begin, self._end
        parser.CharacterDataHandler = self._hear
        try:
            parser.ParseFile(stream)
        except expat.ExpatError:
            raise ValueError("no XML") from None
        return self._rows

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "row":
            self._place, self._width = int(attributes.get("r", self._place + 2)) - 1, 0
        elif name == "c":
            self._kind, self._text = attributes.get("t"), []

    def _hear(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        if name == "f" and self._text is not None:
            # a formula is no value
            self._text.clear()
        elif name == "c":
            text = "".join(self._text or ()).strip("\r\n")
            self._width += bool(self._lengths[int(text)] if self._kind == "s" and text else text)
            self._text = None
        elif name == "row":
            self._rows.append((self._place, self._width))


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
