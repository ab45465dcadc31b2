"""Every problem that the check can report: its code, message, hint and an example.

`python -m invites.checking` prints the table in `docs/problems.md`. Messages have no period, because they are shown
below cells; hints are sentences. `describe.py` fills in the placeholders and knows how each is written.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from invites.checking.cells.error import CellError, Param
from invites.checking.cells.text import visible
from invites.checking.columns import EMAIL
from invites.checking.messages import Plural, gettext_noop, ngettext_noop
from invites.checking.problem import Notice, Problem

# How many rows a notice names if it is about several.
NUMBERS_NAMED = 5

Scope = Literal["file", "row", "warning"]
# One sentence, or one for each case: the parameter `case` names it.
Message: TypeAlias = str | Plural
Cases: TypeAlias = Mapping[str, Message]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem. `title` names it in a few words where it is counted."""

    code: str
    scope: Scope
    title: str
    message: Message | Cases
    hint: Message | Cases
    example: str


_FILE = (
    Kind("empty", "file", gettext_noop("Empty file"),
         gettext_noop("This file is empty"),
         gettext_noop("Choose the file that lists the people to invite."), "0 bytes"),
    Kind("workbook_unreadable", "file", gettext_noop("Unreadable workbook"),
         gettext_noop("This workbook can’t be read because it’s damaged"),
         gettext_noop("Open it in your spreadsheet, save the sheet as CSV UTF-8, and upload that file."),
         "an .xlsx file that was cut off"),
    Kind("workbook_locked", "file", gettext_noop("Workbook with a password"),
         gettext_noop("This workbook is protected by a password"),
         gettext_noop(
             "Save a copy without a password, and upload that file. In Excel, choose File, Info, Protect Workbook, "
             "Encrypt with Password, and clear the password. In LibreOffice, choose Save As and clear “Save with "
             "password”."
         ),
         "an .xlsx file that Excel opens only with a password"),
    Kind("numbers_file", "file", gettext_noop("Apple Numbers file"),
         gettext_noop("This file is an Apple Numbers spreadsheet"),
         gettext_noop("In Numbers, choose File, Export To, Excel, and upload the file that you save."),
         "a .numbers file"),
    Kind("workbook_too_big", "file", gettext_noop("Workbook too large"),
         gettext_noop("This workbook contains more than {max_size} of data, or a sheet is too large"),
         gettext_noop(
             "Keep a single sheet that has only the people to invite, or save that sheet as CSV UTF-8. "
             "Then upload the file again."
         ),
         "a sheet with a cell in XFD1048576"),
    Kind("workbook_too_heavy", "file", gettext_noop("Workbook too complex"),
         gettext_noop("This workbook takes too much memory or time to read"),
         gettext_noop(
             "The workbook may be very large, or have a cell far from the table. Copy the rows with the people to "
             "invite into a new workbook, or save that sheet as CSV UTF-8. Then upload the file again."
         ),
         "a cell of 240 MB"),
    Kind("sheet_missing", "file", gettext_noop("Missing sheet"),
         gettext_noop("This workbook has no sheet called “{name}”, or that sheet is empty"),
         gettext_noop("Choose from these sheets: {names}."),
         "--sheet Staff for a workbook with the sheets Team and Notes"),
    Kind("other_kind", "file", gettext_noop("Not a CSV file"),
         gettext_noop("This file is {kind}, not a CSV file"),
         gettext_noop("Export the list from your spreadsheet as CSV, and upload that file."),
         "a PNG image named people.csv"),
    Kind("not_text", "file", gettext_noop("Binary data"),
         gettext_noop("This file isn’t text: it contains binary data"),
         gettext_noop("Open it in your spreadsheet, save the sheet as CSV UTF-8, and upload that file."),
         "a zero byte (NUL) in line 3"),
    Kind("unreadable", "file", gettext_noop("Unreadable characters"),
         {
             "one": gettext_noop("Line {line} contains bytes that aren’t valid {encoding}: {found}"),
             "several": ngettext_noop(
                 "Line {line} and {others} other line contain bytes that aren’t valid {encoding}: {found}",
                 "Line {line} and {others} other lines contain bytes that aren’t valid {encoding}: {found}",
                 "others",
             ),
         },
         gettext_noop(
             "The file may be damaged. Open it in your spreadsheet, correct that line, save the sheet as CSV UTF-8, "
             "and upload that file."
         ),
         "a file cut in the middle of a letter, or pieced together from two files"),
    Kind("unsure_spelling", "file", gettext_noop("Unknown character encoding"),
         gettext_noop("We couldn’t determine the character encoding: a name could be {spellings}"),
         gettext_noop(
             "The file doesn’t say how it stores accented letters. Open it in your spreadsheet, save the sheet as "
             "CSV UTF-8, and upload that file."
         ),
         "Heged\u0171s or Heged\u00fbs"),
    Kind("too_big", "file", gettext_noop("File too large"),
         gettext_noop("This file is {size}, and the limit is {max_size}"),
         gettext_noop("Split it into several files."), "26 MB where 25 MB are allowed"),
    Kind("too_many_rows", "file", gettext_noop("Too many rows"),
         {
             "counted": ngettext_noop(
                 "This file has {found} row, and the limit is {limit}",
                 "This file has {found} rows, and the limit is {limit}",
                 "found",
             ),
             "more": ngettext_noop(
                 "This file has more than {limit} row, which is the limit",
                 "This file has more than {limit} rows, which is the limit",
                 "limit",
             ),
         },
         gettext_noop("Split it into several files."), "200,001 rows where 200,000 are allowed"),
    Kind("too_many_lines", "file", gettext_noop("Too many lines"),
         ngettext_noop(
             "This file has more than {limit} line, most of them empty",
             "This file has more than {limit} lines, most of them empty",
             "limit",
         ),
         gettext_noop("Delete the empty lines, or copy the table into a new file."), "a million line breaks"),
    Kind("shared_address", "file", gettext_noop("One address for many people"),
         ngettext_noop(
             "More than {limit} person in this file has the address {address}",
             "More than {limit} people in this file have the address {address}",
             "limit",
         ),
         gettext_noop("Give each person their own address."), "info@company.com for 1,002 people"),
    Kind("too_many_columns", "file", gettext_noop("Too many columns"),
         ngettext_noop(
             "This file has {found} column, and the limit is {limit}",
             "This file has {found} columns, and the limit is {limit}",
             "found",
         ),
         gettext_noop("Keep the columns {all_columns}."), "101 columns"),
    Kind("cell_too_long", "file", gettext_noop("Cell too long"),
         ngettext_noop(
             "A cell in row {row} is longer than {limit} character",
             "A cell in row {row} is longer than {limit} characters",
             "limit",
         ),
         gettext_noop("Look for a quotation mark in that row that is never closed, or shorten the cell."),
         "a cell of a megabyte"),
    Kind("line_too_long", "file", gettext_noop("Line too long"),
         ngettext_noop(
             "A line of this file is longer than {limit} character",
             "A line of this file is longer than {limit} characters",
             "limit",
         ),
         gettext_noop("Open it in your spreadsheet, save the sheet as CSV UTF-8, and upload that file."),
         "a file without line breaks"),
    Kind("unclosed_quote", "file", gettext_noop("Unclosed quotation mark"),
         gettext_noop("A quotation mark in row {row} is never closed"),
         gettext_noop(
             "Close it, or write it twice if it’s part of the text. Everything after it was read as a single cell."
         ),
         'anna@company.com,"Anna,Berg'),
    Kind("text_after_quote", "file", gettext_noop("Text after a quotation mark"),
         gettext_noop("There is text after a closing quotation mark in row {row}"),
         gettext_noop(
             "If a quotation mark is part of the text, write it twice. Or open the file in your spreadsheet and save "
             "it as CSV."
         ),
         'anna@company.com,"Anna"B,Berg'),
    Kind("other_delimiter", "file", gettext_noop("Unsupported separator"),
         gettext_noop("The first line says that cells are separated by {character}, which isn’t supported"),
         gettext_noop("Use a comma, a semicolon, a tab, or a pipe."), "sep=^"),
    Kind("no_header", "file", gettext_noop("No column names"),
         gettext_noop("The column names are missing: the first row is already a person"),
         gettext_noop("Add a row above it with the names {all_columns}."), "anna@company.com,Anna,Berg"),
    Kind("missing_column", "file", gettext_noop("Missing column"),
         ngettext_noop(
             "The column {columns} is missing",
             "The columns {columns} are missing",
             "count",
         ),
         {
             "both_names": gettext_noop(
                 "Does “{name}” contain first and last names? Split it into the columns {name_columns}, save the file "
                 "as CSV, and upload it again."
             ),
             "one_cell": gettext_noop(
                 "“{name}” is a single cell. Split it into columns in your spreadsheet, save the file as CSV, and "
                 "upload it again."
             ),
             "unknown": gettext_noop(
                 "Name the columns {required_columns} in the first row, save the file as CSV, and upload it again."
             ),
             "several": gettext_noop(
                 "Rename these columns in your spreadsheet, save the file as CSV, and upload it again: {renames}."
             ),
             "other_alphabet": gettext_noop(
                 "“{name}” looks like “{column}”, but some of its letters are from another alphabet. Retype the name "
                 "in your spreadsheet, save the file as CSV, and upload it again."
             ),
             "other_name": gettext_noop(
                 "Is “{name}” the column “{column}”? Rename it in your spreadsheet, save the file as CSV, and upload "
                 "it again."
             ),
             "similar_name": gettext_noop(
                 "“{name}” looks like “{column}”. Rename it in your spreadsheet, save the file as CSV, and upload it "
                 "again."
             ),
         },
         "Email,First name,Surname"),
    Kind("names_below", "file", gettext_noop("Text above the column names"),
         gettext_noop("The column names are in row {number}, and there is text above them"),
         gettext_noop("Delete everything above row {number}, save the file as CSV, and upload it again."),
         "Team list, and below it Email,First name,Last name"),
    Kind("double_column", "file", gettext_noop("Duplicate column"),
         gettext_noop("More than one column is named “{column}”"),
         gettext_noop("Keep one of {names}, save the file as CSV, and upload it again."),
         "Email,First name,Last name,E-mail"),
    Kind("several_sheets", "file", gettext_noop("Several sheets"),
         ngettext_noop("{count} sheet has people: {names}", "{count} sheets have people: {names}", "count"),
         gettext_noop("Keep only the sheet with the people to invite, and upload the file again."),
         "a workbook with a sheet for each team"),
    Kind("unsure_hidden_rows", "file", gettext_noop("Some rows are hidden"),
         ngettext_noop("{count} row is hidden", "{count} rows are hidden", "count"),
         gettext_noop("Show all rows, or delete the hidden ones, and upload the file again."),
         "a row that a filter hides"),
    Kind("unsure_name_order", "file", gettext_noop("Full names"),
         gettext_noop("Full names such as “{value}” have to be split"),
         gettext_noop("Put first names and last names in separate columns, and upload the file again."),
         "Email,Full name"),
    Kind("header_row_too_far", "file", gettext_noop("Column names too far down"),
         gettext_noop("The column names can’t be below row {limit}"),
         gettext_noop("Delete rows above the column names, and upload the file again."), "--header-row 40"),
    Kind("column_not_found", "file", gettext_noop("Column not found"),
         gettext_noop("No column is called “{name}”"),
         gettext_noop("Enter the name of a column, or its letter."), "--column email=Mail without a column Mail"),
    Kind("other_columns_in_sheet", "file", gettext_noop("Sheet with other columns"),
         gettext_noop("The sheets “{name}” and “{other}” have different column names"),
         gettext_noop("Import one of the sheets first, and then the other."),
         "a second sheet with different column names"),
    Kind("no_rows", "file", gettext_noop("No rows"),
         gettext_noop("This file has column names but no people"),
         gettext_noop("Add one row for each person."), "Email,First name,Last name"),
)  # fmt: skip

_ROW = (
    Kind("email_needed", "row", gettext_noop("Missing address"),
         gettext_noop("The email address is missing"),
         gettext_noop("Enter the address of this person."), ""),
    Kind("email_link", "row", gettext_noop("Link instead of an address"),
         gettext_noop("This is a link, not an email address"),
         gettext_noop("Remove “mailto:” and everything after the address."), "mailto:anna@company.com"),
    Kind("email_with_name", "row", gettext_noop("Text beside the address"),
         gettext_noop("This cell contains more than an email address"),
         gettext_noop("Keep only the address."), "Anna Berg <anna@company.com>"),
    Kind("email_twice", "row", gettext_noop("Several addresses"),
         ngettext_noop(
             "This cell contains {count} email address",
             "This cell contains {count} email addresses",
             "count",
         ),
         gettext_noop("Enter each person in a separate row."), "anna@company.com; bob@company.com"),
    Kind("email_no_at", "row", gettext_noop("No @ sign"),
         gettext_noop("The @ sign is missing"),
         gettext_noop("Enter an address such as name@company.com."), "anna.company.com"),
    Kind("email_two_at", "row", gettext_noop("Several @ signs"),
         ngettext_noop("This address has {count} @ sign", "This address has {count} @ signs", "count"),
         gettext_noop("Keep the one before the domain."), "anna@@company.com"),
    Kind("email_space", "row", gettext_noop("Space in an address"),
         {
             "space": gettext_noop("An email address can’t contain a space"),
             "line_break": gettext_noop("An email address can’t contain a line break"),
         },
         gettext_noop("Remove it, or replace it with a dot."), "anna berg@company.com"),
    Kind("email_invisible", "row", gettext_noop("Invisible character"),
         gettext_noop("This address contains an invisible character ({character})"),
         gettext_noop("Remove it, or retype the address."), "anna\u200b@company.com"),
    Kind("email_no_name", "row", gettext_noop("Nothing before the @ sign"),
         gettext_noop("There is nothing before the @ sign"),
         gettext_noop("Enter an address such as name@company.com."), "@company.com"),
    Kind("email_no_domain", "row", gettext_noop("Nothing after the @ sign"),
         gettext_noop("There is nothing after the @ sign"),
         gettext_noop("Enter an address such as name@company.com."), "anna@"),
    Kind("email_no_ending", "row", gettext_noop("No ending such as .com"),
         gettext_noop("This address has no ending such as .com"),
         gettext_noop("Enter the whole domain after the @ sign, such as company.com."), "anna@company"),
    Kind("email_edge", "row", gettext_noop("Extra character beside the address"),
         {
             "start": gettext_noop("An email address can’t start with {character}"),
             "end": gettext_noop("An email address can’t end with {character}"),
         },
         gettext_noop("Remove it."), "anna@company.com,"),
    Kind("email_dots", "row", gettext_noop("Two dots in a row"),
         gettext_noop("This address has two dots in a row"),
         gettext_noop("Keep one dot."), "anna@company..com"),
    Kind("email_dot_edge", "row", gettext_noop("Misplaced dot"),
         {
             "start": gettext_noop("An email address can’t start with a dot"),
             "before_at": gettext_noop("A dot isn’t allowed right before the @ sign"),
             "after_at": gettext_noop("A dot isn’t allowed right after the @ sign"),
         },
         gettext_noop("Remove the dot."), "anna.@company.com"),
    Kind("email_hyphen", "row", gettext_noop("Misplaced hyphen"),
         {
             "start": gettext_noop("A part of the domain can’t start with a hyphen"),
             "end": gettext_noop("A part of the domain can’t end with a hyphen"),
         },
         gettext_noop("Check the part after the @ sign."), "anna@-company.com"),
    Kind("email_reserved", "row", gettext_noop("Domain without email"),
         gettext_noop("Addresses that end in .{ending} can’t receive email"),
         gettext_noop("Enter the address where this person receives email."), "anna@company.test"),
    Kind("email_number_domain", "row", gettext_noop("Number instead of a domain"),
         gettext_noop("This address ends in a number instead of a domain such as company.com"),
         gettext_noop("Enter the domain after the @ sign."), "anna@192.168.0.1"),
    Kind("email_too_long", "row", gettext_noop("Address too long"),
         {
             "address": ngettext_noop(
                 "This address has {found} character, and the limit is {limit}",
                 "This address has {found} characters, and the limit is {limit}",
                 "found",
             ),
             "before_at": ngettext_noop(
                 "The part before the @ sign has {found} character, and the limit is {limit}",
                 "The part before the @ sign has {found} characters, and the limit is {limit}",
                 "found",
             ),
             "label": ngettext_noop(
                 "A part of the domain has {found} character, and the limit is {limit}",
                 "A part of the domain has {found} characters, and the limit is {limit}",
                 "found",
             ),
         },
         gettext_noop("Check whether two cells were joined."), "an address of 300 characters"),
    Kind("email_character", "row", gettext_noop("Character not allowed in an address"),
         {
             "before_at": gettext_noop("{character} isn’t allowed before the @ sign"),
             "after_at": gettext_noop("{character} isn’t allowed after the @ sign"),
         },
         gettext_noop("Check the address for a typo."), "anna(work)@company.com"),
    Kind("email_quoted", "row", gettext_noop("Address in quotation marks"),
         gettext_noop("An email address can’t contain quotation marks"),
         gettext_noop("Remove the quotation marks."), '"anna berg"@company.com'),
    Kind("email_domain", "row", gettext_noop("Not a domain"),
         gettext_noop("The part after the @ sign isn’t a domain"),
         gettext_noop("Check it for a typo."), "anna@xn--company.com"),
    Kind("email_domain_not_allowed", "row", gettext_noop("Domain not allowed"),
         gettext_noop("Your organization doesn’t invite addresses at {other_domain}"),
         {
             "all": gettext_noop("Enter an address that ends in {domains}."),
             "some": ngettext_noop(
                 "Enter an address that ends in {domains}, or in {more} other allowed domain.",
                 "Enter an address that ends in {domains}, or in one of {more} other allowed domains.",
                 "more",
             ),
         },
         "anna@gmail.com where only @company.com is allowed"),
    Kind("email_other", "row", gettext_noop("Not an address"),
         gettext_noop("This isn’t an email address"),
         gettext_noop("Enter an address such as name@company.com."), "a combining accent at the start"),
    Kind("address_of_another", "row", gettext_noop("One address, two names"),
         {
             "row": gettext_noop("This is also the address of {name} in row {first}"),
             "sheet": gettext_noop("This is also the address of {name} in row {first} of {sheet}"),
         },
         gettext_noop(
             "If they’re two people, correct one of the addresses. If they’re the same person, keep one of the rows."
         ),
         "anna@company.com for Anna Berg, and again for Ben Berg"),
    Kind("first_name_needed", "row", gettext_noop("Missing first name"),
         gettext_noop("The first name is missing"),
         gettext_noop("Enter a first name. If this person has only one name, enter a hyphen here."), ""),
    Kind("last_name_needed", "row", gettext_noop("Missing last name"),
         gettext_noop("The last name is missing"),
         gettext_noop("Enter a last name. If this person has only one name, enter a hyphen here."), ""),
    Kind("name_too_long", "row", gettext_noop("Name too long"),
         ngettext_noop(
             "This name has {found} character, and the limit is {limit}",
             "This name has {found} characters, and the limit is {limit}",
             "found",
         ),
         gettext_noop("Shorten it."), "151 letters"),
    Kind("text_too_long", "row", gettext_noop("Text too long"),
         ngettext_noop(
             "This text has {found} character, and the limit is {limit}",
             "This text has {found} characters, and the limit is {limit}",
             "found",
         ),
         gettext_noop("Shorten it."), "1,001 characters"),
    Kind("control_character", "row", gettext_noop("Control character"),
         gettext_noop("This cell contains a control character ({character})"),
         gettext_noop("Remove it, or retype the cell."), "Anna\x07"),
    Kind("line_break", "row", gettext_noop("Line break in a name"),
         gettext_noop("A name can’t contain a line break"),
         gettext_noop("Put the name on one line."), "Anna\nMaria"),
    Kind("direction_override", "row", gettext_noop("Reversed text"),
         gettext_noop("This cell contains a character that reverses the direction of the text ({character})"),
         gettext_noop("Remove it, or retype the cell."), "Anna\u202egreB"),
    Kind("lost_character", "row", gettext_noop("Lost letter"),
         gettext_noop("A letter in this cell was lost when the file was converted earlier ({character})"),
         gettext_noop("Retype the letter."), "Ren\ufffd"),
    Kind("link_in_name", "row", gettext_noop("Link in a name"),
         gettext_noop("A name can’t contain a web or email address ({link})"),
         gettext_noop("Email programs would turn it into a link. Enter only the name."), "Anna www.company.com"),
    Kind("quotes_around_name", "row", gettext_noop("Quotation mark in a name"),
         {
             "around": gettext_noop("This name is in quotation marks"),
             "edge": gettext_noop("This name starts or ends with a quotation mark"),
             "inside": gettext_noop("This name contains a quotation mark that doesn’t open or close anything"),
         },
         {
             "around": gettext_noop("Enter the name without quotation marks."),
             "edge": gettext_noop("Remove it. A quotation mark opens a cell only if it’s the very first character."),
             "inside": gettext_noop("Remove it. A quotation mark opens a cell only if it’s the very first character."),
         },
         ' "Anna"'),
    Kind("spreadsheet_error", "row", gettext_noop("Failed formula"),
         gettext_noop("The formula in this cell failed, so its value is missing"),
         gettext_noop("Enter the value, or correct the formula in your spreadsheet and export the file again."),
         "#N/A"),
    Kind("text_formula", "row", gettext_noop("Formula instead of text"),
         gettext_noop("This is a formula instead of plain text"),
         gettext_noop("Keep only the text between the quotation marks."), '="Anna"'),
    Kind("unsure_full_name", "row", gettext_noop("Name to split"),
         gettext_noop("This full name could be split as “{first_name}” and “{last_name}”, or in another place"),
         gettext_noop("Check the first name and the last name."), "Maria Elena Rossi in a column of full names"),
    Kind("too_many_cells", "row", gettext_noop("Too many cells"),
         ngettext_noop(
             "This row has {found} cells, but only {limit} column has a name",
             "This row has {found} cells, but only {limit} columns have names",
             "limit",
         ),
         gettext_noop(
             "If a cell contains the separator ({character}), put quotation marks around the cell. "
             "If there is text after the last column, remove it."
         ),
         "anna@company.com,Anna,Berg, Jr,Night shift"),
    Kind("broken_quote", "row", gettext_noop("Broken quotation marks"),
         {
             "certain": gettext_noop("The quotation marks in this row don’t match: {found}"),
             "unclear": gettext_noop("The quotation marks in this row don’t match, so we can’t tell its cells apart"),
         },
         gettext_noop("Check the cells of this row. In a CSV file, a quotation mark inside a cell is written twice."),
         'anna@company.com,"Anna,Berg'),
    Kind("rows_in_cell", "row", gettext_noop("Rows in a cell"),
         ngettext_noop(
             "{count} line in a cell looks like a separate row: {value}",
             "{count} lines in a cell look like separate rows: {value}",
             "count",
         ),
         gettext_noop(
             "If quotation marks are missing in the file, add them there and upload the file again. If the text "
             "belongs to the cell, keep what’s shown."
         ),
         "two descriptions that lack a quotation mark, and a row between them"),
    Kind("column_names_again", "row", gettext_noop("Repeated column names"),
         gettext_noop("This row repeats the column names"),
         gettext_noop("Nobody is invited by it. Skip the row, or remove it from the file."),
         "Email,First name,Last name in row 40, where two files were joined"),
    Kind("cell_without_column", "row", gettext_noop("Cell without a column name"),
         gettext_noop("There is text after the last column that has a name"),
         gettext_noop("Remove the text, or give its column a name."),
         "a note to the right of the table of a workbook"),
)  # fmt: skip

_WARNINGS = (
    Kind("duplicate", "warning", gettext_noop("Duplicate address"),
         gettext_noop("The same address is in row {first}. That row is invited, and this one is skipped"),
         gettext_noop("You don’t have to do anything, because the name is the same."),
         "Anna@company.com and anna@company.com, both for Anna Berg"),
    Kind("likely_typo", "warning", gettext_noop("Possible typo"),
         gettext_noop("“{found}” looks like a typo for “{right}”"),
         gettext_noop("The address will be invited as written. Check whether it’s correct."), "anna@gmial.com"),
    Kind("damaged_text", "warning", gettext_noop("Damaged text"),
         gettext_noop("“{found}” looks damaged, and was probably “{right}”"),
         gettext_noop(
             "It will be invited as written. The text was damaged when a program converted it earlier. Check whether "
             "it’s correct."
         ),
         "J\u00c3\u00bcrgen"),
    Kind("lost_letter", "warning", gettext_noop("Possibly lost letter"),
         gettext_noop("A letter in “{found}” may have been lost"),
         gettext_noop(
             "It will be invited as written. Some programs replace letters that they can’t save with question marks. "
             "Check whether it’s correct."
         ),
         "M?ller"),
    Kind("unlikely_name", "warning", gettext_noop("Unlikely name"),
         gettext_noop("“{found}” is probably not a name"),
         gettext_noop(
             "It will be invited as written. It looks like a number, a date or a formula. Check whether the right "
             "columns are used."
         ),
         "2026-05-01"),
    Kind("look_alike_address", "warning", gettext_noop("Look-alike characters"),
         gettext_noop("“{found}” looks like “{right}”, but has other characters"),
         gettext_noop("The address will be invited as written. Check whether it’s correct."),
         "o\u2019brien@company.com"),
    Kind("other_domain", "warning", gettext_noop("Address outside your domains"),
         gettext_noop("“{found}” isn’t at one of your organization’s email domains"),
         gettext_noop("The address will be invited as written. Check whether this person should be invited."),
         "anna@gmail.com where other domains are allowed with a warning"),
    Kind("separators_replaced", "warning", gettext_noop("Line separators"),
         ngettext_noop(
             "Special line separators in {count} description are replaced by spaces",
             "Special line separators in {count} descriptions are replaced by spaces",
             "count",
         ),
         gettext_noop("You don’t have to do anything."), "a description with a vertical tab"),
    Kind("not_people", "warning", gettext_noop("Rows that aren’t people"),
         {
             "all": ngettext_noop(
                 "{count} row below the last address was skipped because it isn’t a person: row {rows}",
                 "{count} rows below the last address were skipped because they aren’t people: rows {rows}",
                 "count",
             ),
             "some": ngettext_noop(
                 "{count} row below the last address was skipped because it isn’t a person: row {some_rows} and "
                 "{more} more",
                 "{count} rows below the last address were skipped because they aren’t people: rows {some_rows} and "
                 "{more} more",
                 "count",
             ),
         },
         gettext_noop("You don’t have to do anything. If one of them is a person, enter the address."), "Total: 2"),
    Kind("notes_beside", "warning", gettext_noop("Notes beside the table"),
         {
             "all": ngettext_noop(
                 "{count} note beside the table was ignored: row {rows}",
                 "{count} notes beside the table were ignored: rows {rows}",
                 "count",
             ),
             "some": ngettext_noop(
                 "{count} note beside the table was ignored: row {some_rows} and {more} more",
                 "{count} notes beside the table were ignored: rows {some_rows} and {more} more",
                 "count",
             ),
         },
         gettext_noop("You don’t have to do anything."),
         "a note that an empty column separates from the table"),
    Kind("ignored_column", "warning", gettext_noop("Ignored column"),
         gettext_noop("The column “{name}” is ignored"),
         gettext_noop("You don’t have to do anything. Only {all_columns} are read."), "Phone"),
    Kind("unnamed_column", "warning", gettext_noop("Column without a name"),
         gettext_noop("Column {number} has no name and is ignored"),
         gettext_noop("If it’s one of {all_columns}, give it that name. Otherwise, you don’t have to do anything."),
         "Email,,First name,Last name"),
    Kind("rows_above", "warning", gettext_noop("Rows that aren’t read"),
         ngettext_noop(
             "{count} row above the column names in row {number} isn’t read",
             "{count} rows above the column names in row {number} aren’t read",
             "count",
         ),
         gettext_noop("You don’t have to do anything."), "Team list, and below it Email,First name,Last name"),
    Kind("hidden_rows_excluded", "warning", gettext_noop("Hidden rows that aren’t read"),
         ngettext_noop("{count} hidden row isn’t read", "{count} hidden rows aren’t read", "count"),
         gettext_noop("To invite everyone, show all rows in your spreadsheet and import the file again."),
         "a row that a filter hides"),
    Kind("hidden_rows_included", "warning", gettext_noop("Hidden rows that are read"),
         ngettext_noop("{count} hidden row is read like the others", "{count} hidden rows are read like the others",
                       "count"),
         gettext_noop("You don’t have to do anything."), "a row that a filter hides"),
    Kind("hidden_rows_unknown", "warning", gettext_noop("Hidden rows unknown"),
         gettext_noop("Hidden rows can’t be detected in .xls files"),
         gettext_noop("If rows are hidden, their people are invited, too. Save the workbook as .xlsx to choose."),
         "an .xls file"),
    Kind("other_sheets", "warning", gettext_noop("Other sheets"),
         ngettext_noop("{count} sheet isn’t read: {names}", "{count} sheets aren’t read: {names}", "count"),
         gettext_noop("You don’t have to do anything."), "a workbook with a second sheet of notes"),
)  # fmt: skip

# The labels of suggestions: what accepting one does.
FIXES: dict[str, str] = {
    "add_space": gettext_noop("Add a space after the dot"),
    "keep_cells": gettext_noop("Keep these cells"),
    "keep_address": gettext_noop("Keep the address"),
    "keep_names": gettext_noop("Keep these names"),
    "use_name_in_address": gettext_noop("Use {suggestion}"),
    "clear_cell": gettext_noop("Clear the cell"),
    "keep_first": gettext_noop("Keep {suggestion}"),
    "keep_one_at": gettext_noop("Keep one @"),
    "keep_one_dot": gettext_noop("Keep one dot"),
    "keep_text": gettext_noop("Keep only the text"),
    "put_on_one_line": gettext_noop("Put it on one line"),
    "remove": gettext_noop("Remove it"),
    "remove_character": gettext_noop("Remove {character}"),
    "remove_colon": gettext_noop("Remove the colon"),
    "remove_comma": gettext_noop("Remove the comma"),
    "remove_dot": gettext_noop("Remove the dot"),
    "remove_line_break": gettext_noop("Remove the line break"),
    "remove_mailto": gettext_noop("Remove mailto:"),
    "remove_quotation_marks": gettext_noop("Remove the quotation marks"),
    "remove_semicolon": gettext_noop("Remove the semicolon"),
    "remove_space": gettext_noop("Remove the space"),
    "use_at": gettext_noop("Use @"),
    "use_domain": gettext_noop("Use {domain}"),
    "use_suggestion": gettext_noop("Use {suggestion}"),
    "use_dot": gettext_noop("Use a dot"),
}

# Problems of a file that larger limits might accept.
OVER_LIMITS = frozenset({"too_big", "too_many_rows", "workbook_too_big", "workbook_too_heavy"})

CATALOG: dict[str, Kind] = {kind.code: kind for kind in _FILE + _ROW + _WARNINGS}


def file_problem(
    code: str, *, row: int | None = None, line: int | None = None, value: str = "", **params: Param
) -> Problem:
    """A problem of the whole file; `row` and `line` say where to look if one place causes it."""
    return Problem(code, params, row, line, None, visible(value) if value else "")


def row_problem(error: CellError, *, row: int, line: int, column: str | None, value: str) -> Problem:
    """The error as a problem of its row. `column` is a key, and `value` the cell as found."""
    return Problem(error.code, error.params, row, line, column, visible(value), error.suggestion, error.fix)


def notice(
    code: str,
    *,
    row: int | None,
    column: str | None = None,
    value: str = "",
    suggestion: str | None = None,
    **params: Param,
) -> Notice:
    return Notice(code, params, row, column, visible(value), suggestion)


def rows_notice(code: str, *, numbers: Sequence[int], count: int) -> Notice:
    """One notice about `count` rows. `numbers` are the first ones, or all of them."""
    named = [str(number) for number in numbers[:NUMBERS_NAMED]]
    more = count - len(named)
    if more:
        return notice(code, row=None, case="some", count=count, some_rows=named, more=more)
    return notice(code, row=None, case="all", count=count, rows=named)


def with_row_names(notice: Notice, name: Callable[[int], str]) -> Notice:
    """A notice of `rows_notice` with the names of its rows, where numbers aren't enough."""
    named: dict[str, Param] = {
        key: [name(int(str(number))) for number in value]
        for key, value in notice.params.items()
        if key in ("rows", "some_rows") and isinstance(value, list)
    }
    return notice._replace(params={**notice.params, **named})


def duplicate_notice(*, row: int, first: int, value: str) -> Notice:
    """The notice for a row whose address is in row `first` already."""
    return notice("duplicate", row=row, column=EMAIL.key, value=value, first=first)
