"""Check a file in one pass, from bytes to rows."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import BinaryIO

from invites.checking.allowed_domains import ANY_DOMAIN, AllowedDomains
from invites.checking.block import Block
from invites.checking.broken_rows import check_broken_row
from invites.checking.catalog import file_problem, notice, row_problem, rows_notice
from invites.checking.cells.error import CellError
from invites.checking.cells.names import SEPARATORS
from invites.checking.cells.provider_typos import intended_domain
from invites.checking.cells.text import is_blank, trim
from invites.checking.columns import Cells
from invites.checking.domain_typos import typo_notice
from invites.checking.limits import Limits
from invites.checking.problem import Problem
from invites.checking.reading.broken_record import BrokenRecord
from invites.checking.reading.chunks import RECORDS_AT_ONCE, Columns, take_columns
from invites.checking.reading.columns.header import COLUMN_NAMES_AGAIN, Header
from invites.checking.reading.decisions import Decisions
from invites.checking.reading.delimited_text import DelimitedText
from invites.checking.reading.file import open_file
from invites.checking.reading.options import FIND_OUT, NOTHING_KNOWN, Evidence, ReadingOptions
from invites.checking.reading.plan import MOST_RECORDS, Plan, table_to_store
from invites.checking.reading.quotes import MOST_ROWS_IN_CELL, RowsInCell, explain_record, find_rows_in_cell
from invites.checking.reading.read_as import describe_reading
from invites.checking.reading.recovery import RecoveredRecords, Unrecoverable, writable_rows
from invites.checking.repeated_addresses import RepeatedAddresses
from invites.checking.report import Report, Row
from invites.checking.row import ALL_COLUMNS, check_cells, doubt_notices
from invites.checking.screening import Screen
from invites.checking.side_notes import SideNotes
from invites.checking.tail import NOTHING_KNOWN as NO_ROWS_KNOWN
from invites.checking.tail import KnownRows, Tails


def _do_nothing() -> None:
    pass


class Check:
    """One pass over one file.

    Iterate `blocks()` to the end; `report` is updated meanwhile and complete afterwards. The stream is read as rows
    are needed, and never closed. A file may be rejected in the middle: then the iteration ends, the report says so, and
    the rows so far must be discarded. If something has to be decided first, no rows are read, and the report has the
    decisions.
    """

    def __init__(
        self,
        stream: BinaryIO,
        *,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        options: ReadingOptions = FIND_OUT,
        evidence: Evidence = NOTHING_KNOWN,
        allowed: AllowedDomains = ANY_DOMAIN,
        first_row: int = 1,
        known: KnownRows = NO_ROWS_KNOWN,
        while_waiting: Callable[[], None] | None = None,
    ) -> None:
        """`options` says how to read the file, and `evidence` what is known about its sender. `allowed` are the email
        domains of the organization.

        `first_row` is the number of the first row: 0 for a table of `table_to_store`, which begins with our column
        names. `known` is what is known about its rows. `while_waiting` is called every few hundred records, and every
        few seconds while a workbook is read. It may raise an exception to end the check.
        """
        self.limits = limits
        self.report = Report()
        self._plan: Plan | None = None
        self._stream, self._options, self._evidence, self._first_row = stream, options, evidence, first_row
        self._known, self._allowed = known, allowed
        self._while_waiting = while_waiting or _do_nothing
        self._started = False

    def blocks(self) -> Iterator[Block]:
        """Every row, in order: valid ones, duplicates, and those with problems."""
        if self._started:
            raise RuntimeError("A Check reads its file once. Create another one.")
        self._started = True
        found = open_file(
            self._stream,
            self.limits,
            options=self._options,
            evidence=self._evidence,
            while_waiting=self._while_waiting,
        )
        if isinstance(found, Problem):
            self.report.reject(found)
        elif isinstance(found, Decisions):
            self.report.leave_undecided(found)
        else:
            self._plan = found
            describe_reading(self.report, found)
            yield from self._check(found)

    @property
    def sheet_problems(self) -> list[str]:
        """The codes of what is wrong with sheets that can't be read. The others were read, or can be."""
        decisions = self._plan.decisions if self._plan else self.report.decisions
        tables = decisions.preview.tables if decisions else ()
        return [table.problem["code"] for table in tables if table.problem]

    @property
    def header(self) -> Header | None:
        """The columns that the rows are read from, once blocks are read."""
        return self._plan.header if self._plan else None

    @property
    def table_to_store(self) -> Iterator[list[str]] | None:
        """The records to store instead of the file, once it is checked; None for a plain file.

        They are read again without any options, with a `first_row` of 0.
        """
        if self._plan is None or self._plan.decisions is None:
            return None
        return table_to_store(self._plan, writable_rows(self._plan), first_row=self._first_row)

    def _check(self, plan: Plan) -> Iterator[Block]:
        starts = [start for _name, start in self.report.sheets]
        tails = Tails(replace(self._known, sheet_starts=starts) if starts else self._known)
        checker = _RecordChecker(
            plan,
            self._first_row,
            self.limits,
            self.report,
            allowed=self._allowed,
            tails=tails,
            while_waiting=self._while_waiting,
        )
        try:
            yield from checker.blocks()
        except csv.Error as error:
            if plan.text is None:
                raise
            self.report.reject(checker.explain(plan.text, error))


class _RecordChecker:
    """Checks the records of a file that has a plan.

    `number` and `line_end` are the row number and the last line of the records read so far, up to the last chunk.
    """

    def __init__(
        self,
        plan: Plan,
        first_row: int,
        limits: Limits,
        report: Report,
        *,
        allowed: AllowedDomains,
        tails: Tails,
        while_waiting: Callable[[], None],
    ) -> None:
        self.plan, self.header, self.limits, self.report = plan, plan.header, limits, report
        self.records = plan.rows()
        self.delimiter = plan.text.dialect.delimiter if plan.text else ""
        self._while_waiting = while_waiting
        self._most_records = max(MOST_RECORDS, 2 * limits.max_rows)
        self._number_before = self.number = first_row - 1  # as the spreadsheet counts
        self.line_end = plan.text.dialect.lines_before if plan.text else 0
        self._allowed = allowed
        self._screen = Screen(allowed)
        self._tails = tails
        self._notes = SideNotes(plan.header, is_text=plan.text is not None)
        self._with_separators = 0
        self._first_error = ""
        self._repeated = RepeatedAddresses(
            self.header, report, read_again=self._read_again if plan.text is not None else None
        )

    def blocks(self) -> Iterator[Block]:
        """The rows, in order."""
        for _record in islice(self.records, self.plan.header_row):
            self.number += 1
        self.line_end = self.records.line_num
        yield from self._check_rows(self.header)
        if self._with_separators and not self.report.rejection:
            self.report.warn(notice("separators_replaced", row=None, count=self._with_separators))
        if not self.report.rejection:
            self._report_other_rows()
        if not self.report.rows and not self.report.rejection:
            self.report.reject(file_problem("no_rows"))

    def explain(self, text: DelimitedText, error: csv.Error) -> Problem:
        """What is wrong with the record that can't be read, or with an earlier one in the same chunk."""
        number, line, first_error = self.number, self.line_end, self._first_error or str(error)
        if isinstance(error, Unrecoverable):
            number, line = self._number_before + error.number - 1, error.line
        return explain_record(text, number=number, line=line, header=self.header, limits=self.limits, error=first_error)

    def _report_other_rows(self) -> None:
        """Report what isn't a person: rows below the last one, and notes beside the table."""
        self._tails.finish(self.report)
        if self.report.not_people:
            numbers, count = self.report.not_people_numbers, self.report.not_people
            self.report.warn_first(rows_notice("not_people", numbers=numbers, count=count))
        if self._notes.count:
            self.report.warn_first(rows_notice("notes_beside", numbers=self._notes.numbers, count=self._notes.count))

    def _has_too_many_lines(self) -> bool:
        if self.number <= self._most_records:
            return False
        self.report.reject(file_problem("too_many_lines", limit=self._most_records))
        return True

    def _check_rows(self, header: Header) -> Iterator[Block]:
        while chunk := self._take_columns(header):
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
                self._tails.add(block)
                yield block

    def _take_columns(self, header: Header) -> Columns | None:
        """The next chunk. After an error, the file is read again, more slowly: only some rows of it may be broken."""
        try:
            return take_columns(self.records, header.reach)
        except csv.Error as error:
            if self.plan.text is None or isinstance(self.records, RecoveredRecords):
                raise
            self._first_error = str(error)
        self.records = RecoveredRecords(self.plan.text, header, self.plan.header_row)
        for number, _record in enumerate(islice(self.records, self.number - self._number_before)):
            if number % RECORDS_AT_ONCE == 0:
                self._while_waiting()
        return take_columns(self.records, header.reach)

    def _read_again(self, chunks: int) -> Iterator[Columns]:
        """The first chunks once more, from the start of the text."""
        assert self.plan.text
        stream = self.plan.text.source.stream
        position = stream.tell()
        records = self.plan.rows()
        if isinstance(self.records, RecoveredRecords):
            records = RecoveredRecords(self.plan.text, self.header, self.plan.header_row)
        for _record in islice(records, self.plan.header_row):
            pass
        for _number in range(chunks):
            self._while_waiting()
            if chunk := take_columns(records, self.header.reach):
                yield chunk
        # The iterator that is being checked reads on from here.
        stream.seek(position)

    def _check_chunk(self, chunk: Columns, header: Header) -> Block | None:
        """Check one chunk of records. None if the file has to be rejected.

        Only flagged records are checked one by one: what Python does for a single row takes as long as reading it.
        """
        first = self.number + 1
        self.number += len(chunk.lines)
        self.line_end = self.records.line_num
        cells_with_rows: dict[int, RowsInCell] = {}
        for position in chunk.multiline:
            found = self._find_rows_in_cell(chunk.record(position), header)
            if found:
                cells_with_rows[position] = found
            if found and found.count > MOST_ROWS_IN_CELL:
                line = chunk.lines[position]
                problem = file_problem("unclosed_quote", row=first + position, line=line, value=found.cell)
                self.report.reject(problem)
                return None
        columns = header.take(chunk.cells, len(chunk.lines))
        flagged = self._screen.flag(columns)
        for position in header.find_unsure(chunk.cells):
            flagged.setdefault(position, [])
        for cells in chunk.cells[header.width :]:
            for position in [position for position, cell in enumerate(cells) if cell]:
                flagged.setdefault(position, [])
        flagged |= {position: [*ALL_COLUMNS] for position in chunk.irregular_rows}
        problems_before = len(self.report.problems)
        rows = {
            position: self._check_row(
                chunk, position, unsure, row=first + position, found=cells_with_rows.get(position)
            )
            for position, unsure in sorted(flagged.items())
        }
        block = Block(range(first, self.number + 1), chunk.lines, columns, rows)
        if self._repeated.find(block, chunk):
            self.report.sort_problems(since=problems_before)
        if self.report.rejection:
            return None
        self._find_doubts(block)
        return block

    def _find_doubts(self, block: Block) -> None:
        """Warn about valid addresses with a likely typo, and about cells that look damaged."""
        for position, row in block.flagged_rows.items():
            if row and row.is_valid:
                doubts = list(doubt_notices(row, self._allowed))
                self.report.doubtful_cells += len(doubts)
                if domain := intended_domain(row.values.email):
                    doubts.insert(0, typo_notice(row=row.number, email=row.values.email, right=domain))
                if doubts:
                    block.doubts[position] = doubts
                for doubt in doubts:
                    self.report.warn(doubt)

    def _check_row(
        self, chunk: Columns, position: int, unsure: Sequence[int], *, row: int, found: RowsInCell | None
    ) -> Row | None:
        """Check a record; None for a blank one. `unsure` are the columns that the screen wasn't sure about.

        `found` is a cell of the record that contains rows.
        """
        record, header = chunk.record(position), self.header
        if is_blank(record[0] if record else "") and all(map(is_blank, record)):
            return None
        if isinstance(record, BrokenRecord):
            checked = check_broken_row(record, header, row=row, line=chunk.lines[position], allowed=self._allowed)
            self.report.add_problems(checked.problems)
            return checked
        if header.is_repeated_by(record):
            return self._check_repeated_header(record, row=row, line=chunk.lines[position])
        extra, extra_value = header.unsure_name(record), ""
        has_notes = self._notes.find(record)
        if found:
            extra, extra_value = CellError("rows_in_cell", {"count": found.count}), found.first
        elif has_notes:
            self._notes.add(row)
            if all(map(is_blank, record[: header.width])):
                return None
        elif len(record) > header.width and not all(map(is_blank, record[header.width :])):
            extra, extra_value = self._explain_extra_cells(record, header)
        cells = header.pick(record)
        line = chunk.lines[position]
        checked = check_cells(
            cells, row=row, line=line, allowed=self._allowed, extra=extra, extra_value=extra_value, unsure=unsure
        )
        if checked.problems:
            self.report.add_problems(checked.problems)
            checked = self._tails.look_at(checked, record)
        elif not SEPARATORS.isdisjoint(trim(cells.description)):
            self._with_separators += 1
        return checked

    def _check_repeated_header(self, record: Sequence[str], *, row: int, line: int) -> Row:
        value = ", ".join(self.header.names)
        problem = row_problem(CellError(COLUMN_NAMES_AGAIN), row=row, line=line, column=None, value=value)
        self.report.add_problems((problem,))
        return self._tails.look_at(Row(row, line, Cells(), (problem,), None, self.header.pick(record)), record)

    def _find_rows_in_cell(self, cells: list[str], header: Header) -> RowsInCell | None:
        if not self.delimiter or isinstance(cells, BrokenRecord):
            return None
        return find_rows_in_cell(cells, delimiter=self.delimiter, header=header)

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
