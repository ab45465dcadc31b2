"""Check all cells of one person: a row of a file, a corrected row, or the invite form."""

from invites.checking.catalog import row_problem
from invites.checking.cells.error import CellError
from invites.checking.cells.text import is_blank
from invites.checking.columns import COLUMNS, Cells
from invites.checking.full_names import names_in_address
from invites.checking.problem import Problem
from invites.checking.report import Row


def check_cells(cells: Cells, *, row: int, line: int, extra: CellError | None = None, extra_value: str = "") -> Row:
    """Check one row in full: each cell with an error gives a problem. Finding duplicates is up to the caller.

    `extra` is an error of the row as a whole (too many cells), and `extra_value` what to show of it.
    """
    problems = []
    if extra is not None:
        # An error with a suggestion is one of the first name: see Header.unsure_name.
        key = "first_name" if extra.suggestion else None
        problems.append(row_problem(extra, row=row, line=line, column=key, value=extra_value or extra.suggestion or ""))
    if extra and all(map(is_blank, cells)):
        # A note beside the table. That the row has no name and no address is no news.
        return Row(row, line, Cells(), tuple(problems), None, cells)
    values: list[str] = []
    for column, cell in zip(COLUMNS, cells, strict=True):
        value = column.check(cell)
        if isinstance(value, CellError):
            problems.append(row_problem(value, row=row, line=line, column=column.key, value=cell))
            value = ""
        values.append(value)
    if len(problems) > 1:
        problems = _suggest_names(problems, email=values[0])
    return Row(row, line, Cells(*values), tuple(problems), None, cells if problems else None)


def _suggest_names(problems: list[Problem], *, email: str) -> list[Problem]:
    """Suggest the names in an address such as chiara.rossi@, if both names are missing."""
    missing = {problem.code for problem in problems} >= {"first_name_needed", "last_name_needed"}
    names = names_in_address(email) if missing and email else None
    if names is None:
        return problems
    suggestions = dict(zip(("first_name_needed", "last_name_needed"), names, strict=True))
    return [
        problem._replace(suggestion=suggestions[problem.code], fix="use_name_in_address")
        if problem.code in suggestions
        else problem
        for problem in problems
    ]
