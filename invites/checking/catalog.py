"""Every problem that the check can report: its code, message, hint and an example.

`python -m invites.checking` prints the table in `docs/problems.md`. Messages have no period, because they are shown
below cells; hints are sentences.
"""

from dataclasses import dataclass
from typing import Literal

from invites.checking.cells.error import CellError
from invites.checking.cells.text import visible
from invites.checking.columns import COLUMNS, EMAIL, list_columns
from invites.checking.report import Notice, Problem

Scope = Literal["file", "row", "warning"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem. `title` names it in a few words where it is counted; `message` and `hint` are format
    strings.
    """

    code: str
    scope: Scope
    title: str
    message: str
    hint: str
    example: str


_SAVE_AGAIN = "Save the sheet as CSV UTF-8 and drop that file here."
RENAME = "Rename it in your spreadsheet, save as CSV, and choose the file again."

_OUR_COLUMNS = list_columns(COLUMNS)

_FILE = (
    Kind("empty", "file", "Empty file",
         "This file is empty", "Choose the file that lists the people.", "0 bytes"),
    Kind("excel_workbook", "file", "Excel workbook",
         "This file is an Excel workbook",
         "In Excel choose Save as, then CSV UTF-8, and drop that file here.", "an .xlsx file called people.csv"),
    Kind("workbook_unreadable", "file", "Unreadable workbook",
         "This workbook can't be read: it is damaged, or locked with a password",
         "Open it in your spreadsheet. " + _SAVE_AGAIN, "an .xlsx file that was cut off"),
    Kind("workbook_too_big", "file", "Workbook too big",
         "This workbook holds more than {limit}, or its sheet reaches too far",
         "Keep one sheet with the people in it and nothing else, or save that sheet as CSV UTF-8.",
         "a sheet with a cell in XFD1048576"),
    Kind("workbook_too_heavy", "file", "Workbook too heavy",
         "This workbook needs too much memory or time to read: it is large, or has a cell far from the table",
         "Copy the rows that list the people into a new workbook, or save that sheet as CSV UTF-8.",
         "a cell of 240 MB"),
    Kind("sheet_empty", "file", "Empty sheet",
         "The first sheet of this workbook is empty, and only the first is read",
         "Move the sheet that lists the people to the front, or save that sheet as CSV UTF-8.",
         "a workbook with the people on Sheet2"),
    Kind("other_kind", "file", "Not a CSV file",
         "This file is {kind}, not a CSV file",
         "Export the list from your spreadsheet as CSV, and drop that file here.", "a PNG picture named people.csv"),
    Kind("not_text", "file", "Not text",
         "This file is not text: it holds characters that no text has",
         "Open it in your spreadsheet. " + _SAVE_AGAIN, "a zero byte (NUL) in line 3"),
    Kind("unreadable", "file", "Unreadable letters",
         "Line {line} has letters that can't be read",
         "The file may be damaged. Open it in your spreadsheet and correct that line. " + _SAVE_AGAIN,
         "a file cut in the middle of a letter, or pieced together from two files"),
    Kind("unsure_spelling", "file", "Uncertain spelling",
         "We can't be sure how a word in line {line} is spelled: {found}",
         "The file doesn't say how it stores accented letters. Open it in your spreadsheet and check that line. "
         + _SAVE_AGAIN,
         "Heged\u0171s or Heged\u00fbs"),
    Kind("too_big", "file", "File too big",
         "This file has {found}; at most {limit} can be imported at once",
         "Split it into several files.", "26 MB where 25 MB are allowed"),
    Kind("too_many_rows", "file", "Too many rows",
         "This file has {found} rows; at most {limit} can be imported at once",
         "Split it into several files.", "200,001 rows where 200,000 are allowed"),
    Kind("too_many_lines", "file", "Too many lines",
         "This file has more than {limit} lines, and most of them are empty",
         "Delete the empty lines, or copy the table into a new file.", "a million line breaks"),
    Kind("too_many_columns", "file", "Too many columns",
         "This file has {found} columns; at most {limit} are read",
         f"Keep the columns {_OUR_COLUMNS}.", "101 columns"),
    Kind("cell_too_long", "file", "Endless cell",
         "A cell in row {row} is longer than {limit} characters",
         "Look for a quotation mark there that is never closed, or shorten the cell.", "a cell of a megabyte"),
    Kind("line_too_long", "file", "Endless line",
         "A line of this file is longer than {limit} characters",
         "Open it in your spreadsheet. " + _SAVE_AGAIN, "a file without line breaks"),
    Kind("unclosed_quote", "file", "Open quotation mark",
         "A quotation mark that opens in row {row} is never closed",
         "Close it, or write it twice if it belongs to the text. Everybody below it was read as one cell.",
         'anna@company.com,"Anna,Berg'),
    Kind("text_after_quote", "file", "Text after a quotation mark",
         "In row {row} text follows a closing quotation mark",
         "Write a quotation mark that belongs to the text twice, or save the sheet as CSV from your spreadsheet.",
         'anna@company.com,"Anna"B,Berg'),
    Kind("other_delimiter", "file", "Other separator",
         "The first line says that {delimiter} separates the cells, and that is not read",
         "Use a comma, a semicolon, a tab or a pipe.", "sep=^"),
    Kind("no_header", "file", "No column names",
         "There is no row of column names: the first row is a person already",
         f"Put a row above it with {_OUR_COLUMNS}.", "anna@company.com,Anna,Berg"),
    Kind("missing_column", "file", "Column missing",
         "No column is called {names}", "{guess}", "Email,First name,Surname"),
    Kind("names_below", "file", "Column names further down",
         "The column names are in row {number}, and something else is above them",
         "Delete all above row {number}, save as CSV, and choose the file again.",
         "Team list, and below it Email,First name,Last name"),
    Kind("double_column", "file", "Column twice",
         "Two columns are called {name}",
         "Keep one of {found}, save as CSV, and choose the file again.", "Email,First name,Last name,E-mail"),
    Kind("no_rows", "file", "No rows",
         "There are column names, but nobody below them",
         "Add one row for each person.", "Email,First name,Last name"),
)  # fmt: skip

_ROW = (
    Kind("email_needed", "row", "Address missing",
         "An email address is needed", "Fill in the address of this person.", ""),
    Kind("email_link", "row", "Link in place of an address",
         "This is a link, not an address", "Take away mailto: and what follows the address.",
         "mailto:anna@company.com"),
    Kind("email_with_name", "row", "More than an address",
         "There is more than the address in this cell", "Keep the address alone.",
         "Anna Berg <anna@company.com>"),
    Kind("email_twice", "row", "Several addresses",
         "There are {count} addresses in this cell", "Give each person a row.",
         "anna@company.com; bob@company.com"),
    Kind("email_no_at", "row", "No @ sign",
         "There is no @ sign", "Write the address as name@company.com.", "anna.company.com"),
    Kind("email_two_at", "row", "Several @ signs",
         "There are {count} @ signs", "Keep the one before the domain.",
         "anna@@company.com"),
    Kind("email_space", "row", "Space in an address",
         "A {what} is not allowed here", "Take it away, or put a dot in its place.",
         "anna berg@company.com"),
    Kind("email_invisible", "row", "Invisible character",
         "There is an invisible character in this address ({character})",
         "Take it away, or type the address anew.", "anna\u200b@company.com"),
    Kind("email_no_name", "row", "Nothing before the @ sign",
         "There is nothing before the @ sign", "Write the address as name@company.com.",
         "@company.com"),
    Kind("email_no_domain", "row", "Nothing after the @ sign",
         "There is nothing after the @ sign", "Write the address as name@company.com.",
         "anna@"),
    Kind("email_no_ending", "row", "No ending such as .com",
         "This address has no ending, such as .com",
         "Write what follows the @ sign in full, such as company.com.", "anna@company"),
    Kind("email_edge", "row", "Mark beside an address",
         "{character} is not allowed at the {end} of an address", "Take it away.",
         "anna@company.com,"),
    Kind("email_dots", "row", "Two dots together",
         "Two dots follow each other", "Keep one dot.", "anna@company..com"),
    Kind("email_dot_edge", "row", "Dot in a wrong place",
         "A dot is not allowed {place}", "Take the dot away.", "anna.@company.com"),
    Kind("email_hyphen", "row", "Hyphen in a wrong place",
         "A hyphen is not allowed {place}", "Look at what follows the @ sign.",
         "anna@-company.com"),
    Kind("email_reserved", "row", "Ending without email",
         "No address that ends in .{ending} can get an email",
         "Use the address at which this person gets email.", "anna@company.test"),
    Kind("email_number_domain", "row", "Number as a domain",
         "This address ends in a number, not in a name such as company.com",
         "Write the name of the domain after the @ sign.", "anna@192.168.0.1"),
    Kind("email_too_long", "row", "Address too long",
         "{what} is too long: {found} characters, and at most {limit} are allowed",
         "Look whether two cells have run together.", "an address of 300 characters"),
    Kind("email_character", "row", "Character not allowed in an address",
         "{character} is not allowed {place}", "Look for a slip of the finger there.",
         "anna(work)@company.com"),
    Kind("email_quoted", "row", "Address in quotation marks",
         "Quotation marks are not allowed in an address", "Write the address without them.",
         '"anna berg"@company.com'),
    Kind("email_domain", "row", "Bad domain",
         "The part after the @ sign is not the name of a domain",
         "Look for a slip of the finger there.", "anna@xn--company.com"),
    Kind("email_other", "row", "Bad address",
         "This is not an email address", "Write the address as name@company.com.",
         "a combining accent at the start"),
    Kind("first_name_needed", "row", "First name missing",
         "A first name is needed",
         "Fill in the cell; a hyphen will do if this person has only one name.", ""),
    Kind("last_name_needed", "row", "Last name missing",
         "A last name is needed",
         "Fill in the cell; a hyphen will do if this person has only one name.", ""),
    Kind("name_too_long", "row", "Name too long",
         "This name has {found} characters, and at most {limit} are allowed",
         "Shorten it.", "151 letters"),
    Kind("description_too_long", "row", "Description too long",
         "This description has {found} characters, and at most {limit} are allowed",
         "Shorten it.", "1,001 characters"),
    Kind("control_character", "row", "Control character",
         "There is a control character in this cell ({character})",
         "Take it away, or type the cell anew.", "Anna\x07"),
    Kind("line_break", "row", "Line break in a name",
         "A line break is not allowed in a name", "Write the name on one line.", "Anna\nMaria"),
    Kind("direction_override", "row", "Reversed writing",
         "There is a character in this cell that turns the direction of writing around ({character})",
         "Take it away, or type the cell anew.", "Anna\u202egreB"),
    Kind("lost_character", "row", "Lost letter",
         "A letter of this cell was lost in an earlier conversion ({character})",
         "Type the letter anew.", "Ren\ufffd"),
    Kind("link_in_name", "row", "Link in a name",
         "A name can't hold a web or email address ({link})",
         "An email program would turn it into a link. Write the name alone.", "Anna www.company.com"),
    Kind("quotes_around_name", "row", "Quotation mark beside a name",
         "There is a quotation mark {place}",
         "Take it away. A quotation mark opens a cell only where it is the very first character.", ' "Anna"'),
    Kind("too_many_cells", "row", "Too many cells",
         "This row has {found} cells where {limit} have a column name",
         "Put quotation marks around the cell that holds the {delimiter}, or empty the cells at the end.",
         "anna@company.com,Anna,Berg, Jr,Night shift"),
    Kind("cell_without_column", "row", "Cell without a column",
         "There is something beside the last column that has a name",
         "Empty that cell, or give its column a name.", "a note to the right of the table of a workbook"),
)  # fmt: skip

_WARNINGS = (
    Kind("duplicate", "warning", "Twice in the file",
         "The same address stands in row {first}; that row counts, and this one is skipped",
         "Nothing to do, unless one of the two was meant for somebody else.", "Anna@company.com and anna@company.com"),
    Kind("likely_typo", "warning", "Likely slip",
         '"{found}" looks like a slip of "{right}"',
         "The row counts as it is; look whether it is right.", "anna@gmial.com"),
    Kind("ignored_column", "warning", "Column not read",
         'The column "{name}" is not read',
         f"Nothing to do: only {_OUR_COLUMNS} are.", "Phone"),
    Kind("unnamed_column", "warning", "Column without a name",
         "Column {number} has no name and is not read",
         "Give it a name if it matters.", "Email,,First name,Last name"),
)  # fmt: skip

# Problems of a file that larger limits might accept.
OVER_LIMITS = frozenset({"too_big", "too_many_rows", "workbook_too_big", "workbook_too_heavy"})

CATALOG: dict[str, Kind] = {kind.code: kind for kind in _FILE + _ROW + _WARNINGS}


def title_of(code: str) -> str:
    """The short title of a code, for pills and headings. A code that is no longer in use is its own title."""
    kind = CATALOG.get(code)
    return kind.title if kind else code


def file_problem(
    code: str, *, row: int | None = None, line: int | None = None, value: str = "", **facts: object
) -> Problem:
    """A problem of the whole file; `row` and `line` say where to look if one place causes it."""
    kind = CATALOG[code]
    facts.setdefault("row", f"{row:,}" if row else "")
    facts.setdefault("line", f"{line:,}" if line else "")
    return Problem(
        code, kind.message.format(**facts), kind.hint.format(**facts), row, line, None, visible(value) if value else ""
    )


def row_problem(error: CellError, *, row: int, line: int, column: str | None, value: str) -> Problem:
    """The error as a problem of its row. `column` is a title, and `value` the cell as found."""
    kind = CATALOG[error.code]
    message, hint = kind.message, kind.hint
    if error.facts:
        message, hint = message.format(**error.facts), hint.format(**error.facts)
    return Problem(error.code, message, hint, row, line, column, visible(value), error.suggestion, error.label)


def notice(
    code: str,
    *,
    row: int | None,
    column: str | None = None,
    value: str = "",
    suggestion: str | None = None,
    **facts: object,
) -> Notice:
    message = CATALOG[code].message.format(**facts)
    return Notice(row, code, message, column, visible(value), suggestion)


def duplicate_notice(*, row: int, first: int, value: str) -> Notice:
    """The notice for a row whose address is in row `first` already."""
    return notice("duplicate", row=row, column=EMAIL.title, value=value, first=f"{first:,}")
