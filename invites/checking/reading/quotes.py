"""Find where a quotation mark went wrong, once the parser has given up or a cell looks as if it had swallowed rows.

Python's csv reader is fast and, when strict, refuses text after a closing quotation mark and a quotation mark that
is open at the end of the file. It does not say where the trouble began: that may be hundreds of lines above.
"""

import re
from collections.abc import Iterable

from invites.checking.catalog import file_problem
from invites.checking.reading.header import Header
from invites.checking.report import Limits, Problem

# Also one with a slip: whoever is below an open quotation mark is to be found all the same.
_ADDRESS = re.compile(r"[\s\"']*[^\s@,;|\"']+@[^\s,;|\"']*[\s\"']*")
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_LINES_READ = 100_000


def explain_quote(lines: Iterable[str], *, delimiter: str, row: int, line: int, limits: Limits, error: str) -> Problem:
    """The problem of the record that starts with the first of `lines`, which the parser could not read."""
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
    return file_problem("cell_too_long", row=row, line=line, limit=f"{limits.max_cell:,}")


def _skip_quoted(text: str, position: int) -> tuple[int, bool]:
    """Behind the end of a quoted cell, if it ends in `text`; a doubled quotation mark is one of the text's own."""
    while (mark := text.find('"', position)) >= 0:
        if text[mark + 1 : mark + 2] == '"':
            position = mark + 2
            continue
        return mark + 1, True
    return len(text), False


def swallows_people(cells: list[str], *, delimiter: str, header: Header) -> str:
    """The cell over several lines that holds a line which is a row itself: somebody below an open quotation mark.

    By the letter of RFC 4180 such a cell is fine; but two quotation marks that were forgotten in two rows make
    the same bytes, and then people would disappear in a description without a word. Empty when there is none.
    """
    email_at, *names_at, _ = header.positions
    for place, cell in enumerate(cells):
        if "\n" not in cell and "\r" not in cell:
            continue
        opening, *inner = [line.split(delimiter) for line in _LINE_BREAK.split(cell)]
        # The quotation mark that ends the cell may stand in the middle of a row, if what is above it is a whole one.
        is_whole = place + len(opening) > max(email_at, *names_at)
        for number, line in enumerate(inner, start=1):
            parts = line + cells[place + 1 :] if is_whole and number == len(inner) else line
            if (
                len(line) <= email_at
                or len(parts) <= max(email_at, *names_at)
                or not _ADDRESS.fullmatch(line[email_at])
            ):
                continue
            # A list of addresses in a description is no row: names have no @ sign.
            if not any("@" in parts[each] for each in names_at):
                return cell
    return ""
