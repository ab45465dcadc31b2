"""How a file is read as far as it is decided: see decide.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from invites.checking.catalog import file_problem
from invites.checking.cells.text import trim_all, visible
from invites.checking.columns import COLUMNS, EMAIL, REQUIRED
from invites.checking.problem import Problem
from invites.checking.reading.columns.column_vocabulary import FULL_NAME
from invites.checking.reading.columns.header import Header
from invites.checking.reading.columns.known_exports import is_preamble
from invites.checking.reading.options import (
    NOT_USED,
    HiddenRows,
    NameOrder,
    ReadingOptions,
)
from invites.checking.reading.preview import Preview, Table

Question = Literal["sheet", "hidden_rows", "encoding", "header_row", "columns", "name_order"]
Reason = Literal["name", "content", "chosen", ""]

# A row below these is never taken for the column names. Blank rows above the first ones don't count.
LAST_HEADER_ROW = 20
NAME_KEYS = ("first_name", "last_name")
# What a column of the file can be used for, in the order in which we offer it.
KEYS = (
    *(column.key for column in REQUIRED),
    FULL_NAME,
    *(column.key for column in COLUMNS if not column.is_required),
)
# Required columns that a file may lack. Without an address, nobody can be invited.
MAY_BE_MISSING = tuple(column.key for column in REQUIRED if column is not EMAIL)


class ColumnUse(NamedTuple):
    """A column of the file: its name (empty if it has none), the key it is used for (or empty), and why."""

    name: str
    key: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the rows of one sheet are: the row of its column names (0 if it has none), and its columns.

    `order` has the column of this sheet for each column of the first sheet, None where it has none.
    """

    sheet: str
    header_row: int
    order: tuple[int | None, ...] | None = None


@dataclass(frozen=True, slots=True)
class Decisions:
    """How a file is read as far as it is decided, with suggestions for what is `open`.

    `table` is the sheet or the text that the columns were found in. `missing` are required keys without a column.
    `doubt` says what is wrong with the columns if they are open. With a `problem` the file can't be read like this.
    """

    preview: Preview
    table: Table
    open: frozenset[Question]
    encoding: str
    sheets: tuple[str, ...]
    header_row: int
    columns: tuple[ColumnUse, ...]
    missing: tuple[str, ...]
    not_in_file: tuple[str, ...]
    name_order: NameOrder
    full_names: tuple[str, ...]
    hidden_rows: HiddenRows
    hidden_count: int
    doubt: Problem | None
    problem: Problem | None
    export: str
    signature: str
    remembered: str
    layouts: tuple[Layout, ...]

    @property
    def positions(self) -> dict[str, int]:
        """The index of the column for each key that has one."""
        return {column.key: index for index, column in enumerate(self.columns) if column.key}

    @property
    def skipped_rows(self) -> tuple[tuple[str, ...], ...]:
        """The cells of the rows above the column names that have text, without the first line of a known export."""
        above = (
            row.cells
            for layout in self.layouts
            for row in self.preview.table(layout.sheet).top
            if row.number < layout.header_row
        )
        return tuple(cells for cells in above if not is_preamble(cells))

    @property
    def row_count(self) -> int:
        """How many rows with text are below the column names."""
        return self.table.count - sum(row.number <= self.header_row for row in self.table.top)

    @property
    def last_header_row(self) -> int:
        """The last row that can be the one with the column names."""
        return last_header_row_of(self.table)

    def as_problem(self) -> Problem:
        """What is open, as a problem, where nobody can be asked."""
        if "sheet" in self.open:
            names = [table.name for table in self.preview.tables if table.has_addresses]
            return file_problem("several_sheets", count=len(names), names=names)
        if "encoding" in self.open:
            return file_problem("unsure_spelling", spellings=list(self.spellings()))
        if "hidden_rows" in self.open:
            return file_problem("unsure_hidden_rows", count=self.hidden_count)
        return self.doubt or file_problem("unsure_name_order", value=next(iter(self.full_names), ""))

    def spellings(self) -> tuple[str, ...]:
        """The same name as the plausible encodings spell it."""
        samples = self.samples()
        return tuple(dict.fromkeys(names[0] for names in samples.values() if names))

    def samples(self, count: int = 3) -> dict[str, tuple[str, ...]]:
        """By codec, the same few names that the plausible encodings spell differently."""
        codecs = [table.name for table in self.preview.tables]
        chosen: dict[tuple[str, ...], None] = {}
        for record in self.preview.records:
            spelled = tuple(self._name_in(record[codec]) for codec in codecs)
            if len(set(spelled)) == len(codecs):
                chosen[spelled] = None
        for record in self.preview.records:
            # Not all of them differ, or only in another cell.
            chosen[tuple(self._name_in(record[codec]) for codec in codecs)] = None
        names = list(chosen)[:count]
        return {codec: tuple(spelled[place] for spelled in names) for place, codec in enumerate(codecs)}

    def _name_in(self, cells: Sequence[str]) -> str:
        """The name in a record; if it is all ASCII, the first other cell that isn't."""
        positions = self.positions
        keys = (FULL_NAME, *NAME_KEYS)
        name = " ".join(cells[at] for key in keys if (at := positions.get(key, len(cells))) < len(cells)).strip()
        if name.isascii():
            name = next((cell for cell in cells if not cell.isascii()), name)
        return visible(trim_all(name))

    def as_options(self) -> ReadingOptions:
        """All decisions, as options that leave nothing open."""
        return ReadingOptions(
            encoding="" if self.preview.is_workbook else self.encoding,
            sheets=self.sheets,
            header_row=self.header_row,
            columns={key: self.positions.get(key, NOT_USED) for key in KEYS},
            not_in_file=self.not_in_file,
            name_order=self.name_order,
            hidden_rows=self.hidden_rows,
        )

    def header(self) -> Header:
        """The header to read the rows with. Only if no column is open."""
        names = tuple(column.name for column in self.columns)
        positions = self.positions
        used = [index for index, column in enumerate(self.columns) if column.key]
        named = [index for index, name in enumerate(names) if name]
        width = max(used + named, default=-1) + 1
        row = next((row for row in self.table.top if row.number == self.header_row), None)
        return Header.of(
            names[:width],
            positions,
            reach=max(width, len(row.cells) if row else 0),
            full_name=positions.get(FULL_NAME),
            name_order=self.name_order,
        )


def last_header_row_of(table: Table) -> int:
    """The last row that can be the one with the column names."""
    return max([LAST_HEADER_ROW, *(row.number for row in table.top[:LAST_HEADER_ROW])])
