"""The check: bytes in, a verdict and everything that is wrong out. No Django, no database, no side effect.

    check = Check(stream)
    for block in check.blocks():
        ...                       # rows, in order
    check.report                  # the verdict

Imports of this package stay inside it; whoever uses it takes the names below.
"""

import io

from invites.checking.block import Block
from invites.checking.catalog import CATALOG, OVER_LIMITS, Kind, title_of
from invites.checking.cells.csv_injection import CsvLines, escape_formula, unescape_formula
from invites.checking.cells.email import email_key
from invites.checking.cells.row import check_cells, find_typo
from invites.checking.cells.text import visible
from invites.checking.check import Check
from invites.checking.domain_typos import DomainTypoDetector, typo_notice
from invites.checking.reading.dialect import DELIMITERS
from invites.checking.reading.records import Record, RecordFile, open_records, open_sheet_records
from invites.checking.reading.workbook import ENCODING as XLSX
from invites.checking.reading.workbook import Sheet
from invites.checking.report import COLUMNS, EXPECTED, Limits, Notice, Problem, Report, Row, Verdict

__all__ = [
    "CATALOG",
    "COLUMNS",
    "DELIMITERS",
    "EXPECTED",
    "OVER_LIMITS",
    "XLSX",
    "Block",
    "Check",
    "CsvLines",
    "DomainTypoDetector",
    "Kind",
    "Limits",
    "Notice",
    "Problem",
    "Record",
    "RecordFile",
    "Report",
    "Row",
    "Sheet",
    "Verdict",
    "check_bytes",
    "check_cells",
    "email_key",
    "escape_formula",
    "find_typo",
    "open_records",
    "open_sheet_records",
    "title_of",
    "typo_notice",
    "unescape_formula",
    "visible",
]


def check_bytes(
    data: bytes,
    *,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    people: bool = False,
    name: str = "",
) -> Report:
    """Check a whole file at once; with `people` the report also has its rows, all of them, in `report.people`."""
    check = Check(io.BytesIO(data), limits=limits, name=name)
    rows: list[Row] = []
    for block in check.blocks():
        if people:
            rows += block
    if people:
        check.report.people = [] if check.report.verdict == "rejected" else rows
    return check.report
