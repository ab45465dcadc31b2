"""Where the rows of several sheets are that have the same columns, maybe in another order."""

from __future__ import annotations

from collections.abc import Sequence

from invites.checking.cells.text import is_blank
from invites.checking.reading.columns.column_suggestions import holds_address
from invites.checking.reading.columns.compare_names import order_of, reduce_names
from invites.checking.reading.decisions import LAST_HEADER_ROW, Layout
from invites.checking.reading.preview import Table


def find_layouts(
    first: Table, others: Sequence[Table], *, header_row: int, names: Sequence[str], used: Sequence[int]
) -> tuple[Layout, ...]:
    """The layouts of the first sheet, which has the column `names` in its `header_row`, and of the others like it.

    `used` are the indexes of the columns that the others must have, too.
    """
    if not header_row:
        return tuple(Layout(table.name, 0) for table in (first, *others))
    found = (_layout_like(reduce_names(names), used, table) for table in others)
    return (Layout(first.name, header_row), *(layout for layout in found if layout))


def _layout_like(wanted: Sequence[str], used: Sequence[int], table: Table) -> Layout | None:
    for row in table.top[:LAST_HEADER_ROW]:
        there = reduce_names(row.cells)
        if there == wanted:
            return Layout(table.name, row.number)
        order = order_of(wanted, there)
        if all(index < len(order) and order[index] is not None for index in used):
            return Layout(table.name, row.number, order)
        if is_person(row.cells):
            # Nobody may be above the column names.
            return None
    return None


def is_person(cells: Sequence[str]) -> bool:
    """Whether a row has an address, and something else."""
    return any(map(holds_address, cells)) and sum(not is_blank(cell) for cell in cells) > 1
