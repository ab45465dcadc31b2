"""Builds Excel workbooks part by part."""

from __future__ import annotations

import io
import zipfile
from xml.sax.saxutils import escape


def sheet_of(rows: list[list[str]]) -> str:
    """The XML of a sheet, with its texts in the cells."""
    lines = []
    for number, cells in enumerate(rows, start=1):
        columns = "".join(
            f'<c r="{chr(65 + place)}{number}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
            for place, cell in enumerate(cells)
            if cell
        )
        lines.append(f'<row r="{number}">{columns}</row>')
    return f"<sheetData>{''.join(lines)}</sheetData>"


def workbook_of(
    *sheets: str, hidden: int = 0, name: str = "xl/worksheets/sheet1.xml", more: dict[str, str] | None = None
) -> bytes:
    """The smallest archive that is a workbook of these sheets, of which the first ones are hidden.

    `name` is that of the first one's part; `more` are other parts.
    """
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    names = [name, *(f"xl/worksheets/sheet{number}.xml" for number in range(2, len(sheets) + 1))]
    kinds_of_sheets = (f'<Override PartName="/{each}" ContentType="{kinds}.worksheet+xml"/>' for each in names)
    states = ('state="hidden" ' if number < hidden else "" for number in range(len(names)))
    listed = (
        f'<sheet name="Sheet{number}" sheetId="{number}" {state}r:id="rId{number}"/>'
        for number, state in enumerate(states, start=1)
    )
    related = (
        f'<Relationship Id="rId{number}" Type="{office}/worksheet" Target="/{each}"/>'
        for number, each in enumerate(names, start=1)
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kinds}.sheet.main+xml"/>{"".join(kinds_of_sheets)}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="a" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{"".join(listed)}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">{"".join(related)}</Relationships>',
        **{each: f'<worksheet xmlns="{main}">{sheet}</worksheet>' for each, sheet in zip(names, sheets, strict=True)},
        **(more or {}),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, text in parts.items():
            archive.writestr(each, text)
    return file.getvalue()
