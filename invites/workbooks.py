"""Writes an .xlsx workbook while it is downloaded: one sheet, in constant memory.

Every cell is text (ECMA-376, Part 1), so a spreadsheet runs no formula and keeps leading zeros. Nothing is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Of a sheet, the row of column names included.
MOST_ROWS = 1_048_576
# In characters. Excel offers to repair a workbook with a longer cell.
LONGEST_CELL = 32_767

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SHEET = "xl/worksheets/sheet1.xml"

_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
    f'<Override PartName="/{_SHEET}" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    # Two formats of cells, both text (49), the second one bold.
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}">'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/></cellXfs>'
    "</styleSheet>",
}

# Characters that XML lacks or changes, and texts that look like their replacement (ST_Xstring in ECMA-376).
_SPECIAL = re.compile(r"[\x00-\x08\x0b-\x1f]|_(?=x[0-9A-Fa-f]{4}_)")


# Unicode keeps these free, and XML has nothing for them.
_NONE = str.maketrans("\ufffe\uffff", "\ufffd\ufffd")


class _Sink:
    """A file-like object that keeps what the archive writes until it is taken."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


def workbook(rows: Iterable[list[str]], *, sheet: str) -> Iterator[bytes]:
    """The bytes of the workbook, piece by piece. `sheet` is the name of its sheet, and the first row is its header."""
    sink = _Sink()
    book = f'<sheets><sheet name="{escape(sheet, {chr(34): "&quot;"})}" sheetId="1" r:id="rId1"/></sheets>'
    book = f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">{book}</workbook>'
    with ZipFile(sink, "w", ZIP_DEFLATED, compresslevel=1) as archive:  # type: ignore[call-overload]
        for name, part in {**_PARTS, "xl/workbook.xml": book}.items():
            archive.writestr(name, _XML + part)
        with archive.open(_SHEET, "w") as part:
            # The header stays in view.
            part.write(f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'.encode())
            part.write(b'<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView>')
            part.write(b'</sheetViews><cols><col min="1" max="16384" width="24" style="0"/></cols><sheetData>')
            for number, row in enumerate(rows):
                part.write(_line(row, style=0 if number else 1).encode())
                if piece := sink.take():
                    yield piece
            part.write(b"</sheetData></worksheet>")
    yield sink.take()


def _line(row: list[str], *, style: int) -> str:
    cells = (
        f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{_text(cell)}</t></is></c>' if cell else "<c/>"
        for cell in row
    )
    return f"<row>{''.join(cells)}</row>"


def _text(cell: str) -> str:
    if len(cell) > LONGEST_CELL:
        cell = f"{cell[: LONGEST_CELL - 1]}…"
    return escape(_SPECIAL.sub(lambda found: f"_x{ord(found[0]):04X}_", cell.translate(_NONE)))
