"""Check the four cells of one person: the same code for a file's row, for mending it, and for inviting one."""

from invites.checking.address import read_address, read_plain_address
from invites.checking.catalog import Fault, notice, row_problem
from invites.checking.faults import explain_refusal, refuse_early
from invites.checking.names import check_description, check_name
from invites.checking.report import COLUMNS, Limits, Notice, Problem, Row
from invites.checking.text import is_blank, trim_all
from invites.checking.typos import TYPO_DOMAINS

DEFAULT_LIMITS = Limits()


def check_cells(
    email: str,
    first_name: str,
    last_name: str,
    description: str,
    *,
    row: int,
    line: int,
    limits: Limits = DEFAULT_LIMITS,
    extra: Fault | None = None,
    extra_value: str = "",
) -> Row:
    """One row, checked whole: each cell that is wrong gives a problem. Duplicates are the caller's to find.

    `extra` is a fault of the row itself, found by who took it apart (too many cells).
    """
    problems: list[Problem] = []

    def refuse(fault: Fault, column: str, value: str) -> None:
        problems.append(row_problem(fault, row=row, line=line, column=column, value=value))

    cells = (email, first_name, last_name, description)
    if extra is not None:
        problems.append(row_problem(extra, row=row, line=line, column=None, value=extra_value))
        if all(map(is_blank, cells)):
            # A note beside the table: that nobody is named in its row is no news.
            return Row(row, line, "", "", "", "", "", tuple(problems), None, cells)
    normal = key = ""
    text = trim_all(email)
    fault = None
    if (address := read_plain_address(text)) is None and (fault := refuse_early(text)) is None:
        address = read_address(text)
    if address is not None:
        normal, key = address
    else:
        refuse(fault or explain_refusal(text), COLUMNS[0], email)
    first = check_name(first_name, "first_name_needed", limits)
    if isinstance(first, Fault):
        refuse(first, COLUMNS[1], first_name)
        first = ""
    last = check_name(last_name, "last_name_needed", limits)
    if isinstance(last, Fault):
        refuse(last, COLUMNS[2], last_name)
        last = ""
    words = check_description(description, limits)
    if isinstance(words, Fault):
        refuse(words, COLUMNS[3], description)
        words = ""
    if not problems:
        return Row(row, line, normal, key, first, last, words)
    return Row(row, line, normal, key, first, last, words, tuple(problems), None, cells)


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
