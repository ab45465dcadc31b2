"""Check the four cells of one person: the same code for a file's row, for a corrected one, and for inviting one."""

from invites.checking.catalog import CellError, notice, row_problem
from invites.checking.cells.email import Address, read_address, read_plain_address
from invites.checking.cells.email_mistakes import diagnose_common_mistakes, explain_refusal
from invites.checking.cells.names import check_description, check_name
from invites.checking.cells.provider_typos import TYPO_DOMAINS
from invites.checking.cells.text import is_blank, trim_all
from invites.checking.report import COLUMNS, Limits, Notice, Row

DEFAULT_LIMITS = Limits()
NO_ADDRESS = Address("", "")
FIRST_NAME_NEEDED, LAST_NAME_NEEDED = "first_name_needed", "last_name_needed"


def check_cells(
    email: str,
    first_name: str,
    last_name: str,
    description: str,
    *,
    row: int,
    line: int,
    limits: Limits = DEFAULT_LIMITS,
    extra: CellError | None = None,
    extra_value: str = "",
) -> Row:
    """One row, checked whole: each cell that is wrong gives a problem. Duplicates are the caller's to find.

    `extra` is a fault of the row itself, found by who took it apart (too many cells).
    """
    cells = (email, first_name, last_name, description)
    problems = [] if extra is None else [row_problem(extra, row=row, line=line, column=None, value=extra_value)]
    if extra and all(map(is_blank, cells)):
        # A note beside the table: that nobody is named in its row is no news.
        return Row(row, line, "", "", "", "", "", tuple(problems), None, cells)
    text = trim_all(email)
    address: Address | CellError = (
        read_plain_address(text) or diagnose_common_mistakes(text) or read_address(text) or explain_refusal(text)
    )
    first = check_name(first_name, FIRST_NAME_NEEDED, limits)
    last = check_name(last_name, LAST_NAME_NEEDED, limits)
    words = check_description(description, limits)
    for column, value, found in zip(COLUMNS, cells, (address, first, last, words), strict=True):
        if isinstance(found, CellError):
            problems.append(row_problem(found, row=row, line=line, column=column, value=value))
    if isinstance(address, CellError):
        address = NO_ADDRESS
    first, last, words = _text_of(first), _text_of(last), _text_of(words)
    if not problems:
        return Row(row, line, *address, first, last, words)
    return Row(row, line, *address, first, last, words, tuple(problems), None, cells)


def _text_of(found: str | CellError) -> str:
    return "" if isinstance(found, CellError) else found


def find_typo(row: Row) -> Notice | None:
    """A notice when a good address has a domain that looks like a slip of a well-known one."""
    local, _, domain = row.email.rpartition("@")
    right = TYPO_DOMAINS.get(domain)
    if right is None:
        return None
    return notice(
        "likely_typo",
        row=row.number,
        column=COLUMNS[0],
        value=row.email,
        suggestion=f"{local}@{right}",
        found=domain,
        right=right,
    )
