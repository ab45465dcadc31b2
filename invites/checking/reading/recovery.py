"""Read a text in which some rows have broken quotation marks, if the rows around them are beyond doubt.

Python's csv reader is faster and stops at the first such row, so this is only used after it has stopped. All other rows
are read as it reads them. A broken row is a BrokenRecord, and the next line starts the next row. That is certain only
if the rows before and after it have the right number of cells, with an address and names where they belong.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice

from invites.checking.cells.text import is_blank
from invites.checking.columns import EMAIL
from invites.checking.reading.broken_record import BrokenRecord, as_written
from invites.checking.reading.columns.header import Header
from invites.checking.reading.delimited_text import DelimitedText
from invites.checking.reading.plan import Plan
from invites.checking.reading.quotes import find_rows_in_cell, scan_line

# How many rows on each side must be beyond doubt, unless the table ends there.
_ROWS_AROUND = 2
# A record in quotation marks that is longer isn't searched for its end.
_MOST_LINES, _MOST_CHARACTERS = 200, 1_000_000
_MOST_BLANK_LINES = 20
# How many lines a broken row can have.
_BROKEN_LINES = 5


class Unrecoverable(csv.Error):
    """The record with this number, counted from 1, and the rest can't be read. It starts after `line` lines."""

    def __init__(self, number: int, line: int) -> None:
        super().__init__("broken quotation marks")
        self.number, self.line = number, line


class RecoveredRecords:
    """An iterator over all records, such as csv.reader. Raises Unrecoverable where the rows aren't beyond doubt."""

    def __init__(self, text: DelimitedText, header: Header, header_row: int) -> None:
        self.line_num = text.dialect.lines_before
        self._delimiter, self._header, self._header_row = text.dialect.delimiter, header, header_row
        self._lines = islice(text.lines(), self.line_num, None)
        self._ahead: deque[str] = deque()
        self._before: deque[list[str]] = deque(maxlen=_ROWS_AROUND)
        # How many characters of lines may be read again, so that this takes linear time. A row with a single mark takes
        # about five rows.
        self._may_repeat = 20 * text.source.size + 100_000
        self._records = self._read_all()

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        return next(self._records)

    def _read_all(self) -> Iterator[list[str]]:
        number = 0
        while True:
            lines, cells = self._read_record()
            if not lines:
                return
            number += 1
            if cells is None:
                self._put_back(lines[1:])
                recovered = self._recover(lines[0]) if number > self._header_row else None
                if recovered is None:
                    raise Unrecoverable(number, self.line_num)
                lines, cells = recovered
            self.line_num += len(lines)
            if number > self._header_row and any(cells):
                self._before.append(cells)
            yield cells

    def _read_record(self) -> tuple[list[str], list[str] | None]:
        """The lines of the next record, none at the end of the text, and its cells if they can be read."""
        line = self._next_line()
        if not line:
            return [], None
        if '"' not in line and len(line) <= _MOST_CHARACTERS:
            text = line.rstrip("\r\n")
            return [line], text.split(self._delimiter) if text else []
        lines, size = [line], len(line)
        is_open = scan_line(line, self._delimiter)
        while is_open and len(lines) < _MOST_LINES and size < _MOST_CHARACTERS and (line := self._next_line()):
            lines.append(line)
            size += len(line)
            is_open = scan_line(line, self._delimiter, in_quotes=True)
        if is_open is not False:
            return lines, None
        try:
            [cells] = csv.reader(lines, delimiter=self._delimiter, strict=True)
        except csv.Error:
            # The limit of a cell.
            return lines, None
        return lines, cells

    def _recover(self, first: str) -> tuple[list[str], BrokenRecord] | None:
        """The lines of the broken record that starts with this one, and the record. None if it isn't certain."""
        if self._may_repeat < 0 or not all(map(self._is_row, self._before)):
            return None
        lines, cells = [first], self._without_marks(first)
        while not self._rows_follow():
            line = self._next_line()
            if len(lines) == _BROKEN_LINES or self._may_be_row(line) or self._may_repeat < 0:
                return None
            lines.append(line)
            cells = None
        return lines, cells or self._as_text(lines)

    def _rows_follow(self) -> bool:
        """Whether the next rows are beyond doubt, or the text ends."""
        taken: list[str] = []
        found = 0
        while found < _ROWS_AROUND:
            lines, cells = self._read_record()
            if not lines:
                break
            if cells is None:
                self._put_back(lines[1:])
                lines, cells = lines[:1], self._without_marks(lines[0])
            taken += lines
            if cells is not None and all(map(is_blank, cells)):
                if len(taken) > _MOST_BLANK_LINES:
                    break
                continue
            if cells is None or not self._is_row(cells):
                break
            found += 1
        else:
            self._put_back(taken)
            return True
        self._put_back(taken)
        return not lines

    def _is_row(self, cells: Sequence[str]) -> bool:
        """Whether this is beyond doubt the whole row of a person."""
        if len(cells) not in (self._header.width, self._header.reach):
            return False
        email_at, *names_at = self._header.required_positions
        if not isinstance(EMAIL.check(cells[email_at]), str):
            return False
        if any("@" in cells[at] or is_blank(cells[at]) for at in names_at):
            return False
        return find_rows_in_cell(list(cells), delimiter=self._delimiter, header=self._header) is None

    def _may_be_row(self, line: str) -> bool:
        """Whether a line might be a row, although its address or its number of cells is wrong."""
        return "@" in line or line.count(self._delimiter) >= max(1, *self._header.required_positions)

    def _without_marks(self, line: str) -> BrokenRecord | None:
        """The record with each broken quotation mark removed, if that gives the whole row of a person."""
        raw = line.rstrip("\r\n")
        found = raw.split(self._delimiter)
        cells = [_without_mark(cell) for cell in found]
        # A blank after a comma is a sign of prose, and so of a comma inside a cell.
        if any(cell.startswith(" ") for cell in cells) or not self._is_row(cells):
            return None
        marked = next((at for at, cell in enumerate(found) if _is_broken(cell)), self._header.required_positions[0])
        return BrokenRecord(cells, raw=raw, marked=marked, is_certain=True)

    def _as_text(self, lines: Sequence[str]) -> BrokenRecord:
        raw = "".join(lines).rstrip("\r\n")
        email_at = self._header.required_positions[0]
        cells = [""] * self._header.reach
        cells[email_at] = raw
        return BrokenRecord(cells, raw=raw, marked=email_at, is_certain=False)

    def _next_line(self) -> str:
        return self._ahead.popleft() if self._ahead else next(self._lines, "")

    def _put_back(self, lines: Sequence[str]) -> None:
        self._ahead.extendleft(reversed(lines))
        self._may_repeat -= sum(map(len, lines))


def _without_mark(cell: str) -> str:
    """The cell without the quotation marks around it, or without a single one at its start or end."""
    text = cell.strip(" ")
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"').replace('\\"', '"')
    if text.count('"') % 2:
        return text[1:] if text.startswith('"') else text.removesuffix('"')
    return cell


def _is_broken(cell: str) -> bool:
    return cell.count('"') % 2 == 1 or scan_line(cell, "") is None


def readable_rows(plan: Plan) -> Iterator[list[str]]:
    """All records of a file, of which some may be a BrokenRecord. Raises csv.Error where they can't be read further."""
    count = 0
    try:
        for cells in plan.rows():
            count += 1
            yield cells
    except csv.Error:
        if plan.text is None:
            raise
        yield from islice(RecoveredRecords(plan.text, plan.header, plan.header_row), count, None)


def writable_rows(plan: Plan) -> Iterator[list[str]]:
    """The same records for another file, in which a broken one stays a problem."""
    email_at = plan.header.required_positions[0]
    return (as_written(cells, email_at=email_at) for cells in readable_rows(plan))
