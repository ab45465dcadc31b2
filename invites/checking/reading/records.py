"""Read the records of a file as written, with all columns, to make other files from it."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import BinaryIO

from invites.checking.catalog import file_problem
from invites.checking.cells.text import is_blank
from invites.checking.limits import Limits
from invites.checking.problem import Problem
from invites.checking.reading.broken_record import as_written
from invites.checking.reading.columns.header import Header, is_what_is_wrong
from invites.checking.reading.decisions import Decisions
from invites.checking.reading.file import open_file
from invites.checking.reading.options import FIND_OUT, NOTHING_KNOWN, Evidence, ReadingOptions
from invites.checking.reading.plan import Plan
from invites.checking.reading.recovery import readable_rows

_LINE_ENDS = ("\r\n", "\n", "\r")


@dataclass(frozen=True, slots=True)
class Record:
    """A row of the file: its number as the spreadsheet shows it, and every cell.

    `as_written` are the same cells, unless the row has broken quotation marks: then it has its whole text in the column
    of the address, which stays a problem.
    """

    number: int
    cells: list[str]
    as_written: list[str]


@dataclass(frozen=True, slots=True)
class RecordFile:
    """A file whose columns are known, and how it is written. `says_delimiter`: it begins with a `sep=` line.

    A workbook counts as a text that every Excel opens: UTF-16 with tabs.
    """

    rows: Callable[[], Iterator[list[str]]]
    header: Header
    header_record: Record
    codec: str
    has_mark: bool
    delimiter: str
    says_delimiter: bool
    line_end: str
    first_row: int = 1

    @property
    def what_is_wrong_position(self) -> int | None:
        """The index of the column *What is wrong*, if there is one."""
        return next(
            (position for position, name in enumerate(self.header_record.cells) if is_what_is_wrong(name)), None
        )

    def __iter__(self) -> Iterator[Record]:
        """The records below the header that aren't blank. Raises csv.Error where the file can't be read further."""
        email_at = self.header.required_positions[0]
        for number, cells in enumerate(self.rows(), start=self.first_row):
            if number > self.header_record.number and not all(map(is_blank, cells)):
                yield Record(number, cells, as_written(cells, email_at=email_at))


def open_records(
    stream: BinaryIO,
    *,
    limits: Limits,
    options: ReadingOptions = FIND_OUT,
    codec: str = "",
    first_row: int = 1,
    recover: bool = False,
    while_waiting: Callable[[], None] | None = None,
) -> RecordFile | Decisions | Problem:
    """Find out the kind of the file, its encoding and columns. Its rows aren't checked.

    With `recover`, a record with broken quotation marks is a BrokenRecord if the rows around it are beyond doubt.

    `codec` is the encoding of the file that this one was made from, so a few words without context cause no doubt. For
    `first_row` see `Check`, and for `while_waiting` see `open_file`.
    """
    evidence = NOTHING_KNOWN if codec.startswith("utf") else Evidence(encoding=codec)
    plan = open_file(stream, limits, options=options, evidence=evidence, while_waiting=while_waiting)
    if isinstance(plan, Decisions) and "encoding" in plan.open and _may_be_in(codec, plan):
        options = replace(options, encoding=codec)
        plan = open_file(stream, limits, options=options, while_waiting=while_waiting)
    if isinstance(plan, Decisions | Problem):
        return plan
    record = _header_record(plan, first_row)
    if isinstance(record, Problem):
        return record
    if plan.text is None:
        return RecordFile(plan.rows, plan.header, record, "utf-16-le", True, "\t", False, "\r\n", first_row)
    source, dialect = plan.text.source, plan.text.dialect
    first_line = next(iter(source.open_text()), "")
    return RecordFile(
        rows=partial(readable_rows, plan) if recover else plan.rows,
        header=plan.header,
        header_record=record,
        codec=source.codec,
        has_mark=source.start > 0,
        delimiter=dialect.delimiter,
        says_delimiter=dialect.lines_before > 0,
        line_end=next((end for end in _LINE_ENDS if first_line.endswith(end)), "\r\n"),
        first_row=first_row,
    )


def _may_be_in(codec: str, decisions: Decisions) -> bool:
    """Whether the file may have kept this encoding. Somebody may have saved a Unicode file in another one."""
    if not codec.startswith("utf"):
        return bool(codec)
    return any(table.name == codec for table in decisions.preview.tables)


def _header_record(plan: Plan, first_row: int) -> Record | Problem:
    try:
        for number, cells in enumerate(plan.rows(), start=1):
            if number == plan.header_row:
                return Record(number + first_row - 1, cells, cells)
    except csv.Error:
        return file_problem("unclosed_quote", row=1, line=1)
    return file_problem("empty")


def write_table(table: Iterable[list[str]], out: BinaryIO) -> None:
    """Write records as a text that needs no decisions and that every Excel opens: UTF-16 with tabs."""
    text = io.TextIOWrapper(out, encoding="utf-16-le", newline="")
    text.write("\ufeff")
    csv.writer(text, delimiter="\t", lineterminator="\r\n").writerows(table)
    text.flush()
    text.detach()
