"""Which sheet of a workbook probably has the people."""

from __future__ import annotations

from collections.abc import Sequence

from invites.checking.columns import REQUIRED
from invites.checking.reading.columns.column_suggestions import suggest_columns
from invites.checking.reading.columns.column_vocabulary import FULL_NAME
from invites.checking.reading.columns.header_row import find_header_row
from invites.checking.reading.decisions import NAME_KEYS
from invites.checking.reading.preview import Table


def find_likely_sheet(tables: Sequence[Table]) -> Table:
    """The sheet with addresses and the most required columns, then with the most rows. Hidden ones come last."""
    return max(tables, key=lambda table: (not table.problem, table.has_addresses, not table.is_hidden, *_rank(table)))


def _rank(table: Table) -> tuple[int, int]:
    rows = [(row.number, row.cells) for row in table.top]
    header = find_header_row(rows).number
    names = next((cells for number, cells in rows if number == header), ())
    keys = {suggestion.key for suggestion in suggest_columns(names, [])}
    keys |= set(NAME_KEYS) if FULL_NAME in keys else set()
    return sum(column.key in keys for column in REQUIRED), table.count
