"""Checks CSV files and workbooks with people to invite. A library without Django, a database or side effects.

    check = Check(stream)
    for block in check.blocks():
        ...                       # rows, in order
    check.report                  # the verdict
    message_of(problem)           # a problem in words

Code that checks files imports the names below. Links, and patterns for them, are in cells/links.py for anybody.
"""

from invites.checking.allowed_domains import ANY_DOMAIN, AllowedDomains, normalize_domain
from invites.checking.block import Block
from invites.checking.catalog import CATALOG, NUMBERS_NAMED, OVER_LIMITS, rows_notice, with_row_names
from invites.checking.cells.csv_injection import CsvLines, escape_formula, unescape_formula
from invites.checking.cells.email import email_key
from invites.checking.cells.provider_typos import intended_domain
from invites.checking.cells.text import visible
from invites.checking.check import Check
from invites.checking.columns import COLUMNS, EMAIL, REQUIRED, Cells, Column
from invites.checking.describe import column_title, expected_column, fix_of, hint_of, message_of, title_of
from invites.checking.domain_typos import DomainTypoDetector, typo_notice
from invites.checking.full_names import split_full_name
from invites.checking.limits import Limits
from invites.checking.messages import Language
from invites.checking.pasting.pasted_text import LONGEST_PASTE, MOST_PASTED_ROWS, PastedText, count_lines, read_pasted
from invites.checking.pasting.understanding import Fix, Understanding, UnderstoodRow, understand
from invites.checking.problem import Notice, Problem
from invites.checking.reading.columns.column_letters import letters_of
from invites.checking.reading.columns.column_vocabulary import FULL_NAME
from invites.checking.reading.columns.header import COLUMN_NAMES_AGAIN, ESCAPED_COLUMN, is_what_is_wrong
from invites.checking.reading.decide import decide
from invites.checking.reading.decisions import (
    KEYS,
    LAST_HEADER_ROW,
    MAY_BE_MISSING,
    NAME_KEYS,
    ColumnUse,
    Decisions,
    Question,
)
from invites.checking.reading.dialect import DELIMITERS
from invites.checking.reading.encodings.known_encodings import codec_of, encoding_name, label_of
from invites.checking.reading.options import FIND_OUT, NOT_USED, Evidence, HiddenRows, NameOrder, ReadingOptions
from invites.checking.reading.preview import Preview, Table, TopRow
from invites.checking.reading.records import Record, RecordFile, open_records, write_table
from invites.checking.report import Report, Row, Verdict, found_columns
from invites.checking.row import check_cells
from invites.checking.same_address import ADDRESS_OF_ANOTHER, address_problem, name_key
from invites.checking.tail import KnownRows
