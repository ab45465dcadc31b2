"""Walk once through a file, from bytes to checked rows: the loop of the check."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, repeat
from typing import BinaryIO, Protocol, cast

from invites.checking.catalog import Fault, duplicate_notice, file_problem, notice
from invites.checking.cells import check_cells, find_typo
from invites.checking.decode import Source, open_source, rewindable
from invites.checking.dialect import DELIMITERS, find_dialect
from invites.checking.header import Header, found_and_expected, read_header
from invites.checking.plain import PlainRows
from invites.checking.quotes import explain_quote, swallows_people
from invites.checking.report import Limits, Problem, Report, Row
from invites.checking.seen import BLOCK, Seen
from invites.checking.text import is_blank
from invites.checking.workbook import ENCODING, SheetRows, open_workbook

# What a row of a real file has at least, in bytes; only the size of a table is guessed from it.
_BYTES_OF_A_ROW = 40
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
# What Row(...) does, for calls from map().
_new_row = cast("Callable[[type[Row], Iterable[object]], Row]", tuple.__new__)


class Records(Protocol):
    """What gives the rows as lists of cells: csv.reader is one. `line_num` is the last line of the last record."""

    @property
    def line_num(self) -> int: ...
    def __iter__(self) -> Iterator[list[str]]: ...
    def __next__(self) -> list[str]: ...


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

    def blocks(self, size: int = BLOCK) -> Iterator[list[Row]]:
        """Every row but blank ones, in order, in lists of up to `size`: valid ones, duplicates, problem ones."""
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
            yield from _Reading(sheet, "", self.limits, self.report).blocks(size, expected)
            return
        source = sheet or open_source(stream, self.limits)
        if isinstance(source, Problem):
            self.report.reject(source)
        else:
            yield from self._read_text(source, size, expected)

    def _read_text(self, source: Source, size: int, expected: int) -> Iterator[list[Row]]:
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
            yield from reading.blocks(size, expected)
        except csv.Error as error:
            self.report.reject(reading.explain(source, str(error)))


class _Reading:
    """The rows of a file, once they can be read. `number` and `line_end` are those of the last record of a block."""

    def __init__(self, reader: Records, delimiter: str, limits: Limits, report: Report) -> None:
        self.reader, self.delimiter, self.limits, self.report = reader, delimiter, limits, report
        self.header: Header | None = None
        self.number = 0  # as the spreadsheet counts
        self.line_end = 0

    def blocks(self, size: int, expected: int) -> Iterator[list[Row]]:
        """The rows in lists of `size`; of them `expected`, at a guess."""
        self.header = self._find_header()
        if self.header is None:
            return
        yield from self._check_rows(self.header, size, Seen(expected, first=self.number + 1))
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
        for cells in self.reader:
            self.number += 1
            self.line_end = self.reader.line_num
            if all(is_blank(cell) for cell in cells):
                continue
            header = read_header(cells, limits=self.limits)
            found, expected = found_and_expected(cells)
            self.report.columns = found
            if isinstance(header, Problem):
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

    def _check_rows(self, header: Header, size: int, seen: Seen) -> Iterator[list[Row]]:
        plain = PlainRows(self.limits)
        rows: list[Row] = []
        while records := list(islice(self.reader, BLOCK)):
            block = self._check_block(records, header, plain, seen)
            if self.report.rejection:
                return
            self.report.count(len(block))
            if self.report.rows > self.limits.max_rows:
                self._refuse_count()
                return
            rows += block
            while len(rows) >= size:
                yield rows[:size]
                rows = rows[size:]
        if rows:
            yield rows

    def _check_block(self, records: list[list[str]], header: Header, plain: PlainRows, seen: Seen) -> list[Row]:
        """The rows of some records: most of them as they stand, the others one by one.

        Nothing is done for a plain row alone, because what Python does for one row costs as much as reading it.
        """
        number, line = self.number + 1, self.line_end + 1
        self.number += len(records)
        self.line_end = self.reader.line_num
        lines: Sequence[int] = range(line, self.line_end + 1)
        longer: set[int] = set()
        if len(lines) != len(records):
            lines, longer = _find_lines(records, line)
        others = set(longer)
        columns = list(zip(*_even(records, header.width, others), strict=True))
        cells = [("",) * len(records) if place is None else columns[place] for place in header.positions]
        others |= plain.find_others(*cells)
        keys = list(cells[0])
        for place in others:
            keys[place] = ""
        seen.open_block(keys)
        emails, first, last, descriptions = cells
        made = zip(
            range(number, self.number + 1), lines, emails, emails, first, last, descriptions,
            repeat(()), repeat(None), repeat(None), strict=False,
        )  # fmt: skip
        rows = list(map(_new_row, repeat(Row), made))
        blank = []
        start = 0
        for stop in (*sorted(others), len(records)):
            for place, earlier in seen.add(start, stop):
                rows[place] = self._find_again(rows[place], earlier)
            if stop < len(records):
                if stop in longer and (swallowed := self._find_swallowed(records[stop], header)):
                    self.report.reject(
                        file_problem("unclosed_quote", row=number + stop, line=lines[stop], value=swallowed)
                    )
                    return []
                row = self._check_row(records[stop], header, row=number + stop, line=lines[stop])
                if row is None:
                    blank.append(stop)
                elif row.problems:
                    rows[stop] = row
                else:
                    rows[stop] = self._find_again(row, seen.first_row(row.email_key, stop))
            start = stop + 1
        for place in reversed(blank):
            del rows[place]
        return rows

    def _find_again(self, row: Row, first_row: int) -> Row:
        """The row, or that it is a duplicate; `first_row` is where its address was seen first."""
        if first_row != row.number:
            self.report.skip(duplicate_notice(row=row.number, first=first_row, value=row.email))
            return row._replace(duplicate_of=first_row)
        if (typo := find_typo(row)) is not None:
            self.report.warn(typo)
        return row

    def _check_row(self, cells: list[str], header: Header, *, row: int, line: int) -> Row | None:
        """Any row, looked at closely; None for a blank one."""
        if not any(cells) or all(is_blank(cell) for cell in cells):
            return None
        extra, extra_value = None, ""
        if len(cells) > header.width and not all(is_blank(cell) for cell in cells[header.width :]):
            extra, extra_value = self._refuse_extra(cells, header)
        cells += [""] * (header.width - len(cells))
        checked = check_cells(
            *("" if place is None else cells[place] for place in header.positions),
            row=row,
            line=line,
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
            for cells in self.reader:
                found += any(not is_blank(cell) for cell in cells)
        except csv.Error:
            exact = False
        words = f"{found:,}" if exact else f"more than {self.limits.max_rows:,}"
        self.report.reject(file_problem("too_many_rows", found=words, limit=f"{self.limits.max_rows:,}"))


def _find_lines(records: list[list[str]], line: int) -> tuple[list[int], set[int]]:
    """The line at which each record starts, and the places of those that go on over more than one."""
    lines, longer = [], set()
    for place, cells in enumerate(records):
        lines.append(line)
        if breaks := sum(len(_LINE_BREAK.findall(cell)) for cell in cells if "\n" in cell or "\r" in cell):
            longer.add(place)
        line += 1 + breaks
    return lines, longer


def _even(records: list[list[str]], width: int, others: set[int]) -> list[list[str]]:
    """The records, all of them `width` cells wide: a blank one for each other, whose place goes to `others`."""
    if set(map(len, records)) == {width}:
        return records
    others.update(place for place, cells in enumerate(records) if len(cells) != width)
    blank = [""] * width
    return [cells if len(cells) == width else blank for cells in records]
