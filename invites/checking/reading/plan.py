"""Plan how to read the rows of an opened file, or find what has to be decided first."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice

from invites.checking.catalog import file_problem
from invites.checking.cells.text import is_blank
from invites.checking.columns import COLUMNS
from invites.checking.limits import Limits
from invites.checking.problem import Problem
from invites.checking.reading.chunks import RECORDS_AT_ONCE, Records
from invites.checking.reading.columns.column_vocabulary import FULL_NAME
from invites.checking.reading.columns.compare_names import signature_of
from invites.checking.reading.columns.header import Header, known_columns, read_header
from invites.checking.reading.decide import decide
from invites.checking.reading.decisions import LAST_HEADER_ROW, Decisions, Layout
from invites.checking.reading.delimited_text import DelimitedText
from invites.checking.reading.dialect import find_dialect, given_dialect
from invites.checking.reading.encodings.encoding import EncodingDoubt, Source, open_source
from invites.checking.reading.options import Evidence, ReadingOptions
from invites.checking.reading.preview import (
    ROWS_SHOWN,
    Preview,
    Table,
    TopRow,
    excerpt,
    find_differences,
    fit_together,
    look_at,
    shorten,
)
from invites.checking.reading.quotes import explain_record
from invites.checking.reading.workbooks.workbook import Sheet, SheetRows, Workbook
from invites.checking.side_notes import SideNotes

# No spreadsheet has more rows. A file that consists of line breaks could have 25 million.
MOST_RECORDS = 1_048_576
# How much of a wide file is searched for names that are read differently.
_CELLS_SEARCHED = 400_000


@dataclass(frozen=True, slots=True)
class Plan:
    """How to read a file in which everything is decided.

    `rows` starts over with the first record each time. `header_row` is the number of records up to the column names,
    and 0 if there are none. `decisions` is None for a plain file: a text with our column names in its first row.
    """

    rows: Callable[[], Records]
    header: Header
    header_row: int
    text: DelimitedText | None = None
    workbook: Workbook | None = None
    decisions: Decisions | None = None


class _TooManyLines(Exception):
    pass


def plan_text(
    found: Source | EncodingDoubt,
    options: ReadingOptions,
    evidence: Evidence,
    limits: Limits,
    *,
    while_waiting: Callable[[], None] | None = None,
) -> Plan | Decisions | Problem:
    """Plan how to read a text. `while_waiting` is called again and again, and may raise an exception."""
    # This limit belongs to the whole process, so we only ever raise it. A shorter cell is a problem of its row.
    if csv.field_size_limit() < limits.max_cell:
        csv.field_size_limit(limits.max_cell)
    if isinstance(found, EncodingDoubt):
        found = _as_remembered(found, evidence, limits) or found
    sources = found.candidates if isinstance(found, EncodingDoubt) else (found,)
    texts = []
    for source in sources:
        dialect = find_dialect(source.open_text())
        if options.delimiter:
            dialect = given_dialect(options.delimiter, dialect)
        if isinstance(dialect, Problem):
            return dialect
        texts.append(DelimitedText(source, dialect))
    if len(texts) == 1 and options.header_row is None and options.columns is None and not options.not_in_file:
        try:
            plain = _plan_plain(texts[0], limits)
        except csv.Error as error:
            line = texts[0].dialect.lines_before
            return explain_record(texts[0], number=0, line=line, header=None, limits=limits, error=str(error))
        if plain:
            return plain
    doubt = found if isinstance(found, EncodingDoubt) else None
    try:
        preview = _preview_texts(texts, doubt, limits, while_waiting or _do_nothing)
    except _TooManyLines:
        return file_problem("too_many_lines", limit=MOST_RECORDS)
    decisions = decide(preview, options, evidence, limits=limits)
    if decisions.problem or decisions.open:
        return decisions.problem or decisions
    [text] = texts
    plan = Plan(text.rows, decisions.header(), decisions.header_row, text=text, decisions=decisions)
    return _as_plain(plan, text, limits) or plan


def plan_workbook(
    workbook: Workbook,
    options: ReadingOptions,
    evidence: Evidence,
    limits: Limits,
    *,
    reopen: Callable[[Sequence[str]], Workbook | Problem | None],
) -> Plan | Decisions | Problem:
    """Plan how to read a workbook. `reopen` reads other sheets of it."""
    decisions = decide(_preview_workbook(workbook, options.sheets), options, evidence, limits=limits)
    if decisions.problem or decisions.open:
        return decisions.problem or decisions
    if tuple(sheet.info.name for sheet in workbook.sheets) != decisions.sheets:
        again = reopen(decisions.sheets)
        if not isinstance(again, Workbook):
            return again or file_problem("empty")
        workbook = again
    exclude = decisions.hidden_rows == "exclude"

    def rows() -> SheetRows:
        return SheetRows(_join_sheets(workbook.sheets, decisions.layouts, exclude_hidden=exclude))

    return Plan(rows, decisions.header(), decisions.header_row, workbook=workbook, decisions=decisions)


def first_numbers(plan: Plan) -> list[tuple[str, int]]:
    """The name of each sheet, and the number that its rows start after. Empty unless several sheets are read."""
    if plan.workbook is None or len(plan.workbook.sheets) < 2:
        return []
    numbers, total = [], 0
    for sheet in plan.workbook.sheets:
        numbers.append((sheet.info.name, total))
        total += sum(1 for _row in sheet.rows())
    return numbers


def _plan_plain(text: DelimitedText, limits: Limits) -> Plan | Problem | None:
    """The plan for a text with our column names in its first row that isn't blank. None for any other text."""
    for number, cells in enumerate(text.rows(), start=1):
        if number > max(MOST_RECORDS, 2 * limits.max_rows):
            return file_problem("too_many_lines", limit=MOST_RECORDS)
        if not all(map(is_blank, cells)):
            header = read_header(cells, limits=limits)
            if isinstance(header, Header):
                return Plan(text.rows, header, number, text=text)
            return header if header.code == "too_many_columns" else None
    return file_problem("empty")


def _as_plain(plan: Plan, text: DelimitedText, limits: Limits) -> Plan | None:
    """The plan without decisions, if the columns need none: only the encoding or the delimiter was chosen."""
    with suppress(csv.Error):
        plain = _plan_plain(text, limits)
        if isinstance(plain, Plan) and (plain.header, plain.header_row) == (plan.header, plan.header_row):
            return plain
    return None


def _as_remembered(doubt: EncodingDoubt, evidence: Evidence, limits: Limits) -> Source | None:
    """The text in the encoding that is remembered for files with these columns, if that leaves no doubt."""
    for codec in sorted({options.encoding for options in evidence.remembered.values() if options.encoding}):
        for record in islice(_records_as_bytes(doubt), LAST_HEADER_ROW):
            options = evidence.remembered.get(signature_of(_decode(record, codec)))
            if options and options.encoding == codec:
                stream = doubt.candidates[0].stream
                again = open_source(stream, limits, evidence=replace(evidence, encoding=codec))
                return again if isinstance(again, Source) else None
    return None


def _do_nothing() -> None:
    pass


def _watch(rows: Iterable[list[str]], limits: Limits, while_waiting: Callable[[], None]) -> Iterator[list[str]]:
    """The same rows. Raises _TooManyLines."""
    for number, cells in enumerate(rows, start=1):
        if number > max(MOST_RECORDS, 2 * limits.max_rows):
            raise _TooManyLines
        if number % RECORDS_AT_ONCE == 0:
            while_waiting()
        yield cells


def _preview_texts(
    texts: Sequence[DelimitedText], doubt: EncodingDoubt | None, limits: Limits, while_waiting: Callable[[], None]
) -> Preview:
    most = limits.max_columns + 1
    tables = fit_together(
        [look_at(text.source.codec, _watch(text.rows(), limits, while_waiting), max_columns=most) for text in texts]
    )
    if doubt is None:
        return Preview(is_workbook=False, tables=tables)
    readings = (
        {source.codec: shorten(_decode(record, source.codec)) for source in doubt.candidates}
        for record in (
            list(map(excerpt, record[:most])) for record in _watch(_records_as_bytes(doubt), limits, while_waiting)
        )
        if not all(map(str.isascii, record))
    )
    width = max((len(row.cells) for row in tables[0].top), default=1)
    searched = islice(readings, _CELLS_SEARCHED // width)
    return Preview(is_workbook=False, tables=tables, records=find_differences(searched))


def _records_as_bytes(doubt: EncodingDoubt) -> Iterator[list[str]]:
    """The records of a text whose encoding isn't known, up to where they can't be read.

    Each character stands for one byte, because that is what Latin-1 does. All candidates have the same separators.
    """
    source = replace(doubt.candidates[0], codec="latin-1")
    dialect = find_dialect(source.open_text())
    if not isinstance(dialect, Problem):
        with suppress(csv.Error):
            yield from csv.reader(source.open_text(), delimiter=dialect.delimiter)


def _decode(record: Sequence[str], codec: str) -> list[str]:
    return [cell if cell.isascii() else cell.encode("latin-1").decode(codec, "replace") for cell in record]


def _preview_workbook(workbook: Workbook, chosen: Sequence[str]) -> Preview:
    tables = fit_together(
        [
            Table(
                name=info.name,
                top=tuple(TopRow(number, tuple(shorten(cells))) for number, cells in info.top[:ROWS_SHOWN]),
                count=info.rows,
                has_addresses=info.has_addresses,
                is_hidden=info.is_hidden,
                hidden_rows=len(info.hidden_rows),
                problem=info.problem._asdict() if info.problem else None,
            )
            for info in workbook.infos
        ],
        chosen=chosen,
    )
    return Preview(is_workbook=True, tables=tables, knows_hidden_rows=workbook.knows_hidden_rows)


def _join_sheets(sheets: Sequence[Sheet], layouts: Sequence[Layout], *, exclude_hidden: bool) -> Iterator[list[str]]:
    """The rows of all sheets, with their columns in the order of the first sheet.

    Hidden rows that are excluded are blank, so that all others keep their numbers. So is everything above the rows of
    another sheet.
    """
    for place, (sheet, layout) in enumerate(zip(sheets, layouts, strict=True)):
        hidden = frozenset(sheet.info.hidden_rows) if exclude_hidden else frozenset()
        for number, cells in enumerate(sheet.rows(), start=1):
            if (number in hidden and number != layout.header_row) or (place and number <= layout.header_row):
                yield []
            elif layout.order is None:
                yield cells
            else:
                yield ["" if at is None or at >= len(cells) else cells[at] for at in layout.order]


def table_to_store(plan: Plan, rows: Iterable[list[str]], *, first_row: int = 1) -> Iterator[list[str]]:
    """The records to store instead of a file that isn't plain, which has these rows. `first_row` is the first's number.

    First our column names, which count as row 0, and then all rows with their own numbers. A full name is followed by
    its parts at the end of the row.
    """
    header, decisions = plan.header, plan.decisions
    added = [] if decisions is None else [*decisions.not_in_file]
    if header.full_name is not None:
        added = ["first_name", "last_name"]
    keys = {} if decisions is None else {at: key for key, at in decisions.positions.items() if key != FULL_NAME}
    titles = {column.key: column.title for column in COLUMNS}
    names = [titles[keys[at]] if at in keys else _not_ours(name) for at, name in enumerate(header.names)]
    # Notes beside the table are only notes if there are columns for them: see side_notes.py.
    beyond = header.reach - header.width
    yield [*names, *(titles[key] for key in added), *[""] * beyond]
    for place, cells in enumerate(_as_wide_as_header(plan, rows), start=1):
        if place <= plan.header_row:
            if place + first_row > 1:
                yield []
        elif added:
            row = [*cells[: header.width], *[""] * (header.width - len(cells))]
            person = header.pick(cells)
            yield [*row, *(getattr(person, key) for key in added), *cells[header.width :]]
        else:
            yield cells


def _as_wide_as_header(plan: Plan, rows: Iterable[list[str]]) -> Iterator[list[str]]:
    """The rows, as the stored text has them. In a text, they keep their length, because it may say what is wrong.

    Rows of a workbook end with the columns of the header, like the rows of its sheet. Only notes are beyond them.
    """
    if plan.text is not None:
        yield from rows
        return
    reach, notes = plan.header.reach, SideNotes(plan.header, is_text=False)
    for number, cells in enumerate(rows, start=1):
        if number > plan.header_row and cells:
            has_notes = notes.find(cells)
            cells = [*cells, *[""] * (reach - len(cells))]  # noqa: PLW2901
            cells = cells[:reach] if has_notes else cells  # noqa: PLW2901
        yield cells


def _not_ours(name: str) -> str:
    """The name of a column that isn't used, changed if it means one of ours."""
    return f"{name} (2)" if any(known_columns([name])) else name
