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
from typing import BinaryIO

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum

from invites.checking.catalog import file_problem
from invites.checking.decode import say_size
from invites.checking.report import Limits, Problem
from invites.checking.signatures import is_excel, name_kind

ENCODING = "XLSX"
# How many times larger than an upload its parts may be: a full sheet of real people is 4 to 8 times as large.
_TIMES_LARGER = 10
# The cells between the first and the last one of a sheet, empty ones included: 30 bytes each while it is read.
_CELLS = 8_000_000
_PIECE = 1 << 18
_HEAD = 1 << 16
_POSITION = re.compile(rb"<(?:\w+:)?(?:c|row)\b[^<>]*?\sr\s*=\s*[\"']([A-Za-z]{0,4})(\d{1,9})[\"']")
_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_LONGEST_TAG = 2_000

Value = int | float | str | bool | time | date | datetime | timedelta


class SheetRows:
    """The rows of a sheet as lists of text; `line_num` is the number of the last one, as the spreadsheet shows it."""

    def __init__(self, sheet: CalamineSheet) -> None:
        self._rows: Iterator[list[Value]] = sheet.iter_rows()
        self.line_num = 0

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        values = next(self._rows)
        self.line_num += 1
        return [value if isinstance(value, str) else show_value(value) for value in values]


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
        names = [sheet.name for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        return SheetRows(workbook.get_sheet_by_name(names[0])) if names else file_problem("empty")
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
        stream.seek(0)
        with zipfile.ZipFile(stream) as archive:
            parts = archive.infolist()
            if sum(part.file_size for part in parts) > most or len(parts) > 10_000:
                return too_big
            unpacked = 0
            for part in parts:
                reach = _Reach()
                is_sheet = part.filename.lower().startswith("xl/worksheets/")
                for piece in _unpack(stream, part):
                    unpacked += len(piece)
                    if unpacked > most:
                        return too_big
                    if is_sheet and not reach.take(piece):
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
    """How far a sheet goes, told from its XML as it comes."""

    def __init__(self) -> None:
        self._rows = self._columns = 1
        self._cells = 0
        self._rest = b""

    def take(self, piece: bytes) -> bool:
        """False when the sheet is too large to be read, or is no text whose positions could be seen."""
        if b"\0" in piece:
            return False
        text = self._rest + piece
        self._cells += len(_CELL.findall(piece))
        for letters, digits in _POSITION.findall(text):
            self._rows = max(self._rows, int(digits))
            self._columns = max(self._columns, _column_number(letters))
        self._rest = text[-_LONGEST_TAG:]
        # A cell without a position stands beside the one before it.
        return self._cells <= _CELLS and self._rows * self._columns <= _CELLS


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
