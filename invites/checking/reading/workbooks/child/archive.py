"""What is checked of an .xlsx or .ods file, a ZIP archive, before the library reads it."""

from __future__ import annotations

import os
import re
import zipfile
from typing import IO, BinaryIO

from .protocol import ChildLimits, WorkbookRejected

# The end of the directory is in the last bytes: it has 22, and a comment of up to 65,535.
_END_OF_ARCHIVE = (1 << 16) + 21
_PARTS = 10_000
_MANIFEST = "META-INF/manifest.xml"
_PIECE = 1 << 18

_COLUMN = r"(?:[A-Z]{1,2}|[A-W][A-Z]{2}|X[A-E][A-Z]|XF[A-D])"  # A to XFD
_ROW = (  # 1 to 1048576
    r"(?:[1-9][0-9]{0,5}|10[0-3][0-9]{4}|104[0-7][0-9]{3}|1048[0-4][0-9]{2}|10485[0-6][0-9]|104857[0-6])"
)
_BLANK = r"[ \t\r\n]"
_PREFIX = r"(?:[^ \t\r\n<>/:]*:)?"
# Attributes other than r.
_OTHERS = rf"""(?:{_BLANK}+(?!r[ \t\r\n=])[^ \t\r\n=<>"'/]+{_BLANK}*={_BLANK}*(?:"[^"<]*"|'[^'<]*'))*"""


def _tag(name: str, position: str) -> str:
    """A pattern for a start tag that has one position or none."""
    r = rf"""{_BLANK}+r{_BLANK}*={_BLANK}*(?:"{position}"|'{position}')"""
    return rf"{_PREFIX}{name}{_OTHERS}(?:{r}{_OTHERS})?{_BLANK}*/?>"


# Nearly all tags, so that the pattern below skips them quickly: end tags, values, cells and rows.
_USUAL = r"""
    / | v>
    | c\ r="[A-Z]{1,2}[1-9][0-9]{0,5}"(?:/?>|\ s="[0-9]+"(?:/?>|\ t="[a-zA-Z]+">)|\ t="[a-zA-Z]+">)
    | row\ r="[1-9][0-9]{0,5}"(?:\ [a-qs-zA-Z][a-zA-Z:]*="[^"<]*")*/?>
"""
# The start tag of a row or a cell with a position that no spreadsheet writes: beyond XFD1048576, with leading zeros, or
# twice. The library would allocate memory by that number.
_ODD_POSITION = re.compile(
    rf"""<(?!{_USUAL})
    (?={_PREFIX}(?:c|row)[ \t\r\n/>])
    (?!{_tag("c", _COLUMN + _ROW)}|{_tag("row", _ROW)})
    """.encode(),
    re.VERBOSE,
)


# ODF says how often a cell or a row is repeated. No spreadsheet has ten million columns or rows.
_ODD_REPETITION = re.compile(rb"""-repeated[ \t\r\n]*=[ \t\r\n]*["'][^"'<]{8}""")
# What hides rows in a part: a word, and the pattern around it. Most parts have nothing like it, and needn't be parsed a
# second time. LibreOffice says of every row of an .xlsx file that it isn't hidden.
_HIDING = {
    "xlsx": (b"hidden", re.compile(rb"""hidden[ \t\r\n]*=[ \t\r\n]*["'](?!(?:false|0)["'])""")),
    "ods": (
        b"table:",
        re.compile(rb"""table:(?:visibility|display)[ \t\r\n]*=[ \t\r\n]*["'](?!(?:visible|true)["'])"""),
    ),
}


def scan_archive(file: BinaryIO, kind: str, limits: ChildLimits) -> set[str]:
    """Reject an archive that is too large or locked, and a sheet with odd positions.

    Returns the names of the parts that may hide rows. The limits of the process would stop them, too, but not so
    quickly, and without saying what is wrong.
    """
    # With two directories we can't know which one the library uses.
    file.seek(max(0, file.seek(0, os.SEEK_END) - _END_OF_ARCHIVE))
    if file.read().count(b"PK\x05\x06") != 1:
        raise WorkbookRejected("workbook_unreadable")
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        if sum(part.file_size for part in parts) > limits["unpacked"] or len(parts) > _PARTS:
            raise WorkbookRejected("workbook_too_big", max_size=limits["unpacked"])
        names = {plain_name(part.filename) for part in parts}
        if "xl/workbook.bin" in names:
            raise WorkbookRejected("other_kind", kind="xlsb")
        # The library tries all formats, so an archive must not be of two kinds.
        if ("mimetype" in names) != (kind == "ods") or (kind == "ods" and "_rels/.rels" in names):
            raise WorkbookRejected("workbook_unreadable")
        if _MANIFEST in archive.namelist() and b"encryption-data" in archive.read(_MANIFEST):
            raise WorkbookRejected("workbook_locked")
        hiding = set()
        for part in parts:
            # Any part may be the sheet, whatever its name: another part of the archive says which one is.
            with archive.open(part) as unpacked:
                if scan_part(unpacked, kind, longest=4 * limits["cell"]):
                    hiding.add(part.filename)
        return hiding


def scan_part(part: IO[bytes], kind: str, *, longest: int) -> bool:
    """Reject odd positions, and a tag or text of more than `longest` bytes. Returns whether the part may hide rows."""
    odd = _ODD_REPETITION if kind == "ods" else _ODD_POSITION
    word, hiding = _HIDING[kind]
    piece = part.read(_PIECE)
    if not piece.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return True  # A picture or the like. The library may still read it as a sheet.
    rest = b""
    is_hiding = False
    while piece:
        if b"\0" in piece:
            # Never in XML, except in UTF-16, which the library does not support.
            raise WorkbookRejected("workbook_unreadable")
        piece = rest + piece
        # The last tag may continue in the next piece. The last one of a sheet is an end tag.
        cut = max(piece.rfind(b"<"), 0)
        if odd.search(piece, 0, cut):
            raise WorkbookRejected("workbook_unreadable")
        is_hiding = is_hiding or (word in piece and hiding.search(piece, 0, cut) is not None)
        rest = piece[cut:]
        if len(rest) > longest:
            raise WorkbookRejected("workbook_too_heavy")
        piece = part.read(_PIECE)
    return is_hiding


def plain_name(part: str) -> str:
    """As in the library, case and the kind of slash don't matter in the names of parts."""
    return part.replace("\\", "/").lower()
