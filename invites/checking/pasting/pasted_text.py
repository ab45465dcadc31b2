"""Pasted text as a table: which row is on which line, and what its cells are."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from invites.checking.cells.text import is_blank
from invites.checking.columns import COLUMNS
from invites.checking.full_names import is_decided_by_commas, suggest_order
from invites.checking.pasting.address_list import SEPARATORS, Entry, find_entries
from invites.checking.reading.columns.column_names import find_meaning
from invites.checking.reading.columns.column_vocabulary import FULL_NAME
from invites.checking.reading.dialect import DELIMITERS
from invites.checking.reading.options import ReadingOptions
from invites.checking.reading.records import write_table

# How much can be pasted: people, and characters.
MOST_PASTED_ROWS = 500
LONGEST_PASTE = 500_000
# How many lines, separators and @ signs a list may have. Each may begin another person, which takes time to read.
_MOST_SIGNS = 20 * MOST_PASTED_ROWS

_ADDRESS = re.compile(r"[^\s@]+@[^\s@.]+\.[^\s@]+")
_SEP_LINE = re.compile(r'\ufeff?"?sep=(.)"?', re.IGNORECASE)
_TAB = "\t"
_EMAIL, _FIRST_NAME, _LAST_NAME = (column.title for column in COLUMNS[:3])
# A name of a column that means a full name.
_FULL_NAME = "Full name"
_SIGNS_OF_A_LIST = "<>[]"
# How many lines are searched for the signs of a table.
_SEARCHED = 50


@dataclass(frozen=True, slots=True)
class PastedRow:
    """One record: its number in the import, its first line, how many lines it has, and its cells.

    In a list, it also has the place in its line.
    """

    number: int
    line: int
    cells: tuple[str, ...]
    lines: int = 1
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class PastedText:
    """A pasted text that is understood.

    `lines` are those of the text, and `rows` its records, without blank ones. The number of a row is that of its line;
    if a line has several people, rows are numbered consecutively. `delimiter` is empty for a list of addresses.
    `has_quotes`: a cell in quotation marks may have the delimiter and line breaks. `is_too_long`: it is a list that
    wasn't read.

    The import is read with `options` and `first_row`, as `Check` takes them. If that leaves the order of names open,
    they are shown as with `likely_options`.
    """

    lines: tuple[str, ...]
    rows: tuple[PastedRow, ...]
    delimiter: str = ""
    has_quotes: bool = False
    options: ReadingOptions = field(default_factory=ReadingOptions)
    likely_options: ReadingOptions | None = None
    first_row: int = 1
    header: tuple[str, ...] = ()
    is_too_long: bool = False

    @property
    def is_list(self) -> bool:
        return not self.delimiter

    @property
    def people_at_most(self) -> int:
        """How many rows it has, without the names of the columns."""
        has_names = not self.is_list and not any("@" in cell for cell in self.rows[0].cells) if self.rows else False
        return len(self.rows) - has_names

    def content(self) -> bytes:
        """The file to check and to store. Its encoding and its delimiter leave no doubt."""
        out = io.BytesIO()
        write_table(self._table(), out)
        return out.getvalue()

    def _table(self) -> Iterator[list[str]]:
        """The records by their numbers, with blank ones between them."""
        if self.header:
            yield list(self.header)
        written = 0
        for row in self.rows:
            while written < row.number - 1:
                yield []
                written += 1
            yield list(row.cells)
            written += 1


def read_pasted(text: str, languages: Sequence[str] = ()) -> PastedText:
    """Understand a pasted text. `languages` are the codes of the languages of its author, such as "hu"."""
    lines = _lines_of(text)
    delimiter = _find_delimiter(lines)
    if delimiter:
        return _read_cells(lines, delimiter)
    if len(lines) + sum(map(text.count, f"@{SEPARATORS}")) > _MOST_SIGNS:
        return PastedText(tuple(lines), (), is_too_long=True)
    if lines and text.startswith("\ufeff"):
        lines[0] = f" {lines[0]}"  # The places of people are those in the text.
    return _read_list(lines, languages)


def count_lines(text: str) -> int:
    """How many lines aren't blank, for a text that is too long to be understood."""
    return sum(1 for line in text.splitlines() if line and not line.isspace())


def _lines_of(text: str) -> list[str]:
    text = text.encode(errors="replace").decode()
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").removeprefix("\ufeff").split("\n")
    while lines and is_blank(lines[-1]):
        lines.pop()
    return lines


# --- Cells ---------------------------------------------------------------------------------------------


def _find_delimiter(lines: list[str]) -> str:
    """What separates the cells; empty if the text is a list of addresses."""
    first = next((line for line in lines if not is_blank(line)), "")
    if said := _SEP_LINE.fullmatch(first.strip()):
        return said[1] if said[1] in DELIMITERS else ""
    if any(_TAB in line.strip() for line in lines):
        return _TAB
    others = [delimiter for delimiter in DELIMITERS if delimiter != _TAB]
    sample = [line for line in lines if not is_blank(line)][:_SEARCHED]
    for delimiter in others:
        if delimiter in first and "@" not in first and _count_meanings(first, delimiter) > 1:
            return delimiter
    return next((delimiter for delimiter in others if _is_table(sample, delimiter)), "")


def _count_meanings(line: str, delimiter: str) -> int:
    """How many cells of a line are names of columns that we know."""
    return sum(find_meaning(cell) is not None for cell in _split(line, delimiter))


def _is_table(lines: list[str], delimiter: str) -> bool:
    """Whether all lines have the same number of cells, and hardly any has no address, or several."""
    if any(sign in line for line in lines for sign in _SIGNS_OF_A_LIST):
        return False
    records = [_split(line.strip(f"{delimiter} "), delimiter) for line in lines]
    widths = Counter(map(len, records))
    addresses = [[cell for cell in cells if "@" in cell] for cells in records]
    if len(widths) != 1 or 1 in widths or any(len(found) > 1 for found in addresses):
        return False
    return 2 * sum(_ADDRESS.fullmatch(cell.strip()) is not None for [cell] in filter(None, addresses)) > len(lines)


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


def _read_cells(lines: list[str], delimiter: str) -> PastedText:
    """Read a table. If its quotation marks don't fit, they are a part of the cells."""
    if lines and _SEP_LINE.fullmatch(lines[0].strip()):
        lines = ["", *lines[1:]]
    rows = _read_quoted(lines, delimiter)
    has_quotes = rows is not None
    if rows is None:
        rows = [
            PastedRow(number, number, tuple(line.split(delimiter)))
            for number, line in enumerate(lines, start=1)
            if not is_blank(line)
        ]
    return PastedText(tuple(lines), tuple(rows), delimiter, has_quotes, ReadingOptions(delimiter=_TAB))


def _is_row(text: str, delimiter: str) -> bool:
    return delimiter in text and "@" in text


def _read_quoted(lines: list[str], delimiter: str) -> list[PastedRow] | None:
    """The records, with cells in quotation marks. None if that isn't how the text is written."""
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, strict=True)
    rows, line = [], 1
    try:
        for cells in reader:
            count = reader.line_num - line + 1
            if count > 1 and any(_is_row(part, delimiter) for cell in cells for part in cell.split("\n")):
                # A mark that was never closed has swallowed the next rows.
                return None
            if not all(map(is_blank, cells)):
                rows.append(PastedRow(line, line, tuple(cells), count))
            line += count
    except csv.Error:
        return None
    return rows


# --- Lists of addresses --------------------------------------------------------------------------------


def _read_list(lines: list[str], languages: Sequence[str]) -> PastedText:
    found = [(number, entry) for number, line in enumerate(lines, start=1) for entry in find_entries(line)]
    if found and "@" not in found[0][1].email and find_meaning(lines[found[0][0] - 1]):
        # The name of the column.
        del found[0]
    is_one_per_line = len({number for number, _entry in found}) == len(found)
    names = [entry.name for _line, entry in found if entry.name]
    rows = tuple(
        PastedRow(
            number=line if is_one_per_line else place,
            line=line,
            cells=(entry.email, entry.name) if names else (entry.email, "", ""),
            entry=entry,
        )
        for place, (line, entry) in enumerate(found, start=1)
    )
    if not names:
        return PastedText(tuple(lines), rows, first_row=0, header=(_EMAIL, _FIRST_NAME, _LAST_NAME))
    order = "first-last" if is_decided_by_commas(names) else suggest_order(names, "", languages)
    known = ReadingOptions(delimiter=_TAB, header_row=1, columns={"email": 0, FULL_NAME: 1}, name_order=order)
    if order == "first-last":
        return PastedText(tuple(lines), rows, options=known, first_row=0, header=(_EMAIL, _FULL_NAME))
    # The admin is asked whether first or last names come first.
    asked = ReadingOptions(delimiter=_TAB, header_row=0)
    return PastedText(tuple(lines), rows, options=asked, likely_options=replace(known, header_row=0))
