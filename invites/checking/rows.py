"""Walk once through a file, from bytes to checked rows: the loop of the check."""

import csv
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from invites.checking.catalog import Fault, file_problem, notice
from invites.checking.cells import check_cells, find_typo
from invites.checking.decode import Source, open_source
from invites.checking.dialect import Dialect, find_dialect
from invites.checking.header import Header, found_and_expected, read_header
from invites.checking.quotes import explain_quote, swallows_people
from invites.checking.report import Limits, Problem, Report, Row
from invites.checking.seen import Seen
from invites.checking.text import is_blank

_NAMES_KEPT = 50_000


class Check:
    """One pass over one file.

    Iterate `blocks()` to the end; `report` is live meanwhile and complete afterwards. The stream is read as the
    rows are asked for and never closed. A file may turn out to be rejected in the middle: then the iteration
    ends, the report says so, and the rows handed out so far count for nothing.
    """

    def __init__(self, stream: BinaryIO, *, limits: Limits = Limits()) -> None:  # noqa: B008 - frozen
        self.limits = limits
        self.report = Report()
        self._stream = stream
        self._started = False

    def blocks(self, size: int = 1000) -> Iterator[list[Row]]:
        """Every non-blank data row in order, in lists of up to `size`: valid ones, duplicates, problem ones."""
        if self._started:
            raise RuntimeError("a Check is one pass: make another one")
        self._started = True
        source = open_source(self._stream, self.limits)
        if isinstance(source, Problem):
            self.report.reject(source)
            return
        self.report.encoding = source.encoding
        dialect = find_dialect(source.open_text())
        if isinstance(dialect, Problem):
            self.report.reject(dialect)
            return
        self.report.delimiter = dialect.name
        yield from _Reading(source, dialect, self.limits, self.report).blocks(size)


class _Reading:
    """The rows of a file whose encoding and delimiter are known."""

    def __init__(self, source: Source, dialect: Dialect, limits: Limits, report: Report) -> None:
        self.source, self.dialect, self.limits, self.report = source, dialect, limits, report
        self.seen = Seen()
        self.number = 0  # of the last record, as the spreadsheet counts
        self.line = dialect.lines_before  # the last line of the last record
        # The limit is the process's. It is only ever raised: a cell up to it is a problem of its row.
        if csv.field_size_limit() < limits.max_cell:
            csv.field_size_limit(limits.max_cell)
        self.reader = self._open_reader()

    def _open_reader(self):  # type: ignore[no-untyped-def]
        lines = islice(self.source.open_text(), self.dialect.lines_before, None)
        return csv.reader(lines, delimiter=self.dialect.delimiter, strict=True)

    def blocks(self, size: int) -> Iterator[list[Row]]:
        try:
            header = self._find_header()
            if header is None:
                return
            yield from self._check_rows(header, size)
        except csv.Error as error:
            lines = islice(self.source.open_text(), self.line, None)
            self.report.reject(
                explain_quote(
                    lines,
                    delimiter=self.dialect.delimiter,
                    row=self.number + 1,
                    line=self.line + 1,
                    limits=self.limits,
                    error=str(error),
                )
            )

    def _find_header(self) -> Header | None:
        for cells in self.reader:
            self.number += 1
            self.line = self.dialect.lines_before + self.reader.line_num
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
        report, limits = self.report, self.limits
        block: list[Row] = []
        for cells in self.reader:
            self.number += 1
            line = self.line + 1
            self.line = self.dialect.lines_before + self.reader.line_num
            if all(is_blank(cell) for cell in cells):
                continue
            if report.rows == limits.max_rows:
                self._refuse_count()
                return
            row = self._check_slowly(cells, header, line)
            if row is None:
                return
            report.rows += 1
            if row.problems:
                report.problem_rows += 1
                report.add_problems(row.problems)
            elif row.duplicate_of is not None:
                report.skipped += 1
            else:
                report.valid += 1
            block.append(row)
            if len(block) == size:
                yield block
                block = []
        if block:
            yield block
        if not report.rows:
            report.reject(file_problem("no_rows"))

    def _check_slowly(self, cells: list[str], header: Header, line: int) -> Row | None:
        email_at, first_at, last_at, description_at = header.positions
        extra, extra_value = None, ""
        if len(cells) > header.width and not all(is_blank(cell) for cell in cells[header.width :]):
            facts: dict[str, object] = {
                "found": f"{len(cells):,}",
                "limit": header.width,
                "delimiter": self.dialect.name,
            }
            extra, extra_value = Fault("too_many_cells", facts), self.dialect.delimiter.join(cells[:50])
        cells += [""] * (header.width - len(cells))
        if self.line > line and swallows_people(cells, delimiter=self.dialect.delimiter, email_at=email_at, needed=3):
            self.report.reject(file_problem("unclosed_quote", row=self.number, line=line))
            return None
        row = check_cells(
            cells[email_at],
            cells[first_at],
            cells[last_at],
            "" if description_at is None else cells[description_at],
            row=self.number,
            line=line,
            limits=self.limits,
            extra=extra,
            extra_value=extra_value,
        )
        if row.problems:
            return row
        if (typo := find_typo(row)) is not None:
            self.report.warn(typo)
        first = self.seen.first_row(row.email_key, self.number)
        return row if first == self.number else row._replace(duplicate_of=first)

    def _refuse_count(self) -> None:
        """Too many rows: count the rest, so that both numbers can be said."""
        found = self.report.rows + 1
        exact = True
        try:
            for cells in self.reader:
                found += any(not is_blank(cell) for cell in cells)
        except csv.Error:
            exact = False
        words = f"{found:,}" if exact else f"more than {self.limits.max_rows:,}"
        self.report.reject(file_problem("too_many_rows", found=words, limit=f"{self.limits.max_rows:,}"))
