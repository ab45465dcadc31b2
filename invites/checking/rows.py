"""Walk once through a file, from bytes to checked rows: the loop of the check."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import BinaryIO

from invites.checking.block import Block
from invites.checking.catalog import Fault, duplicate_notice, file_problem, notice
from invites.checking.cells import check_cells, find_typo
from invites.checking.columns import Columns, Records, take_columns
from invites.checking.decode import Source, open_source, rewindable
from invites.checking.dialect import DELIMITERS, find_dialect
from invites.checking.header import Header, found_and_expected, holds_an_address, names_our_columns, read_header
from invites.checking.plain import PlainRows
from invites.checking.quotes import explain_quote, swallows_people
from invites.checking.report import Limits, Problem, Report, Row
from invites.checking.seen import Seen
from invites.checking.text import is_blank
from invites.checking.workbook import ENCODING, SheetRows, open_workbook

# What a row of a real file has at least, in bytes; only the size of a table is guessed from it.
_BYTES_OF_A_ROW = 40
# A title, a date and a note may stand above the column names.
_ROWS_ABOVE = 10


class Check:
    """One pass over one file.

    Iterate `blocks()` to the end; `report` is live meanwhile and complete afterwards. The stream is read as the
    rows are asked for and never closed. A file may turn out to be rejected in the middle: then the iteration
    ends, the report says so, and the rows handed out so far count for nothing.
    """

    def __init__(self, stream: BinaryIO, *, limits: Limits = Limits(), name: str = "") -> None:  # noqa: B008 - frozen
        """`name` is the file's, if it has one: a workbook is read only if it is called .xlsx."""
        self.limits = limits
        self.report = Report()
        self._stream = stream
        self._name = name
        self._started = False

    def blocks(self) -> Iterator[Block]:
        """Every row, in order: valid ones, duplicates, problem ones."""
        if self._started:
            raise RuntimeError("a Check is one pass: make another one")
        self._started = True
        stream, bytes_of_file = rewindable(self._stream, self.limits)
        expected = bytes_of_file // _BYTES_OF_A_ROW
        sheet = None
        if self._name.lower().endswith(".xlsx") and bytes_of_file <= self.limits.max_bytes:
            sheet = open_workbook(stream, self.limits)
        if isinstance(sheet, SheetRows):
            self.report.encoding = ENCODING
            yield from _Reading(sheet, "", self.limits, self.report).blocks(expected)
            return
        source = sheet or open_source(stream, self.limits)
        if isinstance(source, Problem):
            self.report.reject(source)
        else:
            yield from self._read_text(source, expected)

    def _read_text(self, source: Source, expected: int) -> Iterator[Block]:
        self.report.encoding = source.encoding
        dialect = find_dialect(source.open_text())
        if isinstance(dialect, Problem):
            self.report.reject(dialect)
            return
        self.report.delimiter = dialect.name
        # The limit is the process's. It is only ever raised: a cell up to it is a problem of its row.
        if csv.field_size_limit() < self.limits.max_cell:
            csv.field_size_limit(self.limits.max_cell)
        reader = csv.reader(source.open_text(), delimiter=dialect.delimiter, strict=True)
        reading = _Reading(reader, dialect.delimiter, self.limits, self.report)
        try:
            for _ in range(dialect.lines_before):
                next(reader)
            reading.line_end = dialect.lines_before
            yield from reading.blocks(expected)
        except csv.Error as error:
            self.report.reject(reading.explain(source, str(error)))


class _Reading:
    """The rows of a file, once they can be read. `number` and `line_end` are those of the last record of a block."""

    def __init__(self, records: Records, delimiter: str, limits: Limits, report: Report) -> None:
        self.records, self.delimiter, self.limits, self.report = records, delimiter, limits, report
        self.header: Header | None = None
        self.number = 0  # as the spreadsheet counts
        self.line_end = 0

    def blocks(self, expected: int) -> Iterator[Block]:
        """The rows, of which there are `expected`, at a guess."""
        self.header = self._find_header()
        if self.header is None:
            return
        yield from self._check_rows(self.header, Seen(expected))
        if not self.report.rows and not self.report.rejection:
            self.report.reject(file_problem("no_rows"))

    def explain(self, source: Source, error: str) -> Problem:
        """What is wrong with the record at which the parser gave up, or with one above it in the same block."""
        number, line = self.number, self.line_end
        replay = csv.reader(islice(source.open_text(), line, None), delimiter=self.delimiter, strict=True)
        try:
            for cells in replay:
                number += 1
                end = self.line_end + replay.line_num
                if self.header and (swallowed := self._find_swallowed(cells, self.header)):
                    return file_problem("unclosed_quote", row=number, line=line + 1, value=swallowed)
                line = end
        except csv.Error:
            pass
        return explain_quote(
            islice(source.open_text(), line, None),
            delimiter=self.delimiter,
            row=number + 1,
            line=line + 1,
            limits=self.limits,
            error=error,
        )

    def _find_header(self) -> Header | None:
        for cells in self.records:
            self.number += 1
            self.line_end = self.records.line_num
            if all(is_blank(cell) for cell in cells):
                continue
            header = read_header(cells, limits=self.limits)
            found, expected = found_and_expected(cells)
            self.report.columns = found
            if isinstance(header, Problem):
                if header.code in ("missing_column", "no_header") and (below := self._find_names_below(cells)):
                    header = file_problem("names_below", number=below, value=header.value)
                self.report.reject(header, found=found, expected=expected)
                return None
            self.report.columns, self.report.ignored_columns = header.columns, header.ignored
            for name in header.ignored:
                self.report.warn(notice("ignored_column", row=self.number, value=name, name=name))
            for place in header.unnamed:
                self.report.warn(notice("unnamed_column", row=self.number, number=place))
            return header
        self.report.reject(file_problem("empty"))
        return None

    def _find_names_below(self, cells: list[str]) -> int:
        """The row with the column names below one that is none; 0 where there is none, or somebody stands above it."""
        number = self.number
        with suppress(csv.Error):
            while not holds_an_address(cells) and number < self.number + _ROWS_ABOVE:
                cells, number = next(self.records, [""]), number + 1
                if names_our_columns(cells):
                    return number
        return 0

    def _check_rows(self, header: Header, seen: Seen) -> Iterator[Block]:
        plain = PlainRows(self.limits)
        while columns := take_columns(self.records, header.reach):
            block = self._check_block(columns, header, plain, seen)
            if block is None:
                return
            found = len(block)
            self.report.count(found)
            if self.report.rows > self.limits.max_rows:
                self._refuse_count()
                return
            if found:
                yield block

    def _check_block(self, columns: Columns, header: Header, plain: PlainRows, seen: Seen) -> Block | None:
        """Some records: most of them as they stand, the others one by one. None when the file turns out to be rejected.

        Nothing is done for a plain row alone, because what Python does for one row costs as much as reading it.
        """
        first = self.number + 1
        self.number += len(columns.lines)
        self.line_end = self.records.line_num
        for place in columns.longer:
            if swallowed := self._find_swallowed(columns.record(place), header):
                line = columns.lines[place]
                self.report.reject(file_problem("unclosed_quote", row=first + place, line=line, value=swallowed))
                return None
        nothing = ("",) * len(columns.lines)
        emails, first_names, last_names, descriptions = (
            nothing if place is None else columns.cells[place] for place in header.positions
        )
        others = plain.find_others(emails, first_names, last_names, descriptions)
        others.update(columns.apart)
        for column in columns.cells[header.width :]:
            others.update([place for place, cell in enumerate(column) if cell])
        apart = {place: self._check_row(columns, place, header, row=first + place) for place in sorted(others)}
        numbers = range(first, self.number + 1)
        block = Block(numbers, columns.lines, emails, first_names, last_names, descriptions, apart)
        self._find_duplicates(block, seen)
        return block

    def _find_duplicates(self, block: Block, seen: Seen) -> None:
        keys = list(block.emails)
        for place, row in block.apart.items():
            keys[place] = row.email_key if row and not row.problems else ""
        again = dict(seen.add(keys, first=block.numbers[0]))
        for place, row in block.apart.items():
            if place not in again and row and not row.problems and (typo := find_typo(row)):
                self.report.warn(typo)
        for place, first_row in again.items():
            row = block.row_at(place)
            self.report.skip(duplicate_notice(row=row.number, first=first_row, value=row.email))
            block.apart[place] = row._replace(duplicate_of=first_row)

    def _check_row(self, columns: Columns, place: int, header: Header, *, row: int) -> Row | None:
        """Any row, looked at closely; None for a blank one."""
        cells = columns.record(place)
        if is_blank(cells[0] if cells else "") and all(map(is_blank, cells)):
            return None
        extra, extra_value = None, ""
        if len(cells) != header.width:
            if not all(map(is_blank, cells[header.width :])):
                extra, extra_value = self._refuse_extra(cells, header)
            cells += [""] * (header.width - len(cells))
        email, first, last, description = header.positions
        checked = check_cells(
            cells[email],
            cells[first],
            cells[last],
            "" if description is None else cells[description],
            row=row,
            line=columns.lines[place],
            limits=self.limits,
            extra=extra,
            extra_value=extra_value,
        )
        if checked.problems:
            self.report.add_problems(checked.problems)
        return checked

    def _find_swallowed(self, cells: list[str], header: Header) -> str:
        return swallows_people(cells, delimiter=self.delimiter, header=header) if self.delimiter else ""

    def _refuse_extra(self, cells: list[str], header: Header) -> tuple[Fault, str]:
        """The fault of a row that goes on beside the last column with a name, and what to show of it."""
        if not self.delimiter:
            return Fault("cell_without_column"), ", ".join(filter(None, cells[header.width : header.width + 50]))
        facts = {"found": f"{len(cells):,}", "limit": header.width, "delimiter": DELIMITERS[self.delimiter]}
        return Fault("too_many_cells", facts), self.delimiter.join(cells[:50])

    def _refuse_count(self) -> None:
        """Too many rows: count the rest, so that both numbers can be said."""
        found, exact = self.report.rows, True
        try:
            for cells in self.records:
                found += any(not is_blank(cell) for cell in cells)
        except csv.Error:
            exact = False
        words = f"{found:,}" if exact else f"more than {self.limits.max_rows:,}"
        self.report.reject(file_problem("too_many_rows", found=words, limit=f"{self.limits.max_rows:,}"))
