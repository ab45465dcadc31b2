"""Read the first sheet of the workbook on standard input and write its rows to standard output, as CSV in UTF-8.

`workbook.py` runs this file as a child process. A workbook is a ZIP archive, and a small one can make the library that
reads it abort, or use any amount of memory and time; here that affects nobody else. This file imports only the standard
library and python_calamine, so that it starts in a few hundredths of a second.

    python -I workbook_child.py LIMITS

LIMITS are those of `ChildLimits`, as JSON. Exit status 0: the rows were written. REJECTED: the output is
a verdict as JSON instead: the code of a problem and its values. Any other status: the process failed or was killed.
"""

from __future__ import annotations

import csv
import errno
import json
import os
import re
import resource
import signal
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from datetime import time as clock
from typing import IO, Any, BinaryIO, NoReturn, TypedDict

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

REJECTED = 3
Value = int | float | str | bool | clock | date | datetime | timedelta


class ChildLimits(TypedDict):
    """Sizes are in bytes, lengths in characters."""

    memory: int
    seconds: float
    unpacked: int  # all parts of the archive together
    text: int  # what is written
    cells: int  # from the first to the last one of the sheet, empty ones included
    columns: int
    cell: int  # the length of one cell


class WorkbookRejected(Exception):
    """Why a workbook isn't read: the code of a problem, and the values of its message."""

    def __init__(self, code: str, **params: int) -> None:
        super().__init__(code)
        self.verdict = {"code": code, **params}


def main() -> None:
    limits: ChildLimits = json.loads(sys.argv[1])
    limit_this_process(limits)
    try:
        sheet = open_sheet(sys.stdin.buffer, limits)
        with open(1, "w", encoding="utf-8", newline="", closefd=False) as out:
            write_rows(sheet, out, limits)
    except WorkbookRejected as rejected:
        reject(rejected.verdict)
    except MemoryError:
        reject({"code": "workbook_too_heavy"})
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        reject({"code": "workbook_too_big", "max_size": limits["text"]})


def limit_this_process(limits: ChildLimits) -> None:
    """Make sure that this process ends in time, even if its parent is killed, and stays within its limits."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits["seconds"])
    lower(resource.RLIMIT_CORE, 0)
    # Python ignores the signal of this limit, so writing more raises OSError.
    lower(resource.RLIMIT_FSIZE, limits["text"])
    if sys.platform == "darwin":
        threading.Thread(target=watch_memory, args=(limits["memory"],), daemon=True).start()
    else:
        lower(resource.RLIMIT_AS, limits["memory"])


def lower(limit: int, value: int) -> None:
    hard = resource.getrlimit(limit)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (value, value))


def watch_memory(most: int, *, unit: int = 1) -> None:
    """End this process when it uses more memory. For macOS, which has no RLIMIT_AS and counts in bytes."""
    while resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit < most:
        time.sleep(0.02)
    os.kill(os.getpid(), signal.SIGKILL)


def reject(verdict: dict[str, Any]) -> NoReturn:
    """Replace the output by a verdict and end this process."""
    os.ftruncate(1, 0)
    os.lseek(1, 0, os.SEEK_SET)
    os.write(1, json.dumps(verdict).encode())
    os._exit(REJECTED)


# --- Before the library reads the workbook ------------------------------------------------------------

# The end of the directory is in the last bytes: it has 22, and a comment of up to 65,535.
_END_OF_ARCHIVE = (1 << 16) + 21
_PARTS = 10_000
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


def scan_archive(file: BinaryIO, limits: ChildLimits) -> None:
    """Reject an archive that is too large, and a sheet with odd positions.

    The limits of the process would stop them, too, but not so quickly, and without saying what is wrong.
    """
    # With two directories we can't know which one the library uses.
    file.seek(max(0, file.seek(0, os.SEEK_END) - _END_OF_ARCHIVE))
    if file.read().count(b"PK\x05\x06") != 1:
        raise WorkbookRejected("workbook_unreadable")
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        if sum(part.file_size for part in parts) > limits["unpacked"] or len(parts) > _PARTS:
            raise WorkbookRejected("workbook_too_big", max_size=limits["unpacked"])
        for part in parts:
            # Any part may be the sheet, whatever its name: another part of the archive says which one is.
            with archive.open(part) as unpacked:
                scan_part(unpacked, longest=4 * limits["cell"])


def scan_part(part: IO[bytes], *, longest: int) -> None:
    """Reject odd positions, and a tag or text of more than `longest` bytes."""
    piece = part.read(_PIECE)
    if not piece.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return  # A picture or the like.
    rest = b""
    while piece:
        if b"\0" in piece:
            # Never in XML, except in UTF-16, which the library does not support.
            raise WorkbookRejected("workbook_unreadable")
        piece = rest + piece
        # The last tag may continue in the next piece. The last one of a sheet is an end tag.
        cut = max(piece.rfind(b"<"), 0)
        if _ODD_POSITION.search(piece, 0, cut):
            raise WorkbookRejected("workbook_unreadable")
        rest = piece[cut:]
        if len(rest) > longest:
            raise WorkbookRejected("workbook_too_heavy")
        piece = part.read(_PIECE)


# --- Reading -------------------------------------------------------------------------------------


def open_sheet(file: BinaryIO, limits: ChildLimits) -> CalamineSheet:
    """The first visible sheet; the first one if all are hidden."""
    try:
        scan_archive(file, limits)
        file.seek(0)
        workbook = CalamineWorkbook.from_filelike(file)
        sheets = [sheet for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        sheets.sort(key=lambda sheet: sheet.visible != SheetVisibleEnum.Visible)
        if not sheets:
            raise WorkbookRejected("empty")
        sheet = workbook.get_sheet_by_name(sheets[0].name)
    except (WorkbookRejected, MemoryError):
        raise
    except BaseException as error:
        # The library is written in Rust and "panics" on some damaged files, which isn't an Exception.
        raise WorkbookRejected("workbook_unreadable") from error
    if sheet.end is None:
        raise WorkbookRejected("sheet_empty" if len(sheets) > 1 else "empty")
    rows, columns = sheet.end[0] + 1, sheet.end[1] + 1
    if columns > limits["columns"] or rows * columns > limits["cells"]:
        raise WorkbookRejected("workbook_too_big", max_size=limits["unpacked"])
    return sheet


def write_rows(sheet: CalamineSheet, out: IO[str], limits: ChildLimits) -> None:
    """Write the rows as CSV records, up to the last one that isn't empty."""
    writer = csv.writer(out, lineterminator="\r\n")
    empty = 0
    for number, values in enumerate(values_of(sheet), start=1):
        cells = [value if isinstance(value, str) else show_value(value) for value in values]
        if not any(cells):
            empty += 1
            continue
        if max(map(len, cells)) > limits["cell"]:
            raise WorkbookRejected("cell_too_long", row=number, limit=limits["cell"])
        out.write("\r\n" * empty)
        empty = 0
        writer.writerow(cells)


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


if __name__ == "__main__":
    main()
