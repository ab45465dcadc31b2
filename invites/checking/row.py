"""Check all cells of one person: a row of a file, a corrected row, or the invite form."""

from collections.abc import Iterator, Sequence

from invites.checking.allowed_domains import ANY_DOMAIN, AllowedDomains
from invites.checking.catalog import notice, row_problem
from invites.checking.cells.error import CellError
from invites.checking.cells.text import is_blank, visible
from invites.checking.columns import COLUMNS, EMAIL, Cells
from invites.checking.full_names import names_in_address
from invites.checking.problem import Notice, Problem
from invites.checking.report import Row

ALL_COLUMNS = range(len(COLUMNS))
_NAMES = ("first_name", "last_name")
# The codes of cells that have no name, blank or with the error of a formula.
_NAME_IS_MISSING = ("first_name_needed", "last_name_needed", "spreadsheet_error")


def check_cells(
    cells: Cells,
    *,
    row: int,
    line: int,
    allowed: AllowedDomains,
    extra: CellError | None = None,
    extra_value: str = "",
    unsure: Sequence[int] = ALL_COLUMNS,
) -> Row:
    """Check one row in full: each cell with an error gives a problem. Finding duplicates is up to the caller.

    `allowed` are the domains of the organization that invites the person.

    `extra` is an error of the row as a whole (too many cells), and `extra_value` what to show of it. `unsure` are the
    indexes of the columns to check, in order, if the others are known to be valid and in their normal form.
    """
    problems = []
    if extra is not None:
        # An error with a suggestion is one of the first name: see Header.unsure_name.
        key = "first_name" if extra.suggestion else None
        problems.append(row_problem(extra, row=row, line=line, column=key, value=extra_value or extra.suggestion or ""))
    if extra and all(map(is_blank, cells)):
        # A note beside the table. That the row has no name and no address is no news.
        return Row(row, line, Cells(), tuple(problems), None, cells)
    values = list(cells)
    for index in unsure:
        column, cell = COLUMNS[index], cells[index]
        value = column.check(cell)
        if column is EMAIL and isinstance(value, str):
            value = allowed.error(value) or value
        if isinstance(value, CellError):
            problems.append(row_problem(value, row=row, line=line, column=column.key, value=cell))
            value = ""
        values[index] = value
    if problems:
        problems = _suggest_names(problems, values)
    return Row(row, line, Cells(*values), tuple(problems), None, cells if problems else None)


def doubt_notices(row: Row, allowed: AllowedDomains = ANY_DOMAIN) -> Iterator[Notice]:
    """The warnings about valid cells of the row that look damaged, and about an address with another domain."""
    for column, value in zip(COLUMNS, row.values, strict=True):
        if doubt := column.doubt(value) or (allowed.doubt(value) if column is EMAIL else None):
            found = visible(value)
            yield notice(
                doubt.code,
                row=row.number,
                column=column.key,
                value=value,
                suggestion=doubt.suggestion,
                found=found,
                right=visible(doubt.suggestion or ""),
            )


def _suggest_names(problems: list[Problem], values: list[str]) -> list[Problem]:
    """Suggest the missing names from an address such as chiara.rossi@, unless it is that of another name."""
    missing = [problem for problem in problems if problem.code in _NAME_IS_MISSING and problem.column in _NAMES]
    if not missing:
        return problems
    person = Cells(*values)
    names = names_in_address(person.email) if person.email else None
    if names is None:
        return problems
    given = (person.first_name or names[0], person.last_name or names[1])
    if [name.casefold() for name in given] != [name.casefold() for name in names]:
        return problems
    suggestions = dict(zip(_NAMES, names, strict=True))
    return [
        problem._replace(suggestion=suggestions[str(problem.column)], fix="use_name_in_address")
        if problem in missing
        else problem
        for problem in problems
    ]
