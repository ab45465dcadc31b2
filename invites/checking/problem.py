"""What is wrong, as values that `describe.py` puts into words."""

from typing import NamedTuple

from invites.checking.cells.error import Params


class Problem(NamedTuple):
    """One thing that is wrong, as a code of the catalog and the values of its sentences. `describe.py` words it.

    JSON can store the `params`. `row` counts as the spreadsheet does (the header is row 1), and `line` is the line of
    the file at which that row starts; both are None for a problem of the whole file. `column` is a key of the registry.
    `value` is for display: shortened, with invisible characters made visible. `suggestion` is the corrected cell, given
    only when it is certain, and `fix` the code of its label.
    """

    code: str
    params: Params
    row: int | None
    line: int | None
    column: str | None
    value: str
    suggestion: str | None = None
    fix: str | None = None


class Notice(NamedTuple):
    """Something the admin should know that stops nobody from being invited."""

    code: str
    params: Params
    row: int | None
    column: str | None = None
    value: str = ""
    suggestion: str | None = None
