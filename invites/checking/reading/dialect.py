"""Find the delimiter: the one in a `sep=` line, or the one that gives a row the most column names."""

import csv
import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import dropwhile, islice

from invites.checking.catalog import file_problem
from invites.checking.cells.text import is_blank
from invites.checking.columns import REQUIRED
from invites.checking.problem import Problem
from invites.checking.reading.columns.header import count_known

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_SEP_LINE = re.compile(r'\ufeff?"?sep=(.)"?[,;\t| ]*[\r\n]*', re.IGNORECASE)
_SAMPLE = 20
_ADDRESS = re.compile(r"[^\s@,;|<>]+@[^\s@,;|<>]+")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the cells are separated, and how many lines come before the first row (1 with a `sep=` line).

    Excel hides a `sep=` line and shows the header in row 1. So that line has no row number, but `line` counts it.

    `header_delimiter` is that of the column names, if it isn't that of the rows: where Excel writes semicolons, it
    shows a file with commas in one column, and the rows that somebody adds to it get semicolons.
    """

    delimiter: str
    lines_before: int
    header_delimiter: str = ""

    @property
    def name(self) -> str:
        return DELIMITERS[self.delimiter]


def find_dialect(lines: Iterable[str]) -> Dialect | Problem:
    """Find the delimiter in the first lines of the file."""
    # Blank lines before the header don't count. A quoted name may have several lines.
    sample = list(islice(dropwhile(is_blank_line, lines), _SAMPLE))
    if sample and (said := _SEP_LINE.fullmatch(sample[0])):
        if said[1] not in DELIMITERS:
            return file_problem("other_delimiter", line=1, value=said[1], character=ord(said[1]))
        return Dialect(said[1], 1)
    # The delimiter with the most column names in a row wins, then the one with the most cells that are an address, then
    # the one that most rows have equally often, then the one with the most cells, then the more common one.
    best = max(DELIMITERS, key=lambda delimiter: _score(sample, delimiter))
    return _find_other_delimiter(sample, best) or Dialect(best, 0)


def _find_other_delimiter(sample: list[str], best: str) -> Dialect | None:
    """The dialect of a file whose rows have semicolons, and its column names commas, or the other way around."""
    of_rows = {",": ";", ";": ","}.get(best)
    if of_rows is None or _count_people(sample, of_rows) <= _count_people(sample, best):
        return None
    dialect = Dialect(of_rows, 0, best)
    return dialect if count_known(split_header(sample[0], dialect)) > 1 else None


def split_header(line: str, dialect: Dialect) -> list[str]:
    """The column names in the first line, which is one cell for the delimiter of the rows. Empty if it isn't."""
    try:
        [[cell, *others]] = csv.reader([line], delimiter=dialect.delimiter, strict=True)
        [names] = csv.reader([cell], delimiter=dialect.header_delimiter, strict=True)
    except (csv.Error, ValueError):
        return []
    return names if all(map(is_blank, others)) and len(names) > 1 else []


def given_dialect(delimiter: str, found: Dialect | Problem) -> Dialect:
    """The dialect of a file whose delimiter is known."""
    return Dialect(delimiter, found.lines_before if isinstance(found, Dialect) else 0)


def is_blank_line(line: str) -> bool:
    return is_blank(line.strip("".join(DELIMITERS) + " \r\n"))


def _score(sample: list[str], delimiter: str) -> tuple[int, int, int, int]:
    records = _records(sample, delimiter)
    if not records:
        return 0, 0, 0, 0
    widths = Counter(len(cells) for cells in records if len(cells) > 1)
    usual = max(widths.values(), default=0)
    addresses = sum(_ADDRESS.fullmatch(cell.strip()) is not None for cells in records for cell in cells)
    return max(map(count_known, records)), addresses, usual, len(records[0])


def _count_people(sample: list[str], delimiter: str) -> int:
    """How many rows have an address and names."""
    return sum(
        len(cells) >= len(REQUIRED) and any(_ADDRESS.fullmatch(cell.strip()) for cell in cells)
        for cells in _records(sample, delimiter)
    )


def _records(sample: list[str], delimiter: str) -> list[list[str]]:
    """The records that aren't blank, up to where they can't be read."""
    records: list[list[str]] = []
    # The check will report what is wrong.
    with suppress(csv.Error):
        records += (cells for cells in csv.reader(sample, delimiter=delimiter) if not all(map(is_blank, cells)))
    return records
