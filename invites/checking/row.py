"""Check all cells of one person: a row of a file, a corrected row, or the invite form."""

from invites.checking.catalog import row_problem
from invites.checking.cells.error import CellError
from invites.checking.cells.text import is_blank
from invites.checking.columns import COLUMNS, Cells
from invites.checking.report import Row


def check_cells(cells: Cells, *, row: int, line: int, extra: CellError | None = None, extra_value: str = "") -> Row:
    """Check one row in full: each cell with an error gives a problem. Finding duplicates is up to the caller.

    `extra` is an error of the row as a whole (too many cells), and `extra_value` what to show of it.
    """
    problems = [] if extra is None else [row_problem(extra, row=row, line=line, column=None, value=extra_value)]
    if extra and all(map(is_blank, cells)):
        # A note beside the table. That the row has no name and no address is no news.
        return Row(row, line, Cells(), tuple(problems), None, cells)
    values = []
    for column, cell in zip(COLUMNS, cells, strict=True):
        value = column.check(cell)
        if isinstance(value, CellError):
            problems.append(row_problem(value, row=row, line=line, column=column.key, value=cell))
            value = ""
        values.append(value)
    return Row(row, line, Cells(*values), tuple(problems), None, cells if problems else None)
