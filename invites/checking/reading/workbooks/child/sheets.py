"""Reads the sheets with the library, and writes their rows as CSV."""

from __future__ import annotations

import csv
import io
import os
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from datetime import time as clock
from typing import BinaryIO
from xml.parsers import expat

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from .archive import scan_archive
from .container import recognize_container
from .hidden_rows import ROWS, Hidden, HiddenRows
from .protocol import ChildLimits, Request, SheetAnswer, SheetName, WorkbookRejected

Value = int | float | str | bool | clock | date | datetime | timedelta

_ROWS_SHOWN, _LENGTH_SHOWN = 25, 200
# How much of all sheets is shown: characters, and more for each cell. A workbook may have thousands of sheets.
_SHOWN, _SHOWN_PER_CELL = 5_000_000, 50
_ADDRESS = re.compile(r"[^\s@]@[^\s@]")
# Instead of NUL, which Excel writes as _x0000_ and no text may have. The check reports it as a lost letter.
LOST = "\ufffd"
_SHEETS = 1_000
_PIECE = 1 << 18  # of the output
_LENGTH_OF_NAMES = 100_000
_SPACES = ("Zs", "Zl", "Zp", "Cf", "Cc")


def read_workbook(file: BinaryIO, request: Request, limits: ChildLimits, answer: Callable[[object], None]) -> None:
    """Read all sheets, and answer with their names and then with each of them."""
    hidden_rows = None
    try:
        if request["kind"] == "xls":
            recognize_container(file)
        else:
            hidden_rows = HiddenRows(file, request["kind"], scan_archive(file, request["kind"], limits))
        file.seek(0)
        workbook = CalamineWorkbook.from_filelike(file)
        sheets = [sheet for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        names = [sheet.name for sheet in sheets]
        if len(sheets) > _SHEETS:
            raise WorkbookRejected("workbook_too_heavy")
        # One of two sheets with the same name can't be read.
        if len(set(names)) < len(names) or sum(map(len, names)) > _LENGTH_OF_NAMES:
            raise WorkbookRejected("workbook_unreadable")
    except (WorkbookRejected, MemoryError):
        raise
    except BaseException as error:
        # The library is written in Rust and "panics" on some damaged files, which isn't an Exception.
        raise WorkbookRejected("workbook_unreadable") from error
    visible, chosen = SheetVisibleEnum.Visible, frozenset(request["sheets"])
    answer([SheetName(name=sheet.name, is_hidden=sheet.visible != visible) for sheet in sheets])
    sheets.sort(key=lambda sheet: (sheet.name not in chosen, sheet.visible != visible))
    reader = SheetReader(workbook, hidden_rows, limits, chosen)
    for sheet in sheets:
        answer(reader.read(sheet.name))


class SheetReader:
    """Reads one sheet after the other, within limits that hold for all of them together."""

    def __init__(
        self, workbook: CalamineWorkbook, hidden_rows: HiddenRows | None, limits: ChildLimits, chosen: frozenset[str]
    ) -> None:
        self._workbook, self._hidden_rows, self._limits, self._chosen = workbook, hidden_rows, limits, chosen
        self._end = 0  # of the output
        self._cells_left = limits["cells"]
        self._shown_left = _SHOWN
        self._hidden_left = ROWS
        self._has_kept_text = self._has_kept_addresses = False

    def read(self, name: str) -> SheetAnswer:
        """Write the rows of a sheet, unless they won't be needed. A sheet that can't be read has a problem."""
        start = self._end
        answer = SheetAnswer(
            name=name, rows=0, hidden_rows=[], has_addresses=False, top=[], start=start, end=start, problem=None
        )
        try:
            self._write(answer, most=self._limits["text"] + (0 if name in self._chosen else start))
        except WorkbookRejected as rejected:
            answer["problem"] = rejected.verdict
        except MemoryError:
            answer["problem"] = {"code": "workbook_too_heavy"}
        if answer["problem"] is None and self._is_kept(answer):
            answer["end"] = self._end
        else:
            os.ftruncate(1, start)
            os.lseek(1, start, os.SEEK_SET)
            self._end = start
        return answer

    def _is_kept(self, answer: SheetAnswer) -> bool:
        if self._chosen:
            return answer["name"] in self._chosen
        is_kept = not self._has_kept_addresses if answer["has_addresses"] else not self._has_kept_text
        self._has_kept_text |= answer["rows"] > 0
        self._has_kept_addresses |= answer["has_addresses"]
        return is_kept

    def _write(self, answer: SheetAnswer, *, most: int) -> None:
        """Write the rows as CSV records, up to the last one that isn't empty. The output may have `most` bytes then."""
        limits = self._limits
        sheet = self._open(answer["name"])
        if sheet is None:
            return
        hidden = self._find_hidden(answer["name"])
        records = io.StringIO(newline="")
        writer = csv.writer(records, lineterminator="\r\n")
        rows = empty = 0
        for number, values in enumerate(values_of(sheet), start=1):
            cells = [value.replace("\0", LOST) if isinstance(value, str) else show_value(value) for value in values]
            if not any(cells):
                empty += 1
                continue
            if max(map(len, cells)) > limits["cell"]:
                raise WorkbookRejected("cell_too_long", row=number, limit=limits["cell"])
            records.write("\r\n" * empty)
            empty = 0
            writer.writerow(cells)
            if "!" <= cells[0][:1] <= "~" or any(map(has_text, cells)):
                rows += 1
                if rows <= _ROWS_SHOWN or not answer["has_addresses"]:
                    self._note(answer, number, cells, is_shown=rows <= _ROWS_SHOWN)
                if hidden and number < len(hidden) and hidden[number]:
                    answer["hidden_rows"].append(number)
            if records.tell() > _PIECE:
                self._flush(records, most=most)
        self._flush(records, most=most)
        answer["rows"] = rows
        self._hidden_left -= len(answer["hidden_rows"])
        if self._hidden_left < 0:
            raise WorkbookRejected("workbook_too_big", max_size=limits["unpacked"])

    def _open(self, name: str) -> CalamineSheet | None:
        """The sheet; None if it is empty."""
        try:
            sheet = self._workbook.get_sheet_by_name(name)
        except MemoryError:
            raise
        except BaseException as error:
            raise WorkbookRejected("workbook_unreadable") from error
        if sheet.end is None:
            return None
        rows, columns = sheet.end[0] + 1, sheet.end[1] + 1
        if columns > self._limits["columns"] or rows * columns > self._cells_left:
            raise WorkbookRejected("workbook_too_big", max_size=self._limits["unpacked"])
        self._cells_left -= rows * columns
        return sheet

    def _find_hidden(self, name: str) -> Hidden | None:
        try:
            return self._hidden_rows.of(name) if self._hidden_rows else None
        except (expat.ExpatError, KeyError, zipfile.BadZipFile) as error:
            raise WorkbookRejected("workbook_unreadable") from error

    def _note(self, answer: SheetAnswer, number: int, cells: list[str], *, is_shown: bool) -> None:
        """Note what is in a row: addresses, and what is shown of it."""
        if not answer["has_addresses"]:
            answer["has_addresses"] = any(_ADDRESS.search(cell) for cell in cells if "@" in cell)
        if is_shown:
            shown = [cell[:_LENGTH_SHOWN] for cell in cells[: self._limits["shown_columns"]]]
            self._shown_left -= sum(map(len, shown)) + _SHOWN_PER_CELL * len(shown)
            if self._shown_left >= 0:
                answer["top"].append((number, shown))

    def _flush(self, records: io.StringIO, *, most: int) -> None:
        data = records.getvalue().encode()
        self._end += len(data)
        if self._end > most:
            raise WorkbookRejected("workbook_too_big", max_size=self._limits["text"])
        write_all(1, data)
        records.seek(0)
        records.truncate()


def has_text(cell: str) -> bool:
    """Whether a cell has a visible character."""
    if not cell:
        return False
    return "!" <= cell[0] <= "~" or any(unicodedata.category(character) not in _SPACES for character in cell)


def values_of(sheet: CalamineSheet) -> Iterator[list[Value]]:
    rows = sheet.iter_rows()
    while True:
        try:
            values = next(rows, None)
        except MemoryError:
            raise
        except BaseException as error:
            raise WorkbookRejected("workbook_unreadable") from error
        if values is None:
            return
        yield values


def show_value(value: Value) -> str:
    """A value that isn't text, as a spreadsheet shows it by default."""
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        case datetime():
            return value.date().isoformat() if value.time() == clock() else value.isoformat(" ", "seconds")
        case _:
            return str(value)


def write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
