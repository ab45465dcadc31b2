"""Find the quotation mark that causes a parse error, or a cell that contains rows.

Python's csv reader is fast and, when strict, rejects text after a closing quotation mark and a quotation mark that is
still open at the end of the file. It doesn't say where that begins, which may be hundreds of lines earlier.
"""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from invites.checking.catalog import file_problem
from invites.checking.cells.text import is_blank
from invites.checking.columns import EMAIL
from invites.checking.limits import Limits
from invites.checking.problem import Problem
from invites.checking.reading.columns.header import Header
from invites.checking.reading.delimited_text import DelimitedText

# Also matches an address with a typo, so that we find its row below an open quotation mark.
_ADDRESS = re.compile(r"[\s\"']*[^\s@,;|\"']+@[^\s,;|\"']*[\s\"']*")
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_LINES_READ = 100_000
# A cell with more lines that look like rows is a problem of the whole file.
MOST_ROWS_IN_CELL = 10


def explain_record(
    text: DelimitedText, *, number: int, line: int, header: Header | None, limits: Limits, error: str
) -> Problem:
    """What is wrong with the record that the parser can't read, or with one before it that holds other rows.

    `number` and `line` are those of the last record that was certainly read.
    """
    delimiter = text.dialect.delimiter
    first_line = line
    replay = csv.reader(islice(text.lines(), line, None), delimiter=delimiter, strict=True)
    try:
        for cells in replay:
            number += 1
            end = first_line + replay.line_num
            found = find_rows_in_cell(cells, delimiter=delimiter, header=header) if header else None
            if found and found.count > MOST_ROWS_IN_CELL:
                return file_problem("unclosed_quote", row=number, line=line + 1, value=found.cell)
            line = end
    except csv.Error:
        pass
    return explain_quote(
        islice(text.lines(), line, None),
        delimiter=delimiter,
        row=number + 1,
        line=line + 1,
        limits=limits,
        error=error,
    )


def explain_quote(lines: Iterable[str], *, delimiter: str, row: int, line: int, limits: Limits, error: str) -> Problem:
    """The problem of the record that starts with the first of `lines`, which the parser can't read."""
    cell_start = cell_line = 0
    text_of_cell: list[str] = []
    in_quotes = False
    for number, text in enumerate(lines):
        if number >= _LINES_READ:
            break
        position = 0
        while position < len(text):
            if in_quotes:
                position, closed = _skip_quoted(text, position)
                in_quotes = not closed
                if closed and position < len(text) and text[position] not in delimiter + "\r\n":
                    code = "unclosed_quote" if number > cell_line else "text_after_quote"
                    return file_problem(code, row=row, line=line, value="".join(text_of_cell)[cell_start:] + text)
            else:
                position = text.find('"', position)
                if position < 0:
                    break
                if position == 0 or text[position - 1] == delimiter:
                    in_quotes, cell_start, cell_line, text_of_cell = True, position, number, []
                position += 1
        if in_quotes and len(text_of_cell) < 5:
            text_of_cell.append(text)
        elif not in_quotes:
            break
    if in_quotes and "limit" not in error:
        return file_problem("unclosed_quote", row=row, line=line, value="".join(text_of_cell)[cell_start:])
    return file_problem("cell_too_long", row=row, line=line, limit=limits.max_cell)


def _skip_quoted(text: str, position: int) -> tuple[int, bool]:
    """The position after a quoted cell, and whether it ends in `text`. A doubled quotation mark is part of the cell."""
    while (mark := text.find('"', position)) >= 0:
        if text[mark + 1 : mark + 2] == '"':
            position = mark + 2
            continue
        return mark + 1, True
    return len(text), False


def scan_line(text: str, delimiter: str, *, in_quotes: bool = False) -> bool | None:
    """Whether a quotation mark is open at the end of this line of a record; None if there is text after a closed one.

    `in_quotes`: one is open at its start.
    """
    position = 0
    while position < len(text):
        if in_quotes:
            position, is_closed = _skip_quoted(text, position)
            if not is_closed:
                return True
            if position < len(text) and text[position] not in delimiter + "\r\n":
                return None
            in_quotes = False
        else:
            position = text.find('"', position)
            if position < 0:
                return False
            in_quotes = position == 0 or text[position - 1] == delimiter
            position += 1
    return in_quotes


@dataclass(frozen=True, slots=True)
class RowsInCell:
    """A cell that contains lines which look like rows: the first of them, and how many there are."""

    cell: str
    first: str
    count: int


def find_rows_in_cell(cells: list[str], *, delimiter: str, header: Header) -> RowsInCell | None:
    """The cell with several lines of which some may be rows; None if there is none.

    RFC 4180 allows such a cell. But two quotation marks that were forgotten in two rows give the same bytes, and the
    people in between would silently disappear in a description.
    """
    email_at, *names_at = header.required_positions
    # A line with nothing but an address isn't a row, even in a file without names.
    last = max([1, email_at, *names_at])
    for place, cell in enumerate(cells):
        if "\n" not in cell and "\r" not in cell:
            continue
        opening, *inner = [line.split(delimiter) for line in _LINE_BREAK.split(cell)]
        # The quotation mark that ends the cell may be in the middle of a row, if the text above it is a whole row.
        is_whole = place + len(opening) > last
        found: list[list[str]] = []
        for number, line in enumerate(inner, start=1):
            parts = line + cells[place + 1 :] if is_whole and number == len(inner) else line
            if len(line) <= email_at or len(parts) <= last or not _ADDRESS.fullmatch(line[email_at]):
                continue
            # A list of addresses in a description isn't a row: names have no @ sign.
            if not any("@" in parts[each] for each in names_at) and not _is_prose(parts, cells, place, header):
                found.append(line)
        if not found and is_whole and place < email_at:
            # The address comes after the cell, so the text at its end is no row by itself. That above it may be one.
            whole = [*cells[:place], *opening]
            if _ADDRESS.fullmatch(whole[email_at]) and not any("@" in whole[each] for each in names_at):
                found.append(whole)
        if found:
            return RowsInCell(cell, delimiter.join(found[0]), len(found))
    return None


def _is_prose(line: list[str], cells: list[str], place: int, header: Header) -> bool:
    """Whether a line in the cell at `place` is text with commas, although it could be a short row.

    There is a blank after each of its commas, and it has fewer cells than a row. The record around it is a whole row,
    and has no such blanks.
    """
    if len(line) >= header.width or not all(cell.startswith(" ") for cell in line[1:]):
        return False
    email_at, *names_at = header.required_positions
    return (
        len(cells) in (header.width, header.reach)
        and max([email_at, *names_at]) < place
        and not any(cell.startswith(" ") for cell in cells)
        and isinstance(EMAIL.check(cells[email_at]), str)
        and not any("@" in cells[each] or is_blank(cells[each]) for each in names_at)
    )
