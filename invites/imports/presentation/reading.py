"""The questions of "Check how we read this file" in words. Spelling and columns have modules of their own."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy, pgettext_lazy

from accounts.wording import counted, grouped, listed, separated
from invites.checking import Decisions, NameOrder, Problem, Table, found_columns, split_full_name, visible
from invites.imports.forms.reading_form import ReadingForm
from invites.imports.presentation.reading_columns import needs_of, shorten
from invites.problems import column_title

# More sheets are listed without their columns.
MOST_SHEETS = 8
_COLUMN_NAMES = 8

_ROWS = ngettext_lazy("{count} row", "{count} rows")
_ROWS_HIDDEN = ngettext_lazy("{count} row is hidden in your spreadsheet", "{count} rows are hidden in your spreadsheet")
_SHEETS = ngettext_lazy("It has {amount} sheet.", "It has {amount} sheets.")
_SHEETS_AND_COLUMNS = ngettext_lazy(
    "It has {amount} sheet, and we weren’t sure about the columns.",
    "It has {amount} sheets, and we weren’t sure about the columns.",
)
_SHEETS_AND_NO_COLUMN = ngettext_lazy(
    "It has {amount} sheet, and no column is named {columns}.",
    "It has {amount} sheets, and no column is named {columns}.",
)
_MISSING = ngettext_lazy("{count} thing is missing", "{count} things are missing")
_COLUMNS = ngettext_lazy("{count} column", "{count} columns")
_SHEETS_IN_WORDS = {
    2: pgettext_lazy("number of sheets", "two"),
    3: pgettext_lazy("number of sheets", "three"),
    4: pgettext_lazy("number of sheets", "four"),
    5: pgettext_lazy("number of sheets", "five"),
    6: pgettext_lazy("number of sheets", "six"),
    7: pgettext_lazy("number of sheets", "seven"),
    8: pgettext_lazy("number of sheets", "eight"),
    9: pgettext_lazy("number of sheets", "nine"),
}


def lead_of(form: ReadingForm) -> str:
    """What we are unsure about, in one sentence."""
    if "sheet" in form.asks:
        return _lead_of_sheets(form)
    if form.asks >= {"encoding", "columns"}:
        return _("We weren’t sure about the spelling and the columns.")
    if "encoding" in form.asks:
        return _("We weren’t sure about the spelling.")
    return _("We weren’t sure about the columns.") if "columns" in form.asks else _("Some of its rows are hidden.")


def _lead_of_sheets(form: ReadingForm) -> str:
    count = len(form.first.preview.tables)
    missing = [f"“{column_title(key)}”" for key in form.decisions.missing] if form.asks_columns else []
    message = _SHEETS_AND_COLUMNS if form.asks_columns else _SHEETS
    message = _SHEETS_AND_NO_COLUMN if missing else message
    return counted(message, count, amount=_SHEETS_IN_WORDS.get(count, grouped(count)), columns=listed(missing))


def found_text(doubt: Problem) -> str | None:
    """The names of the columns, if they are the problem."""
    found = found_columns(doubt)
    return None if found is None else separated([name for name in found if name])


def rows_text(form: ReadingForm) -> str:
    """How many rows the file has below the column names: "248 rows"."""
    return counted(_ROWS, count_rows(form.decisions))


def count_rows(decisions: Decisions) -> int:
    """How many rows of the chosen sheets would be read."""
    if not decisions.preview.is_workbook:
        return decisions.row_count
    total = 0
    for layout in decisions.layouts:
        table = decisions.preview.table(layout.sheet)
        total += table.count - sum(row.number <= layout.header_row for row in table.top)
        total -= table.hidden_rows if decisions.hidden_rows == "exclude" else 0
    return max(0, total)


# --- Sheets and hidden rows ---------------------------------------------------------------------------


@dataclass(frozen=True)
class SheetChoice:
    """A sheet that can be chosen. `columns` are its column names in one line."""

    number: int
    name: str
    rows: str
    columns: str
    is_hidden: bool
    is_chosen: bool


def sheet_choices(form: ReadingForm) -> list[SheetChoice]:
    """The sheets with rows, hidden ones last."""
    choices = [
        _sheet_choice(number, table, is_chosen=number in form.sheet_numbers)
        for number, table in enumerate(form.first.preview.tables)
    ]
    return sorted(choices, key=lambda choice: choice.is_hidden)


def _sheet_choice(number: int, table: Table, *, is_chosen: bool) -> SheetChoice:
    rows = [[visible(cell.strip()) for cell in row.cells if cell.strip()] for row in table.top]
    widest = max(map(len, rows), default=0)
    # A title above the column names has fewer cells.
    place = next((place for place, row in enumerate(rows) if len(row) * 2 > widest), 0)
    names = rows[place] if rows else []
    return SheetChoice(
        number=number,
        name=visible(table.name),
        rows=counted(_ROWS, max(0, table.count - place - 1)),
        columns=shorten(separated(names[:_COLUMN_NAMES])),
        is_hidden=table.is_hidden,
        is_chosen=is_chosen,
    )


def hidden_rows_text(form: ReadingForm) -> str:
    """The question about hidden rows."""
    return counted(_ROWS_HIDDEN, form.decisions.hidden_count)


# --- The order of names -------------------------------------------------------------------------------


@dataclass(frozen=True)
class OrderChoice:
    """An order of names, with how it splits a name of the file."""

    value: str
    title: str
    example: str
    is_chosen: bool


def order_choices(form: ReadingForm) -> list[OrderChoice]:
    """Both orders, the suggested one first."""
    example = next((name for name in form.decisions.full_names if len(name.split()) > 1), "")
    choices = [
        OrderChoice("last-first", _("Last name first"), _split(example, "last-first"), form.name_order == "last-first"),
        OrderChoice(
            "first-last", _("First name first"), _split(example, "first-last"), form.name_order == "first-last"
        ),
    ]
    return choices


def _split(name: str, order: NameOrder) -> str:
    if not name:
        return ""
    parts = split_full_name(name, order)
    return _("{name}: first name {first}, last name {last}").format(
        name=visible(name), first=visible(parts.first_name), last=visible(parts.last_name)
    )


# --- The bar ------------------------------------------------------------------------------------------


def figures_of(form: ReadingForm) -> tuple[str, str]:
    """What the bar says: what is missing, or "Ready to check" and the number of rows."""
    if not form.errors:
        return _("Ready to check"), rows_text(form)
    if len(form.errors) == 1:
        return form.errors[0].brief.rstrip("."), ""
    return counted(_MISSING, len(form.errors)), ""


def announcement_of(form: ReadingForm) -> str:
    """What screen readers hear when the page was drawn again."""
    figures = ". ".join(filter(None, figures_of(form)))
    if not form.asks_columns:
        return f"{figures}."
    columns = counted(_COLUMNS, len(form.columns))
    if not any(need.state == "missing" for need in needs_of(form)) and not form.errors:
        figures = _("everything required is matched")
    if not form.header_row:
        return _("{columns}, {figures}.").format(columns=columns, figures=figures)
    return _("Row {row}: {columns}, {figures}.").format(row=grouped(form.header_row), columns=columns, figures=figures)
