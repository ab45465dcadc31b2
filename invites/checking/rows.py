"""Walk once through a file, from bytes to checked rows: the loop of the check."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from itertools import islice
from operator import itemgetter
from typing import BinaryIO, Protocol

from invites.checking.address import FAST_LENGTH, PLAIN, is_plain_domain
from invites.checking.catalog import Fault, duplicate_notice, file_problem, notice
from invites.checking.cells import check_cells, find_typo
from invites.checking.decode import Source, open_source, rewindable
from invites.checking.dialect import DELIMITERS, find_dialect
from invites.checking.header import Header, found_and_expected, read_header
from invites.checking.names import check_description, check_name
from invites.checking.quotes import explain_quote, swallows_people
from invites.checking.report import Limits, Problem, Report, Row
from invites.checking.seen import Known, Seen
from invites.checking.text import is_blank
from invites.checking.workbook import ENCODING, SheetRows, open_workbook

# What a row of a real file has at least, in bytes; only the size of a table is guessed from it.
_BYTES_OF_A_ROW = 40


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

    def blocks(self, size: int = 256) -> Iterator[list[Row]]:
        """Every row but blank ones, in order, in lists of up to `size`: valid ones, duplicates, problem ones.

        So few rows at a time are gone again before Python's collector of garbage looks at them.
        """
        if self._started:
            raise RuntimeError("a Check is one pass: make another one")
        self._started = True
        stream, size_of_file = rewindable(self._stream, self.limits)
        seen = Seen(size_of_file // _BYTES_OF_A_ROW, block_size=size)
        sheet = None
        if self._name.lower().endswith(".xlsx") and size_of_file <= self.limits.max_bytes:
            sheet = open_workbook(stream, self.limits)
        if isinstance(sheet, SheetRows):
            self.report.encoding = ENCODING
            yield from _Reading(sheet, "", self.limits, self.report, seen).blocks(size)
            return
        source = sheet or open_source(stream, self.limits)
        if isinstance(source, Problem):
            self.report.reject(source)
        else:
            yield from self._read_text(source, seen, size)

    def _read_text(self, source: Source, seen: Seen, size: int) -> Iterator[list[Row]]:
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
        reading = _Reading(reader, dialect.delimiter, self.limits, self.report, seen)
        try:
            for _ in range(dialect.lines_before):
                next(reader)
            yield from reading.blocks(size)
        except csv.Error as error:
            self.report.reject(
                explain_quote(
                    islice(source.open_text(), reading.line_end, None),
                    delimiter=dialect.delimiter,
                    row=reading.number + 1,
                    line=reading.line_end + 1,
                    limits=self.limits,
                    error=str(error),
                )
            )


class _Reading:
    """The rows of a file, once they can be read. `number` and `line_end` are those of the last whole record."""

    def __init__(self, reader: Records, delimiter: str, limits: Limits, report: Report, seen: Seen) -> None:
        self.reader, self.delimiter, self.limits, self.report, self.seen = reader, delimiter, limits, report, seen
        self.number = 0  # as the spreadsheet counts
        self.line_end = 0

    def blocks(self, size: int) -> Iterator[list[Row]]:
        header = self._find_header()
        if header is None:
            return
        yield from self._check_rows(header, size)
        if not self.report.rows and not self.report.rejection:
            self.report.reject(file_problem("no_rows"))

    def _find_header(self) -> Header | None:
        self.line_end = self.reader.line_num
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

    def _check_rows(self, header: Header, size: int) -> Iterator[list[Row]]:
        """Every row, checked. Of a real file nearly all are plain, and those never leave this loop.

        It is written out, with its parts in local names, because calls and attributes are most of what a row
        costs: `_check_slowly` says the same of any row, and a test holds the two to the same answers.
        """
        reader, report, limits = self.reader, self.report, self.limits
        names = Known(lambda name: check_name(name, "", limits))
        words = Known(lambda text: check_description(text, limits))
        domains = Known(lambda domain: domain if is_plain_domain(domain) else None)
        good_names, good_words, good_domains = names.good, words.good, domains.good
        is_plain, first_row, table, mask = PLAIN.fullmatch, self.seen.first_row, self.seen.table, self.seen.mask
        width, pick, longest = header.width, _picker(header), FAST_LENGTH
        new, row_type = tuple.__new__, Row
        number, line_end, block_start = self.number, self.line_end, -1
        try:
            while number > block_start:
                block_start = number
                block: list[Row] = []
                append = block.append
                for cells in islice(reader, size):
                    number += 1
                    line, line_end = line_end + 1, reader.line_num
                    if len(cells) == width and line == line_end:
                        email, first, last, description = pick(cells) if pick else cells
                        if (
                            (first in good_names or names.learn(first))
                            and (last in good_names or names.learn(last))
                            and (not description or description in good_words or words.learn(description))
                            and len(email) <= longest
                            and (plain := is_plain(email))
                            and ((domain := plain[1]) in good_domains or domains.learn(domain))
                        ):
                            code = hash(email)
                            if not table[slot := code & mask]:
                                table[slot] = code ^ number
                            elif first_row(email, number, block) != number:
                                plain = None
                            if plain:
                                # As Row(...), without the call in between.
                                row = new(
                                    row_type, (number, line, email, email, first, last, description, (), None, None)
                                )
                                append(row)
                                continue
                    checked = self._check_slowly(cells, header, block, number=number, line=line, line_end=line_end)
                    if checked is not None:
                        append(checked)
                    elif report.rejection:
                        return
                if report.rows + len(block) > limits.max_rows:
                    self._refuse_count(report.rows + len(block))
                    return
                report.count(len(block))
                self.seen.keep(block)
                table = self.seen.table
                if block:
                    yield block
        finally:
            self.number, self.line_end = number, line_end

    def _check_slowly(
        self, cells: list[str], header: Header, block: list[Row], *, number: int, line: int, line_end: int
    ) -> Row | None:
        """Any row; None for a blank one, and when the file is to be rejected for what this one holds.

        `block` are the rows above it that wait to be handed out.
        """
        if not any(cells) or all(is_blank(cell) for cell in cells):
            return None
        extra, extra_value = None, ""
        if len(cells) > header.width and not all(is_blank(cell) for cell in cells[header.width :]):
            extra, extra_value = self._refuse_extra(cells, header)
        cells += [""] * (header.width - len(cells))
        if line_end > line and (swallowed := swallows_people(cells, delimiter=self.delimiter, header=header)):
            self.report.reject(file_problem("unclosed_quote", row=number, line=line, value=swallowed))
            return None
        email, first, last, description = ("" if place is None else cells[place] for place in header.positions)
        row = check_cells(
            email,
            first,
            last,
            description,
            row=number,
            line=line,
            limits=self.limits,
            extra=extra,
            extra_value=extra_value,
        )
        if row.problems:
            self.report.add_problems(row.problems)
            return row
        earlier = self.seen.first_row(row.email_key, number, block)
        if earlier != number:
            self.report.skip(duplicate_notice(row=number, first=earlier, value=row.email))
            return row._replace(duplicate_of=earlier)
        if (typo := find_typo(row)) is not None:
            self.report.warn(typo)
        return row

    def _refuse_extra(self, cells: list[str], header: Header) -> tuple[Fault, str]:
        """The fault of a row that goes on beside the last column with a name, and what to show of it."""
        if not self.delimiter:
            return Fault("cell_without_column"), ", ".join(filter(None, cells[header.width : header.width + 50]))
        facts = {"found": f"{len(cells):,}", "limit": header.width, "delimiter": DELIMITERS[self.delimiter]}
        return Fault("too_many_cells", facts), self.delimiter.join(cells[:50])

    def _refuse_count(self, found: int) -> None:
        """Too many rows: count the rest, so that both numbers can be said."""
        exact = True
        try:
            for cells in self.reader:
                found += any(not is_blank(cell) for cell in cells)
        except csv.Error:
            exact = False
        words = f"{found:,}" if exact else f"more than {self.limits.max_rows:,}"
        self.report.reject(file_problem("too_many_rows", found=words, limit=f"{self.limits.max_rows:,}"))


def _picker(header: Header) -> Callable[[list[str]], tuple[str, ...]] | None:
    """Takes the cells of our four columns out of a row; None when a row is just those four."""
    email_at, first_at, last_at, description_at = header.positions
    if header.positions == (0, 1, 2, 3) and header.width == 4:
        return None
    if description_at is None:
        return lambda cells: (cells[email_at], cells[first_at], cells[last_at], "")
    return itemgetter(email_at, first_at, last_at, description_at)
