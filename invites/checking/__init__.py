"""Checks CSV files and workbooks with people to invite. A library without Django, a database or side effects.

    check = Check(stream)
    for block in check.blocks():
        ...                       # rows, in order
    check.report                  # the verdict
    message_of(problem)           # a problem in words

Code that checks files imports the names below. Links, and patterns for them, are in cells/links.py for anybody.
"""

from invites.checking.block import Block
from invites.checking.catalog import CATALOG, OVER_LIMITS
from invites.checking.cells.csv_injection import CsvLines, escape_formula, unescape_formula
from invites.checking.cells.email import email_key
from invites.checking.cells.provider_typos import intended_domain
from invites.checking.cells.text import visible
from invites.checking.check import Check
from invites.checking.columns import COLUMNS, EMAIL, REQUIRED, Cells, Column
from invites.checking.describe import column_title, expected_column, fix_of, hint_of, message_of, title_of
from invites.checking.domain_typos import DomainTypoDetector, typo_notice
from invites.checking.messages import Language
from invites.checking.reading.dialect import DELIMITERS
from invites.checking.reading.records import Record, RecordFile, open_records, open_sheet_records
from invites.checking.reading.workbook import WORKBOOK_KINDS, Sheet, SheetInfo, Workbook
from invites.checking.report import Limits, Notice, Problem, Report, Row, Verdict
from invites.checking.row import check_cells

__all__ = [
    "CATALOG",
    "COLUMNS",
    "DELIMITERS",
    "EMAIL",
    "OVER_LIMITS",
    "REQUIRED",
    "WORKBOOK_KINDS",
    "Block",
    "Cells",
    "Check",
    "Column",
    "CsvLines",
    "DomainTypoDetector",
    "Language",
    "Limits",
    "Notice",
    "Problem",
    "Record",
    "RecordFile",
    "Report",
    "Row",
    "Sheet",
    "SheetInfo",
    "Verdict",
    "Workbook",
    "check_cells",
    "column_title",
    "email_key",
    "escape_formula",
    "expected_column",
    "fix_of",
    "hint_of",
    "intended_domain",
    "message_of",
    "open_records",
    "open_sheet_records",
    "title_of",
    "typo_notice",
    "unescape_formula",
    "visible",
]
