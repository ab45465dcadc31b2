"""Check a row whose quotation marks are broken."""

from __future__ import annotations

from invites.checking.allowed_domains import AllowedDomains
from invites.checking.catalog import row_problem
from invites.checking.cells.error import CellError
from invites.checking.cells.text import visible
from invites.checking.columns import COLUMNS, EMAIL, Cells
from invites.checking.reading.broken_record import BrokenRecord
from invites.checking.reading.columns.header import Header
from invites.checking.report import Row
from invites.checking.row import check_cells


def check_broken_row(record: BrokenRecord, header: Header, *, row: int, line: int, allowed: AllowedDomains) -> Row:
    """The row with its problem. If its cells are certain, the suggestion is to keep them."""
    cells = header.pick(record)
    if not record.is_certain:
        error = CellError("broken_quote", {"case": "unclear"})
        problem = row_problem(error, row=row, line=line, column=EMAIL.key, value=record.raw)
        return Row(row, line, Cells(), (problem,), None, cells)
    checked = check_cells(cells, row=row, line=line, allowed=allowed)
    # The address is right. Another cell may be wrong in itself.
    wrong = {problem.column for problem in checked.problems}
    marked = [column.key for column, at in zip(COLUMNS, header.positions, strict=True) if at == record.marked]
    key = next((key for key in marked if key not in wrong), EMAIL.key)
    params = {"case": "certain", "found": visible(record.raw)}
    error = CellError("broken_quote", params, suggestion=getattr(cells, key), fix="keep_cells")
    problem = row_problem(error, row=row, line=line, column=key, value=record.raw)
    return checked._replace(problems=(problem, *checked.problems), cells=cells)
