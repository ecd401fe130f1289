"""Small workbooks, written by hand: texts, numbers, truth values and dates."""

import datetime as dt
import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_STYLES = f"""<styleSheet xmlns="{_MAIN}">
<numFmts count="1"><numFmt numFmtId="164" formatCode="dd/mm/yyyy hh:mm"/></numFmts>
<fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders>
<cellStyleXfs count="1"><xf/></cellStyleXfs>
<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="164" applyNumberFormat="1"/></cellXfs></styleSheet>"""

Cell = str | float | bool | dt.datetime | None


def workbook(sheets: Mapping[str, Sequence[Sequence[Cell]]], shared: Sequence[str] = (), raw: str = "") -> bytes:
    """A workbook of these sheets; a text of `shared` is stored once. `raw` is put at the end of each sheet's rows."""
    packed = io.BytesIO()
    names = [escape(name) for name in sheets]
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", _types(len(names)))
        file.writestr("_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")]))
        parts = [("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(names) + 1)]
        more = [("styles", "styles.xml"), ("sharedStrings", "sharedStrings.xml")]
        file.writestr("xl/_rels/workbook.xml.rels", _relations([*parts, *more]))
        listed = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(names, start=1))
        book = f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>'
        file.writestr("xl/workbook.xml", book)
        file.writestr("xl/styles.xml", _STYLES)
        texts = "".join(f"<si><t>{escape(text)}</t></si>" for text in shared)
        file.writestr("xl/sharedStrings.xml", f'<sst xmlns="{_MAIN}">{texts}</sst>')
        for n, rows in enumerate(sheets.values(), start=1):
            cells = "".join(_row(place, row, shared) for place, row in enumerate(rows, start=1))
            sheet = f'<worksheet xmlns="{_MAIN}"><sheetData>{cells}{raw}</sheetData></worksheet>'
            file.writestr(f"xl/worksheets/sheet{n}.xml", sheet)
    return packed.getvalue()


def _row(place: int, row: Sequence[Cell], shared: Sequence[str]) -> str:
    cells = (_cell(f"{chr(65 + column)}{place}", cell, shared) for column, cell in enumerate(row) if cell is not None)
    return f'<row r="{place}">{"".join(cells)}</row>'


def _cell(at: str, cell: Cell, shared: Sequence[str]) -> str:
    if isinstance(cell, bool):
        return f'<c r="{at}" t="b"><v>{int(cell)}</v></c>'
    if isinstance(cell, dt.datetime):
        days = (cell - dt.datetime(1899, 12, 30)) / dt.timedelta(days=1)
        return f'<c r="{at}" s="1"><v>{days!r}</v></c>'
    if isinstance(cell, str):
        if cell in shared:
            return f'<c r="{at}" t="s"><v>{shared.index(cell)}</v></c>'
        return f'<c r="{at}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
    return f'<c r="{at}"><v>{cell!r}</v></c>'


def _relations(parts: Sequence[tuple[str, str]]) -> str:
    listed = (
        f'<Relationship Id="r{n}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(parts, start=1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{"".join(listed)}</Relationships>'


def _types(sheets: int) -> str:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    listed = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kind}.worksheet+xml"/>'
        for n in range(1, sheets + 1)
    )
    return (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>{listed}</Types>'
    )
