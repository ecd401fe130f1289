"""A workbook's own XML, read beside the library that reads its values: its size, and which rows hold something."""

import zipfile
from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from xml.parsers import expat

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources.delivery import Limits
from mediflow_assets.sources.unpacking import Unpacking

_BOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_TEXTS = "xl/sharedstrings.xml"
_PIECE = 1 << 20
_MOST_CELLS = 10_000_000
_DOCTYPE = b"<!DOCTYPE"
_DIGITS = "0123456789"
_ERROR, _SHARED = "e", "s"
_TOO_LARGE = "a sheet of the workbook is larger than is read: save it as CSV and deliver that."


def filled_rows(path: Path, limits: Limits) -> Mapping[str, Sequence[int]]:
    """By sheet the places, from 0, of the rows in which something stands, in order.

    Refuses a workbook that unpacks to more than it may, or whose cells, as far apart as they are, fill the memory.
    """
    status = path.stat()
    return _filled_rows(path, limits, (status.st_ino, status.st_size, status.st_mtime_ns))


@lru_cache(maxsize=1)
def _filled_rows(path: Path, limits: Limits, _: tuple[int, ...]) -> Mapping[str, Sequence[int]]:
    unpacking = Unpacking(path, limits)
    with zipfile.ZipFile(path) as packed:
        for member in packed.infolist():
            with packed.open(member) as stream:
                while piece := stream.read(_PIECE):
                    if _DOCTYPE in unpacking.taken(piece):
                        _refuse_doctype()
        parts = _parts(packed)
        texts = _texts(packed, parts)
        relations, filled = _relations(packed), {}
        # whatever may be a sheet: which one the library takes for it is its own affair
        for part in {_part(target) for _, target in relations} & parts.keys() - {_TEXTS}:
            sheet = _Sheet(texts)
            _parse(packed, parts[part], sheet.begin, sheet.hear)
            unpacking.take(sheet.shared)
            filled[part] = array("L", sorted(sheet.filled))
        targets = dict(relations)
        return {name: filled[_part(targets[relation])] for name, relation in _sheets(packed) if relation in targets}


class _Sheet:
    """A sheet's cells, tag by tag, each at its place: as written, or beside the one before."""

    def __init__(self, texts: list[int]) -> None:
        self._texts = texts
        self._row = self._at = self._column = self._deepest = self._widest = -1
        self._cells = 0
        self._columns: dict[str, int] = {}
        self._kind: str | None = None
        self._is_value = False
        self.shared = 0
        """The length of the texts that cells share, each as often as it stands there."""
        self.filled: set[int] = set()

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        """A tag opens."""
        if ":" in name:
            name = name.rpartition(":")[2]
        if name == "c":
            self._cell(attributes.get("r"))
            self._kind, self._is_value = attributes.get("t"), False
        elif name == "row":
            self._row = int(attributes.get("r", self._row + 2)) - 1
            self._column = -1
        elif name == "rPh":
            # how a text is spoken is no value; nothing of its cell stands below it
            self._kind = _ERROR
        else:
            self._is_value = name in ("v", "t")

    def _cell(self, place: str | None) -> None:
        self._at, self._column = self._row, self._column + 1
        if place is not None:
            letters = place.rstrip(_DIGITS)
            if letters not in self._columns:
                self._columns[letters] = _column(letters)
            self._at, self._column = int(place[len(letters) :]) - 1, self._columns[letters]
        self._cells += 1
        if self._at > self._deepest or self._column > self._widest or self._cells > _MOST_CELLS:
            self._deepest, self._widest = max(self._deepest, self._at), max(self._widest, self._column)
            if max(self._cells, (self._deepest + 1) * (self._widest + 1)) > _MOST_CELLS:
                raise DeliveryRefused(_TOO_LARGE)

    def hear(self, text: str) -> None:
        """What stands behind a tag."""
        if not self._is_value or self._kind == _ERROR:
            return
        if self._kind == _SHARED:
            length = self._texts[int(text)]
            self.shared += length
            if not length:
                return
        elif not text.strip() or (self._kind in (None, "n") and text.lstrip("+-")[:1].isalpha()):
            # a number that is none
            return
        self.filled.add(self._at)


def _texts(packed: zipfile.ZipFile, parts: dict[str, str]) -> list[int]:
    """The lengths of the texts that cells share; 0 of those that show nothing."""
    lengths: list[int] = []
    is_text = is_spoken = False

    def begin(name: str, _: dict[str, str]) -> None:
        nonlocal is_text, is_spoken
        name = name.rpartition(":")[2]
        if name == "si":
            lengths.append(0)
        is_spoken = name == "rPh" or (is_spoken and name != "si")
        is_text = name == "t"

    def hear(text: str) -> None:
        if is_text and not is_spoken and (lengths[-1] or text.strip()):
            lengths[-1] += len(text)

    if _TEXTS in parts:
        _parse(packed, parts[_TEXTS], begin, hear)
    return lengths


def _parts(packed: zipfile.ZipFile) -> dict[str, str]:
    """The members by their names in small letters: no two parts may differ by those alone."""
    parts = {name.lower(): name for name in packed.namelist()}
    if len(parts) < len(packed.namelist()):
        raise ValueError("two parts of one name")
    return parts


def _part(target: str) -> str:
    target = target.lower().removeprefix("/")
    return target if target.startswith("xl/") else f"xl/{target}"


def _relations(packed: zipfile.ZipFile) -> list[tuple[str, str]]:
    """The names of the parts beside the workbook's own, and where they are."""
    found = _attributes(packed, _RELATIONS, "Relationship")
    return [(each.get("Id", ""), each.get("Target", "")) for each in found]


def _sheets(packed: zipfile.ZipFile) -> list[tuple[str, str]]:
    """The names of the sheets, and of the parts that hold them."""
    found = _attributes(packed, _BOOK, "sheet")
    return [
        (each.get("name", ""), next((value for key, value in each.items() if key.endswith(":id")), ""))
        for each in found
    ]


def _attributes(packed: zipfile.ZipFile, member: str, wanted: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == wanted:
            found.append(attributes)

    _parse(packed, member, begin, lambda _: None)
    return found


def _parse(
    packed: zipfile.ZipFile, member: str, begin: Callable[[str, dict[str, str]], None], hear: Callable[[str], None]
) -> None:
    """A part's tags and texts. Raises ValueError where it could name entities, or is in another encoding."""
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler, parser.CharacterDataHandler = begin, hear
    parser.StartDoctypeDeclHandler = _refuse_doctype
    with packed.open(member) as stream:
        parser.ParseFile(stream)


def _refuse_doctype(*_: object) -> None:
    raise ValueError("no workbook declares one")


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        if not "A" <= letter <= "Z":
            raise ValueError("no place of a cell")
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
