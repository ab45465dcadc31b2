"""Go through a file once, from bytes to checked rows: the loop of the check."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice, repeat
from typing import BinaryIO

from invites.checking.block import Block
from invites.checking.catalog import CellError, duplicate_notice, file_problem, notice
from invites.checking.cells.row import check_cells, find_typo
from invites.checking.cells.text import is_blank
from invites.checking.reading.chunks import Columns, Records, take_columns
from invites.checking.reading.dialect import DELIMITERS, find_dialect
from invites.checking.reading.encoding import Source, open_source, rewindable
from invites.checking.reading.header import Header, found_and_expected, holds_an_address, names_our_columns, read_header
from invites.checking.reading.quotes import explain_quote, swallows_people
from invites.checking.reading.workbook import ENCODING, Sheet, open_workbook
from invites.checking.report import Limits, Problem, Report, Row
from invites.checking.screening import Screen

# A title, a date and a note may be above the column names.
_ROWS_ABOVE = 10
_RECORDS_AT_ONCE = 256
# No sheet of a spreadsheet has more rows. A file of line breaks alone could have 25 million.
_MOST_RECORDS = 1_048_576


def _do_nothing() -> None:
    pass


class Check:
    """One pass over one file.

    Iterate `blocks()` to the end; `report` is updated meanwhile and complete afterwards. The stream is read as rows
    are needed, and never closed. A file may turn out to be rejected in the middle: then the iteration ends, the report
    says so, and the rows handed out so far are void.
    """

    def __init__(
        self,
        stream: BinaryIO,
        *,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        name: str = "",
        while_waiting: Callable[[], None] | None = None,
    ) -> None:
        """`name` is the file's name, if it has one: a workbook is read only if it is called .xlsx.

        `while_waiting` is called with every few hundred records, and every few seconds while a workbook is read. It
        may raise to end the check.
        """
        self.limits = limits
        # The sheet of a workbook, once it has been read.
        self.sheet: Sheet | None = None
        self._while_waiting = while_waiting or _do_nothing
        self.report = Report()
        self._stream = stream
        self._name = name
        self._started = False

    def blocks(self) -> Iterator[Block]:
        """Every row, in order: valid ones, duplicates, and those with problems."""
        if self._started:
            raise RuntimeError("A Check reads its file once. Create another one.")
        self._started = True
        stream, size = rewindable(self._stream, self.limits)
        sheet = None
        if self._name.lower().endswith(".xlsx") and size <= self.limits.max_bytes:
            sheet = open_workbook(stream, self.limits, while_waiting=self._while_waiting)
        if isinstance(sheet, Sheet):
            self.sheet = sheet
            self.report.encoding = ENCODING
            yield from _Reading(sheet.rows(), "", self.limits, self.report, self._while_waiting).blocks()
            return
        source = sheet or open_source(stream, self.limits)
        if isinstance(source, Problem):
            self.report.reject(source)
        else:
            yield from self._read_text(source)

    def _read_text(self, source: Source) -> Iterator[Block]:
        self.report.encoding = source.encoding
        dialect = find_dialect(source.open_text())
        if isinstance(dialect, Problem):
            self.report.reject(dialect)
            return
        self.report.delimiter = dialect.name
        # This limit belongs to the whole process, so it is only ever raised. A cell below it is a problem of its row.
        if csv.field_size_limit() < self.limits.max_cell:
            csv.field_size_limit(self.limits.max_cell)
        reader = csv.reader(source.open_text(), delimiter=dialect.delimiter, strict=True)
        reading = _Reading(reader, dialect.delimiter, self.limits, self.report, self._while_waiting)
        try:
            for _ in range(dialect.lines_before):
                next(reader)
            reading.line_end = dialect.lines_before
            yield from reading.blocks()
        except csv.Error as error:
            self.report.reject(reading.explain(source, str(error)))


class _Reading:
    """The rows of a file whose encoding and delimiter are known.

    `number` and `line_end` are the row number and the last line of the records read so far, up to the last chunk.
    """

    def __init__(
        self,
        records: Records,
        delimiter: str,
        limits: Limits,
        report: Report,
        while_waiting: Callable[[], None],
    ) -> None:
        self.records, self.delimiter, self.limits, self.report = records, delimiter, limits, report
        self._while_waiting = while_waiting
        self._most_records = max(_MOST_RECORDS, 2 * limits.max_rows)
        self.header: Header | None = None
        self.number = 0  # as the spreadsheet counts
        self.line_end = 0
        self._screen = Screen(limits)
        # The chunk in which each address occurs first, and of each chunk its first row number and its addresses. The
        # numbers of chunks are shared, and neither the dict nor the tuples cost the garbage collector anything.
        self._first_seen: dict[str, int] = {}
        self._chunks: list[tuple[int, tuple[str, ...]]] = []

    def blocks(self) -> Iterator[Block]:
        """The rows, in order."""
        self.header = self._find_header()
        if self.header is None:
            return
        yield from self._check_rows(self.header)
        if not self.report.rows and not self.report.rejection:
            self.report.reject(file_problem("no_rows"))

    def explain(self, source: Source, error: str) -> Problem:
        """What is wrong with the record at which the parser gave up, or with one above it in the same chunk."""
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
                if self._has_too_many_lines():
                    return None
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

    def _has_too_many_lines(self) -> bool:
        if self.number <= self._most_records:
            return False
        self.report.reject(file_problem("too_many_lines", limit=f"{self._most_records:,}"))
        return True

    def _check_rows(self, header: Header) -> Iterator[Block]:
        while columns := take_columns(self.records, header.reach):
            self._while_waiting()
            if self._has_too_many_lines():
                return
            block = self._check_chunk(columns, header)
            if block is None:
                return
            found = len(block)
            self.report.count(found)
            if self.report.rows > self.limits.max_rows:
                self._refuse_count()
                return
            if found:
                yield block

    def _check_chunk(self, columns: Columns, header: Header) -> Block | None:
        """Check one chunk of records. None if the file turns out to be rejected.

        Only flagged records are checked one by one: what Python does for a single row costs as much as reading it.
        """
        first = self.number + 1
        self.number += len(columns.lines)
        self.line_end = self.records.line_num
        for position in columns.multiline:
            if swallowed := self._find_swallowed(columns.record(position), header):
                line = columns.lines[position]
                problem = file_problem("unclosed_quote", row=first + position, line=line, value=swallowed)
                self.report.reject(problem)
                return None
        empty = ("",) * len(columns.lines)
        emails, first_names, last_names, descriptions = (
            empty if index is None else columns.cells[index] for index in header.positions
        )
        flagged = self._screen.flag(emails, first_names, last_names, descriptions)
        flagged.update(columns.irregular_rows)
        for column in columns.cells[header.width :]:
            flagged.update([position for position, cell in enumerate(column) if cell])
        rows = {
            position: self._check_row(columns, position, header, row=first + position) for position in sorted(flagged)
        }
        numbers = range(first, self.number + 1)
        block = Block(numbers, columns.lines, emails, first_names, last_names, descriptions, rows)
        self._find_duplicates(block)
        self._find_typos(block)
        return block

    def _find_duplicates(self, block: Block) -> None:
        """Mark the rows whose address occurs further up. A row with problems doesn't count."""
        keys = list(block.emails)
        for position, row in block.flagged_rows.items():
            keys[position] = row.email_key if row and not row.problems else ""
        known, chunk = len(self._first_seen), len(self._chunks)
        first_seen = list(map(self._first_seen.setdefault, keys, repeat(chunk)))
        self._first_seen.pop("", None)
        self._chunks.append((block.numbers[0], tuple(keys)))
        if len(self._first_seen) - known == len(keys) - keys.count(""):
            return  # Every address is new.
        for position, (key, chunk_of_first) in enumerate(zip(keys, first_seen, strict=True)):
            first_number, keys_there = self._chunks[chunk_of_first]
            first_row = first_number + keys_there.index(key)
            if key and first_row != block.numbers[position]:
                row = block.row_at(position)
                self.report.skip(duplicate_notice(row=row.number, first=first_row, value=row.email))
                block.flagged_rows[position] = row._replace(duplicate_of=first_row)
                keys[position] = ""
        # The addresses of duplicates needn't be kept.
        self._chunks[chunk] = (block.numbers[0], tuple(keys))

    def _find_typos(self, block: Block) -> None:
        """Warn about valid addresses with a likely typo."""
        for row in block.flagged_rows.values():
            if row and row.is_valid and (typo := find_typo(row)):
                self.report.warn(typo)

    def _check_row(self, columns: Columns, position: int, header: Header, *, row: int) -> Row | None:
        """Check any record in full; None for a blank one."""
        cells = columns.record(position)
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
            line=columns.lines[position],
            limits=self.limits,
            extra=extra,
            extra_value=extra_value,
        )
        if checked.problems:
            self.report.add_problems(checked.problems)
        return checked

    def _find_swallowed(self, cells: list[str], header: Header) -> str:
        return swallows_people(cells, delimiter=self.delimiter, header=header) if self.delimiter else ""

    def _refuse_extra(self, cells: list[str], header: Header) -> tuple[CellError, str]:
        """The problem of a row with cells beyond the last named column, and what to show of it."""
        if not self.delimiter:
            return CellError("cell_without_column"), ", ".join(filter(None, cells[header.width : header.width + 50]))
        facts = {"found": f"{len(cells):,}", "limit": header.width, "delimiter": DELIMITERS[self.delimiter]}
        return CellError("too_many_cells", facts), self.delimiter.join(cells[:50])

    def _refuse_count(self) -> None:
        """Too many rows: count the rest, so that the message can give both numbers."""
        found, exact = self.report.rows, True
        try:
            for number, cells in enumerate(self.records):
                if number % _RECORDS_AT_ONCE == 0:
                    self._while_waiting()
                found += any(not is_blank(cell) for cell in cells)
        except csv.Error:
            exact = False
        words = f"{found:,}" if exact else f"more than {self.limits.max_rows:,}"
        self.report.reject(file_problem("too_many_rows", found=words, limit=f"{self.limits.max_rows:,}"))
