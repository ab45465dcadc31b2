"""The first rows of a file, in each way it might be read, to decide how it is read.

A preview is small and can be stored as JSON, so that pages which ask about a file needn't read the file.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import accumulate, islice, zip_longest
from typing import Any, NamedTuple

from invites.checking.cells.text import is_blank
from invites.checking.reading.columns.column_suggestions import holds_address

ROWS_SHOWN = 25
# Lengths are in characters.
_LONGEST_CELL = 200
_LONGEST_ROW = 4_000
_BEFORE_LETTER = 20
# How long the rows of all tables may be, as JSON. A table shows fewer rows, or none, if there are too many.
_LONGEST_PREVIEW = 300_000
# The rows that are searched for names that are read differently.
_ROWS_SEARCHED = 20_000
_SAMPLES = 3


class TopRow(NamedTuple):
    """A row that isn't blank: its number as the spreadsheet shows it, and its cells, shortened."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet, or a text in one encoding. `count` is how many of its rows aren't blank.

    `problem` is why the rows of a sheet can't be read, as JSON stores it.
    """

    name: str
    top: tuple[TopRow, ...]
    count: int
    has_addresses: bool
    is_hidden: bool = False
    hidden_rows: int = 0
    problem: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What has to be known of a file to decide how to read it.

    `tables` are the sheets of a workbook that have text. Of a text they are the plausible readings, by codec, the most
    likely first; `records` are a few rows that these read differently, each by codec.
    """

    is_workbook: bool
    tables: tuple[Table, ...]
    records: tuple[Mapping[str, Sequence[str]], ...] = ()
    knows_hidden_rows: bool = True

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Preview:
        tables = tuple(
            Table(**{**table, "top": tuple(TopRow(number, tuple(cells)) for number, cells in table["top"])})
            for table in stored["tables"]
        )
        return cls(stored["is_workbook"], tables, tuple(stored["records"]), stored["knows_hidden_rows"])

    def table(self, name: str) -> Table:
        """The table with this name; the first one if there is none."""
        return next((table for table in self.tables if table.name == name), self.tables[0])


def fit_together(tables: Sequence[Table], *, chosen: Sequence[str] = ()) -> tuple[Table, ...]:
    """The tables with fewer rows, so that all of them aren't too long together. The chosen ones keep theirs."""
    counts = Counter(table.name in chosen for table in tables)
    longest = {is_chosen: _LONGEST_PREVIEW // count for is_chosen, count in counts.items()}
    return tuple(replace(table, top=_first_rows(table.top, longest[table.name in chosen])) for table in tables)


def _first_rows(rows: Sequence[TopRow], longest: int) -> tuple[TopRow, ...]:
    lengths = accumulate(len(json.dumps(row)) for row in rows)
    return tuple(row for row, length in zip(rows, lengths, strict=True) if length <= longest)


def shorten(cells: Sequence[str]) -> list[str]:
    """The cells of a row, each cut off so that the row isn't too long."""
    longest = _LONGEST_CELL
    if sum(map(len, cells)) > _LONGEST_ROW:
        longest = min(longest, _LONGEST_ROW // len(cells))
    return [cell[:longest] for cell in cells]


def excerpt(cell: str) -> str:
    """A cell, or a part of it that isn't all ASCII if there is one."""
    if len(cell) <= _LONGEST_CELL or cell.isascii():
        return cell[:_LONGEST_CELL]
    first = next(place for place, character in enumerate(cell) if not character.isascii())
    start = max(0, first - _BEFORE_LETTER)
    return cell[start : start + _LONGEST_CELL]


def look_at(name: str, rows: Iterable[Sequence[str]], *, max_columns: int) -> Table:
    """Read all rows to count them, and keep the first ones. Stops where a text can't be read any further."""
    top: list[TopRow] = []
    count, has_addresses = 0, False
    number = 0
    try:
        for number, cells in enumerate(rows, start=1):
            if all(map(is_blank, cells)):
                continue
            count += 1
            has_addresses = has_addresses or any(map(holds_address, cells))
            if len(top) < ROWS_SHOWN:
                top.append(TopRow(number, tuple(shorten(cells[:max_columns]))))
    except csv.Error:
        pass
    return Table(name, tuple(top), count, has_addresses)


def find_differences(records: Iterable[dict[str, list[str]]]) -> tuple[dict[str, list[str]], ...]:
    """The rows that are read most differently. Each has its cells by codec. The rows have different cells, if possible.

    Only the first rows are searched.
    """
    found: dict[tuple[str, ...], tuple[int, dict[str, list[str]]]] = {}
    for number, record in enumerate(islice(records, _ROWS_SEARCHED)):
        readings = list(record.values())
        cells = tuple(cells[0] for cells in zip_longest(*readings, fillvalue="") if len(set(cells)) > 1)
        if cells and cells not in found:
            found[cells] = (-_count_differences(readings), record)
        if number % _ROWS_SEARCHED == _ROWS_SEARCHED - 1 or len(found) > 20 * _SAMPLES:
            found = dict(_best(found))
    return tuple(record for _cells, (_letters, record) in _best(found))


_Found = tuple[tuple[str, ...], tuple[int, dict[str, list[str]]]]


def _best(found: Mapping[tuple[str, ...], tuple[int, dict[str, list[str]]]]) -> list[_Found]:
    return sorted(found.items(), key=lambda item: item[1][0])[: 4 * _SAMPLES]


def _count_differences(readings: Sequence[Sequence[str]]) -> int:
    """How many distinct letters are read differently."""
    letters = zip_longest(*("\0".join(cells) for cells in readings))
    return len({each for each in letters if len(set(each)) > 1})
