"""Check a file in one pass, from bytes to rows."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice, repeat
from typing import BinaryIO

from invites.checking.block import Block
from invites.checking.catalog import duplicate_notice, file_problem, notice
from invites.checking.cells.error import CellError
from invites.checking.cells.provider_typos import intended_domain
from invites.checking.cells.text import is_blank
from invites.checking.domain_typos import typo_notice
from invites.checking.reading.chunks import RECORDS_AT_ONCE, Columns, Records, take_columns
from invites.checking.reading.dialect import find_dialect
from invites.checking.reading.encoding import Source
from invites.checking.reading.file import open_file, read_records
from invites.checking.reading.header import Header, found_names, holds_an_address, names_our_columns, read_header
from invites.checking.reading.quotes import explain_quote, find_swallowed_rows
from invites.checking.reading.workbook import Sheet, Workbook
from invites.checking.report import Limits, Problem, Report, Row
from invites.checking.row import check_cells
from invites.checking.screening import Screen

# We look for column names below a title, a date or a note.
_ROWS_ABOVE = 10
# No spreadsheet has more rows. A file that consists of line breaks could have 25 million.
_MOST_RECORDS = 1_048_576


def _do_nothing() -> None:
    pass


class Check:
    """One pass over one file.

    Iterate `blocks()` to the end; `report` is updated meanwhile and complete afterwards. The stream is read as rows
    are needed, and never closed. A file may be rejected in the middle: then the iteration ends, the report says so, and
    the rows so far must be discarded.
    """

    def __init__(
        self,
        stream: BinaryIO,
        *,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        name: str = "",
        while_waiting: Callable[[], None] | None = None,
    ) -> None:
        """`name` is the name of the file, if it has one. Nothing depends on it: the content says what a file is.

        `while_waiting` is called every few hundred records, and every few seconds while a workbook is read. It may
        raise an exception to end the check.
        """
        self.limits = limits
        # A workbook and its sheet, once they have been read.
        self.workbook: Workbook | None = None
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
        file = open_file(self._stream, self.limits, while_waiting=self._while_waiting)
        if isinstance(file, Problem):
            self.report.reject(file)
        elif isinstance(file, Workbook):
            self.workbook, self.sheet = file, file.sheets[0]
            self.report.encoding = file.kind
            yield from _RecordChecker(self.sheet.rows(), "", self.limits, self.report, self._while_waiting).blocks()
        else:
            yield from self._check_text(file)

    def _check_text(self, source: Source) -> Iterator[Block]:
        self.report.encoding = source.encoding
        dialect = find_dialect(source.open_text())
        if isinstance(dialect, Problem):
            self.report.reject(dialect)
            return
        self.report.delimiter = dialect.name
        records = read_records(source, dialect.delimiter, self.limits)
        checker = _RecordChecker(records, dialect.delimiter, self.limits, self.report, self._while_waiting)
        try:
            for _ in range(dialect.lines_before):
                next(records)
            checker.line_end = dialect.lines_before
            yield from checker.blocks()
        except csv.Error as error:
            self.report.reject(checker.explain(source, str(error)))


class _RecordChecker:
    """Checks the records of a file whose encoding and delimiter are known.

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
        self._screen = Screen()
        # The chunk in which each address occurs first, and for each chunk its first row number and its addresses. This
        # takes little memory, and the garbage collector doesn't track dicts and tuples of strings and numbers.
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
        """What is wrong with the record that the parser can't read, or with an earlier one in the same chunk."""
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
            found = found_names(cells)
            self.report.columns = found
            if isinstance(header, Problem):
                if header.code in ("missing_column", "no_header") and (below := self._find_names_below(cells)):
                    header = file_problem("names_below", number=below, value=header.value)
                self.report.reject(header, found=found)
                return None
            self.report.columns, self.report.ignored_columns = header.names, header.ignored
            for name in header.ignored:
                self.report.warn(notice("ignored_column", row=self.number, value=name, name=name))
            for place in header.unnamed:
                self.report.warn(notice("unnamed_column", row=self.number, number=place))
            return header
        self.report.reject(file_problem("empty"))
        return None

    def _find_names_below(self, cells: list[str]) -> int:
        """The number of a row below that has the column names; 0 if there is none, or if an address comes first."""
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
        self.report.reject(file_problem("too_many_lines", limit=self._most_records))
        return True

    def _check_rows(self, header: Header) -> Iterator[Block]:
        while chunk := take_columns(self.records, header.reach):
            self._while_waiting()
            if self._has_too_many_lines():
                return
            block = self._check_chunk(chunk, header)
            if block is None:
                return
            found = len(block)
            self.report.count(found)
            if self.report.rows > self.limits.max_rows:
                self._reject_row_count()
                return
            if found:
                yield block

    def _check_chunk(self, chunk: Columns, header: Header) -> Block | None:
        """Check one chunk of records. None if the file has to be rejected.

        Only flagged records are checked one by one: what Python does for a single row takes as long as reading it.
        """
        first = self.number + 1
        self.number += len(chunk.lines)
        self.line_end = self.records.line_num
        for position in chunk.multiline:
            if swallowed := self._find_swallowed(chunk.record(position), header):
                line = chunk.lines[position]
                problem = file_problem("unclosed_quote", row=first + position, line=line, value=swallowed)
                self.report.reject(problem)
                return None
        empty = ("",) * len(chunk.lines)
        columns = [empty if index is None else chunk.cells[index] for index in header.positions]
        flagged = self._screen.flag(columns)
        flagged.update(chunk.irregular_rows)
        for cells in chunk.cells[header.width :]:
            flagged.update([position for position, cell in enumerate(cells) if cell])
        rows = {
            position: self._check_row(chunk, position, header, row=first + position) for position in sorted(flagged)
        }
        block = Block(range(first, self.number + 1), chunk.lines, columns, rows)
        self._find_duplicates(block)
        self._find_typos(block)
        return block

    def _find_duplicates(self, block: Block) -> None:
        """Mark the rows whose address occurs in an earlier row. A row with problems doesn't count."""
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
                self.report.skip(duplicate_notice(row=row.number, first=first_row, value=row.values.email))
                block.flagged_rows[position] = row._replace(duplicate_of=first_row)
                keys[position] = ""
        # The addresses of duplicates needn't be kept.
        self._chunks[chunk] = (block.numbers[0], tuple(keys))

    def _find_typos(self, block: Block) -> None:
        """Warn about valid addresses with a likely typo."""
        for row in block.flagged_rows.values():
            if row and row.is_valid and (domain := intended_domain(row.values.email)):
                self.report.warn(typo_notice(row=row.number, email=row.values.email, right=domain))

    def _check_row(self, chunk: Columns, position: int, header: Header, *, row: int) -> Row | None:
        """Check any record in full; None for a blank one."""
        record = chunk.record(position)
        if is_blank(record[0] if record else "") and all(map(is_blank, record)):
            return None
        extra, extra_value = None, ""
        if len(record) > header.width and not all(map(is_blank, record[header.width :])):
            extra, extra_value = self._explain_extra_cells(record, header)
        checked = check_cells(
            header.pick(record), row=row, line=chunk.lines[position], extra=extra, extra_value=extra_value
        )
        if checked.problems:
            self.report.add_problems(checked.problems)
        return checked

    def _find_swallowed(self, cells: list[str], header: Header) -> str:
        return find_swallowed_rows(cells, delimiter=self.delimiter, header=header) if self.delimiter else ""

    def _explain_extra_cells(self, cells: list[str], header: Header) -> tuple[CellError, str]:
        """The error of a row with cells beyond the last named column, and what to show of it."""
        if not self.delimiter:
            return CellError("cell_without_column"), ", ".join(filter(None, cells[header.width : header.width + 50]))
        params = {"found": len(cells), "limit": header.width, "character": ord(self.delimiter)}
        return CellError("too_many_cells", params), self.delimiter.join(cells[:50])

    def _reject_row_count(self) -> None:
        """Reject a file with too many rows. Counts the others first, so that the message can name both numbers."""
        found, case = self.report.rows, "counted"
        try:
            for number, cells in enumerate(self.records):
                if number % RECORDS_AT_ONCE == 0:
                    self._while_waiting()
                found += any(not is_blank(cell) for cell in cells)
        except csv.Error:
            case = "more"
        self.report.reject(file_problem("too_many_rows", case=case, found=found, limit=self.limits.max_rows))
