"""Read the workbook on standard input and write the rows of its sheets to standard output, as CSV in UTF-8.

`workbook.py` runs this file as a child process. A small workbook can make the library that reads it abort, or use any
amount of memory and time; here that affects nobody else. This file imports only the standard library and
python_calamine, so that it starts in a few hundredths of a second.

    python -I workbook_child.py LIMITS DESCRIPTOR

LIMITS are those of `ChildLimits`, as JSON. DESCRIPTOR is the number of a file with a `Request` as JSON. The answer is
appended to it, one JSON value in each line: first the list of `SheetName`s, then a `SheetAnswer` for each sheet as soon
as it has been read, the chosen ones first. So the parent knows what was read if a later sheet ends this process.

Exit status 0: all sheets were read. REJECTED: the last line is a verdict instead, the code of a problem and its
values. Any other status: the process failed or was killed.
"""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import re
import resource
import signal
import sys
import threading
import time
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from datetime import time as clock
from typing import IO, Any, BinaryIO, TypedDict
from xml.parsers import expat

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

REJECTED = 3
Value = int | float | str | bool | clock | date | datetime | timedelta
Verdict = dict[str, Any]


class ChildLimits(TypedDict):
    """Sizes are in bytes, lengths in characters."""

    memory: int
    is_watched: bool  # the process watches its memory, where it can't be limited
    seconds: float
    unpacked: int  # all parts of the archive together
    text: int  # what is written of the chosen sheets, or of any other sheet
    cells: int  # of all sheets together: from the first to the last one of each, empty ones included
    columns: int
    cell: int  # the length of one cell
    shown_columns: int  # in `SheetAnswer.top`


class Request(TypedDict):
    kind: str  # "xlsx", "xls" or "ods"
    sheets: list[str]  # the names of the chosen sheets


class SheetName(TypedDict):
    name: str
    is_hidden: bool


class SheetAnswer(TypedDict):
    """What is known about a sheet. `start` and `end` are positions in the output, equal if its rows weren't kept.

    Without a choice, the rows are kept of the first sheet that has text, and of the first one that has addresses.
    """

    name: str
    rows: int  # with text
    hidden_rows: list[int]  # the numbers of those that are hidden
    has_addresses: bool
    top: list[tuple[int, list[str]]]  # the number and cells of the first rows
    start: int
    end: int
    problem: Verdict | None


class WorkbookRejected(Exception):
    """Why a workbook or a sheet isn't read: the code of a problem, and the values of its message."""

    def __init__(self, code: str, **params: int | str) -> None:
        super().__init__(code)
        self.verdict: Verdict = {"code": code, **params}


def main() -> None:
    limits: ChildLimits = json.loads(sys.argv[1])
    limit_this_process(limits)
    with open(int(sys.argv[2]), "r+b", buffering=0, closefd=False) as answers:
        request: Request = json.loads(answers.read())

        def answer(value: object) -> None:
            write_all(answers.fileno(), json.dumps(value).encode() + b"\n")

        try:
            read_workbook(sys.stdin.buffer, request, limits, answer)
        except WorkbookRejected as rejected:
            verdict = rejected.verdict
        except MemoryError:
            verdict = {"code": "workbook_too_heavy"}
        except OSError as error:
            if error.errno != errno.EFBIG:
                raise
            verdict = {"code": "workbook_too_big", "max_size": limits["text"]}
        else:
            return
        answer(verdict)
    os._exit(REJECTED)


def write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def limit_this_process(limits: ChildLimits) -> None:
    """Make sure that this process ends in time, even if its parent is killed, and stays within its limits."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits["seconds"])
    lower(resource.RLIMIT_CORE, 0)
    # Python ignores the signal of this limit, so writing more raises OSError. The rows of up to three sheets are in the
    # output at a time: the two that are kept without a choice, and the one that is being read.
    lower(resource.RLIMIT_FSIZE, 3 * limits["text"])
    if limits["is_watched"]:
        threading.Thread(target=watch_memory, args=(limits["memory"],), daemon=True).start()
    else:
        lower(resource.RLIMIT_AS, limits["memory"])


def lower(limit: int, value: int) -> None:
    hard = resource.getrlimit(limit)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (value, value))


def watch_memory(most: int) -> None:
    """End this process when it uses more memory. For macOS, which has no RLIMIT_AS."""
    while resident_size() < most:
        time.sleep(0.02)
    os.kill(os.getpid(), signal.SIGKILL)


def resident_size() -> int:
    """How many bytes of memory this process uses; on macOS, the most so far."""
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # On Linux, the most so far includes what the parent used before it started this process.
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


# --- Before the library reads the workbook ------------------------------------------------------------

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


# What a file in Microsoft's old container format is if it has a stream with this name. The first one counts: a workbook
# may contain a document.
_STREAMS = {
    "Workbook": "xls",
    "Book": "xls",
    "EncryptedPackage": "locked",
    "WordDocument": "word",
    "PowerPoint Document": "powerpoint",
}
_BEGINNING, _WRITE_PROTECTION, _PASSWORD = 0x0809, 0x0086, 0x002F  # records of a workbook


def recognize_container(file: BinaryIO) -> None:
    """Reject a file of Microsoft's old container format (CFB) that isn't an .xls workbook, or is a locked one."""
    file.seek(0)
    data = file.read()
    found = ((kind, entry) for name, kind in _STREAMS.items() if (entry := find_stream(data, name)))
    kind, entry = next(found, ("", b""))
    if kind == "locked" or (kind == "xls" and has_password(data, entry)):
        raise WorkbookRejected("workbook_locked")
    if not kind:
        raise WorkbookRejected("workbook_unreadable")
    if kind != "xls":
        raise WorkbookRejected("other_kind", kind=kind)


def find_stream(data: bytes, name: str) -> bytes:
    """The entry of a stream in the container's directory. It has 128 bytes; the name and its length lead."""
    encoded = f"{name}\0".encode("utf-16-le")
    place = data.find(encoded)
    while place >= 0:
        if place % 128 == 0 and data[place + 64 : place + 66] == len(encoded).to_bytes(2, "little"):
            return data[place : place + 128]
        place = data.find(encoded, place + 1)
    return b""


def has_password(data: bytes, entry: bytes) -> bool:
    """Whether the workbook in this stream is encrypted. Its first records say so; nearly all others are encrypted."""
    sector = int.from_bytes(entry[116:120], "little")
    place = sector + 1 << int.from_bytes(data[30:32], "little") % 16
    kind = _BEGINNING
    while kind in (_BEGINNING, _WRITE_PROTECTION):
        kind = int.from_bytes(data[place : place + 2], "little")
        place += 4 + int.from_bytes(data[place + 2 : place + 4], "little")
    return kind == _PASSWORD


# --- Hidden rows ------------------------------------------------------------------------------------

_ROWS = 1 << 20  # of a sheet
# For each row number, whether the row is hidden.
Hidden = bytearray


class HiddenRows:
    """Finds out which rows are hidden or filtered. The library doesn't know, so we read them from the XML again."""

    def __init__(self, file: BinaryIO, kind: str, hiding: set[str]) -> None:
        """`hiding` are the names of the parts that may hide rows. Raises ExpatError for XML that is damaged."""
        self._archive = zipfile.ZipFile(file)
        self._hiding = hiding
        self._by_table: dict[str, Hidden] = {}
        self._part_of: dict[str, str] | None = None
        self._is_ods = kind == "ods"
        if self._is_ods:
            self._read_ods()

    def of(self, sheet: str) -> Hidden | None:
        """The hidden rows of a sheet; None if there are none."""
        if self._is_ods or not self._hiding:
            return self._by_table.get(sheet)
        if self._part_of is None:
            self._part_of = self._find_parts()
        part = self._part_of.get(sheet)
        if part is None:
            # The library has found the sheet somewhere, so we can't say what is hidden there.
            raise WorkbookRejected("workbook_unreadable")
        return self._read_xlsx(part) if part in self._hiding else None

    def _find_parts(self) -> dict[str, str]:
        """For each sheet of an .xlsx file, the name of its part."""
        sheets: dict[str, str] = {}

        def start(name: str, attributes: dict[str, str]) -> None:
            if local(name) == "sheet":
                ids = [value for key, value in attributes.items() if local(key) == "id" and key != "id"]
                sheets[attributes.get("name", "")] = ids[0] if ids else ""

        # As in the library, case and the kind of slash don't matter in the names of parts.
        parts = {plain_name(name): name for name in self._archive.namelist()}
        book = self._find_related(parts, "_rels/.rels", "", "officeDocument").get("", "xl/workbook.xml")
        folder, _, file = book.rpartition("/")
        self._parse(parts[book], start)
        targets = self._find_related(parts, f"{folder}/_rels/{file}.rels", f"{folder}/", "")
        found = ((sheet, targets.get(identifier, "")) for sheet, identifier in sheets.items())
        return {sheet: parts[part] for sheet, part in found if part in parts}

    def _find_related(self, parts: dict[str, str], name: str, folder: str, kind: str) -> dict[str, str]:
        """The parts that a part with relationships names, by their ids; those of one `kind` by the empty id."""
        targets: dict[str, str] = {}

        def start(name: str, attributes: dict[str, str]) -> None:
            if local(name) == "Relationship":
                target = plain_name(attributes.get("Target", ""))
                target = target[1:] if target.startswith("/") else f"{folder}{target}"
                if not kind:
                    targets[attributes.get("Id", "")] = target
                elif attributes.get("Type", "").endswith(f"/{kind}"):
                    targets[""] = target

        if name in parts:
            self._parse(parts[name], start)
        return targets

    def _read_xlsx(self, part: str) -> Hidden | None:
        hidden = Hidden(_ROWS + 1)
        number = 0

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal number
            if name == "row" or name.endswith(":row"):
                # Positions were checked before: they are numbers of rows.
                number = read_number(attributes["r"]) if "r" in attributes else number + 1
                if is_true(attributes.get("hidden", "")) and number <= _ROWS:
                    hidden[number] = 1

        self._parse(part, start)
        return hidden if any(hidden) else None

    def _read_ods(self) -> None:
        tables: list[str] = []  # A cell may hold a table of its own, which the library ignores.
        groups: list[bool] = []
        number = 0

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal number
            if name == "table:table":
                tables.append(attributes.get("table:name", ""))
                if len(tables) == 1:
                    number = 0
            elif name == "table:table-row-group":
                groups.append(attributes.get("table:display") == "false")
            elif name == "table:table-row" and len(tables) == 1:
                first = number + 1
                number += read_number(attributes.get("table:number-rows-repeated", "1"))
                if attributes.get("table:visibility") in ("collapse", "filter") or any(groups):
                    hidden = self._by_table.setdefault(tables[0], Hidden(_ROWS + 1))
                    last = min(number, _ROWS)
                    if first <= last:
                        hidden[first : last + 1] = b"\1" * (last + 1 - first)

        def end(name: str) -> None:
            if name == "table:table" and tables:
                tables.pop()
            elif name == "table:table-row-group" and groups:
                groups.pop()

        # Also without hidden rows: the library never ends where an end tag is missing.
        is_hiding = "content.xml" in self._hiding
        self._parse("content.xml", start if is_hiding else None, end if is_hiding else None)

    def _parse(
        self,
        part: str,
        start: Callable[[str, dict[str, str]], None] | None,
        end: Callable[[str], None] | None = None,
    ) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.StartDoctypeDeclHandler = refuse_doctype
        with self._archive.open(part) as unpacked:
            parser.ParseFile(unpacked)


def refuse_doctype(*_: object) -> None:
    """No spreadsheet writes one, and it can define entities that expand without end."""
    raise WorkbookRejected("workbook_unreadable")


def plain_name(part: str) -> str:
    return part.replace("\\", "/").lower()


def local(name: str) -> str:
    """The name without the prefix of its namespace."""
    return name.partition(":")[2] or name


def is_true(value: str) -> bool:
    return value.strip() in ("1", "true")


def read_number(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() else 1


# --- Reading -------------------------------------------------------------------------------------

_ROWS_SHOWN, _LENGTH_SHOWN = 25, 200
# How much of all sheets is shown: characters, and more for each cell. A workbook may have thousands of sheets.
_SHOWN, _SHOWN_PER_CELL = 5_000_000, 50
_ADDRESS = re.compile(r"[^\s@]@[^\s@]")
# Instead of NUL, which Excel writes as _x0000_ and no text may have. The check reports it as a lost letter.
LOST = "\ufffd"
_SHEETS = 1_000
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
        self._hidden_left = _ROWS
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


if __name__ == "__main__":
    main()
