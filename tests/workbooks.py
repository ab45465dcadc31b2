"""Builds workbooks part by part: .xlsx, .ods and .xls."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr


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
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for each, text in parts.items():
            archive.writestr(each, text)
    return file.getvalue()


# --- OpenDocument ------------------------------------------------------------------------------------

_ODF = "urn:oasis:names:tc:opendocument:xmlns"
ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"


def ods_row(cells: list[str], attributes: str = "") -> str:
    """The XML of a row of an .ods file, with its texts in the cells."""
    columns = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p></table:table-cell>'
        if cell
        else "<table:table-cell/>"
        for cell in cells
    )
    return f"<table:table-row {attributes}>{columns}</table:table-row>"


def ods_table(*rows: str, name: str = "Sheet1", attributes: str = "") -> str:
    """The XML of a sheet of an .ods file."""
    return f"<table:table table:name={quoteattr(name)} {attributes}>{''.join(rows)}</table:table>"


def ods_of(*tables: str, styles: str = "", kind: str = ODS_TYPE, more: dict[str, str] | None = None) -> bytes:
    """The smallest archive that is an .ods workbook of these sheets. `more` are other parts."""
    names = {"office": "office", "table": "table", "text": "text", "style": "style"}
    spaces = " ".join(f'xmlns:{prefix}="{_ODF}:{name}:1.0"' for prefix, name in names.items())
    parts = {
        "content.xml": f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces}>'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body><office:spreadsheet>"
        f"{''.join(tables)}</office:spreadsheet></office:body></office:document-content>",
        "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{_ODF}:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>',
        **(more or {}),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("mimetype", kind, zipfile.ZIP_STORED)
        for each, text in parts.items():
            archive.writestr(each, text)
    return file.getvalue()


# --- The old format of Excel -------------------------------------------------------------------------

Cell = str | float | bool
_SECTOR = 512
_END, _FREE, _TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def xls_of(*sheets: Sequence[Sequence[Cell]], hidden: int = 0, is_locked: bool = False) -> bytes:
    """A workbook in the old format (BIFF8), whose first sheets are hidden. A float is a date if it is above 40,000."""
    start = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 6))
    start += _record(0x002F, struct.pack("<HHH", 0, 1, 2)) if is_locked else b""
    start += _record(0x0042, struct.pack("<H", 1200))
    for shape in (0, 14):  # The format of numbers, and of dates.
        start += _record(0x00E0, struct.pack("<HHH14x", 0, shape, 0))
    names = [f"Sheet{number}" for number in range(1, len(sheets) + 1)]
    bodies = [_xls_sheet(rows) for rows in sheets]
    offset = len(start) + sum(len(_bound_sheet(0, 0, name)) for name in names) + 4
    bounds = b""
    for number, (name, body) in enumerate(zip(names, bodies, strict=True)):
        bounds += _bound_sheet(offset, number < hidden, name)
        offset += len(body)
    return container_of({"Workbook": start + bounds + _record(0x000A) + b"".join(bodies)})


def container_of(streams: dict[str, bytes]) -> bytes:
    """A file in Microsoft's container format (CFB), with these streams. Each is filled up to 4,096 bytes."""
    streams = {name: data.ljust(4096, b"\0") for name, data in streams.items()}
    lengths = [-(-len(data) // _SECTOR) for data in streams.values()]
    directories = -(-(len(streams) + 1) // 4)
    tables = 1
    while tables * 128 < tables + directories + sum(lengths):
        tables += 1
    chains = [_TABLE] * tables
    for length in (directories, *lengths):
        chains += [*range(len(chains) + 1, len(chains) + length), _END]
    entries = [_directory("Root Entry", 5, _END, 0, child=1)]
    place = tables + directories
    for number, ((name, data), length) in enumerate(zip(streams.items(), lengths, strict=True), start=1):
        after = number + 1 if number < len(streams) else _FREE
        entries.append(_directory(name, 2, place, len(data), after=after))
        place += length
    header = struct.pack("<8s16xHHHHH6x", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIII", 0, tables, tables, 0, 4096, _END, 0, _END, 0)
    header += struct.pack("<109I", *range(tables), *[_FREE] * (109 - tables))
    body = struct.pack(f"<{tables * 128}I", *chains, *[_FREE] * (tables * 128 - len(chains)))
    body += b"".join(entries).ljust(directories * _SECTOR, b"\0")
    return header + body + b"".join(data.ljust(-(-len(data) // _SECTOR) * _SECTOR, b"\0") for data in streams.values())


def _directory(name: str, kind: int, start: int, size: int, *, child: int = _FREE, after: int = _FREE) -> bytes:
    encoded = f"{name}\0".encode("utf-16-le")
    head = struct.pack("<64sHBBIII", encoded, len(encoded), kind, 1, _FREE, after, child)
    return head + struct.pack("<16xI16xIQ", 0, start, size)


def _record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _bound_sheet(offset: int, is_hidden: int, name: str) -> bytes:
    return _record(0x0085, struct.pack("<IBBBB", offset, is_hidden, 0, len(name), 1) + name.encode("utf-16-le"))


def _xls_sheet(rows: Sequence[Sequence[Cell]]) -> bytes:
    cells = b""
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            if value == "":
                continue
            if isinstance(value, bool):
                cells += _record(0x0205, struct.pack("<HHHBB", row, column, 0, value, 0))
            elif isinstance(value, float):
                cells += _record(0x0203, struct.pack("<HHHd", row, column, value > 40_000, value))
            else:
                encoded = value.encode("utf-16-le")
                text = struct.pack("<HB", len(encoded) // 2, 1) + encoded
                cells += _record(0x0204, struct.pack("<HHH", row, column, 0) + text)
    return _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 6)) + cells + _record(0x000A)
