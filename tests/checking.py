"""Check whole files and single people in one call."""

from __future__ import annotations

import io

from invites.checking import ANY_DOMAIN, Cells, Check, Limits, Report, Row, check_cells

DEFAULT_LIMITS = Limits()


def read_rows(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> tuple[Report, list[Row]]:
    """The report on a file, and its rows unless the file was rejected."""
    check = Check(io.BytesIO(data), limits=limits)
    rows = [row for block in check.blocks() for row in block]
    return check.report, [] if check.report.verdict in ("rejected", "undecided") else rows


def check_bytes(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Report:
    """The report on a file."""
    return read_rows(data, limits=limits)[0]


def check_person(
    *, email: str = "anna@company.com", first_name: str = "Anna", last_name: str = "Berg", description: str = ""
) -> Row:
    """A checked row of a person."""
    return check_cells(Cells(email, first_name, last_name, description), row=2, line=2, allowed=ANY_DOMAIN)
