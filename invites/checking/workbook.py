"""Read the first sheet of an Excel workbook (.xlsx) as rows of text, under the same limits as a CSV file.

A workbook is a ZIP archive, and a small one can hold a large one. So before anything reads it, its parts are
unpacked once, piece by piece and to nowhere, to see how much they really are and how far the sheet reaches: a sheet
of two cells at opposite corners takes a reader that fills in the gaps sixteen thousand million cells.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import BinaryIO

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from invites.checking.catalog import file_problem
from invites.checking.decode import say_size
from invites.checking.report import Limits, Problem
from invites.checking.signatures import is_excel, name_kind
from invites.checking.text import is_blank

ENCODING = "XLSX"
# How many times larger than an upload its parts may be: a full sheet of real people is 4 to 8 times as large.
_TIMES_LARGER = 10
# The cells between the first and the last one of a sheet, empty ones included: 30 bytes each while it is read.
_CELLS = 8_000_000
_PIECE = 1 << 18
# The directory's end is in the last bytes: 22 of its own, and a comment of up to 65,535.
_END_OF_ARCHIVE = (1 << 16) + 21
_HEAD = 1 << 16
# The start tags of rows and cells. No tag and no attribute holds a "<"; a ">" an attribute may hold.
_ROW_OR_CELL = re.compile(rb"<(?:[^\s<>/:]+:)?(c|row)(?=[\s/>])([^<]*)")
_POSITION = re.compile(rb"[\s\"']r\s*=\s*[\"']([A-Za-z]{0,9})(\d{0,9})[\"']")
_ENDLESS_NAME = re.compile(rb"<[^\s<>/\0]{1000}")
_LONGEST_TAG = 1 << 16
# What begins a text in UTF-16, in which no position could be seen. The reader knows no such text today.
_UTF16 = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")

Value = int | float | str | bool | time | date | datetime | timedelta


class SheetRows:
    """The rows of a sheet as lists of text; `line_num` is the number of the last one, as the spreadsheet shows it.

    Ends with the last row in which something can be seen: a sheet may go on for a million rows that were full once.
    """

    def __init__(self, sheet: CalamineSheet) -> None:
        self._rows = _as_text(sheet.iter_rows())
        self.line_num = 0

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        cells = next(self._rows)
        self.line_num += 1
        return cells


def _as_text(rows: Iterator[list[Value]]) -> Iterator[list[str]]:
    blank = 0
    for values in rows:
        cells = [value if isinstance(value, str) else show_value(value) for value in values]
        if cells.count("") == len(cells) or all(is_blank(cell) for cell in cells):
            blank += 1
            continue
        yield from ([] for _ in range(blank))
        blank = 0
        yield cells


def open_workbook(stream: BinaryIO, limits: Limits) -> SheetRows | Problem | None:
    """The rows of the first sheet, or why they can't be read; None when the file is no workbook.

    `stream` can be rewound, and is not larger than allowed.
    """
    stream.seek(0)
    head = stream.read(_HEAD)
    if not is_excel(name_kind(head) or ""):
        return None
    if not head.startswith(b"PK"):
        return file_problem("workbook_unreadable")  # An older kind, or one that is locked with a password.
    if refusal := _refuse_bomb(stream, limits):
        return refusal
    stream.seek(0)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(stream.read()))
        sheets = [sheet for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        # The first that is seen; it is not there in the file only if all of them are hidden.
        sheets.sort(key=lambda sheet: sheet.visible != SheetVisibleEnum.Visible)
        if not sheets:
            return file_problem("empty")
        sheet = workbook.get_sheet_by_name(sheets[0].name)
        return file_problem("sheet_empty") if sheet.end is None and len(sheets) > 1 else SheetRows(sheet)
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException:
        # A reader that was written in Rust "panics" on some damaged files, and that is no Exception.
        return file_problem("workbook_unreadable")


def show_value(value: Value) -> str:
    """A value that is no text, as a spreadsheet shows it when nobody has chosen another format."""
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
        case _:
            return str(value)


def _refuse_bomb(stream: BinaryIO, limits: Limits) -> Problem | None:
    most = limits.max_bytes * _TIMES_LARGER
    too_big = file_problem("workbook_too_big", limit=say_size(most))
    try:
        # With two directories it would be anybody's guess which of them the reader takes.
        stream.seek(max(0, stream.seek(0, io.SEEK_END) - _END_OF_ARCHIVE))
        if stream.read().count(b"PK\x05\x06") != 1:
            return file_problem("workbook_unreadable")
        with zipfile.ZipFile(stream) as archive:
            parts = archive.infolist()
            if sum(part.file_size for part in parts) > most or len(parts) > 10_000:
                return too_big
            unpacked = 0
            for part in parts:
                # Any part may be the sheet, whatever it is called: another part of the archive says which.
                reach = _Reach()
                for piece in _unpack(stream, part):
                    unpacked += len(piece)
                    if unpacked > most or not reach.take(piece):
                        return too_big
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, ValueError, OverflowError):
        return file_problem("workbook_unreadable")
    return None


def _unpack(stream: BinaryIO, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """The part's bytes, whatever size the archive says that it has."""
    stream.seek(part.header_offset)
    header = stream.read(30)
    if header[:4] != b"PK\x03\x04":
        raise zipfile.BadZipFile(part.filename)
    stream.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), io.SEEK_CUR)
    if part.compress_type == zipfile.ZIP_STORED:
        left = part.compress_size
        while left > 0 and (piece := stream.read(min(left, _PIECE))):
            left -= len(piece)
            yield piece
        return
    if part.compress_type != zipfile.ZIP_DEFLATED or part.flag_bits & 1:
        raise zipfile.BadZipFile(part.filename)
    inflate = zlib.decompressobj(-15)
    # To the end of the stream, not to the end that the archive declares.
    while not inflate.eof and (packed := inflate.unconsumed_tail or stream.read(_PIECE)):
        yield inflate.decompress(packed, _PIECE)


class _Reach:
    """How far a sheet goes, told from its XML as it comes; of another part, nothing.

    Follows the reader: a row or a cell that does not say where it stands is the next one.
    """

    def __init__(self) -> None:
        self._row = self._column = 0
        self._rows = self._columns = 1
        self._rest: bytes | None = None

    def take(self, piece: bytes) -> bool:
        """False when the sheet is too large to be read, or is no text whose positions could be seen."""
        if self._rest is None:
            self._rest = b""
            if piece.startswith(_UTF16):
                return False
        text = self._rest + piece
        # The last tag may go on in the next piece.
        cut = max(text.rfind(b"<"), 0)
        for tag, attributes in _ROW_OR_CELL.findall(text, 0, cut):
            self._go_to(tag, attributes)
        self._rest = text[cut:]
        if len(self._rest) > _LONGEST_TAG:
            # A long text stands behind its tag; a row, a cell, or what may become one is no text.
            if _ROW_OR_CELL.match(self._rest) or _ENDLESS_NAME.match(self._rest):
                return False
            self._rest = self._rest[-_LONGEST_TAG:]
        return self._rows * self._columns <= _CELLS

    def _go_to(self, tag: bytes, attributes: bytes) -> None:
        letters, digits = found.groups() if (found := _POSITION.search(attributes)) else (b"", b"")
        if tag == b"row":
            self._row, self._column = int(digits) if digits else self._row + 1, 0
        else:
            self._row = int(digits) if digits else self._row
            self._column = _column_number(letters) if letters else self._column + 1
        self._rows, self._columns = max(self._rows, self._row), max(self._columns, self._column)


@lru_cache(maxsize=1_000)
def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
