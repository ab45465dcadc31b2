"""The columns of "Check how we read this file": what each is used for, its first cells, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from accounts.wording import counted, grouped, listed, separated
from invites.checking import FULL_NAME, KEYS, MAY_BE_MISSING, NAME_KEYS, REQUIRED, TopRow, visible
from invites.imports.forms.matched_columns import Column
from invites.imports.forms.reading_form import ReadingForm
from invites.imports.presentation.wording import key_title
from invites.problems import column_title

SAMPLE_ROWS = 4
# Columns after these that aren't used are folded.
COLUMNS_SHOWN = 12
_LONGEST_CELL = 120
_LONGEST_TEXT = 90

_SKIPPED = ngettext_lazy("Row {rows} is skipped: {text}.", "Rows {rows} are skipped: {text}.")
_MORE_COLUMNS = ngettext_lazy("{count} more column, not used", "{count} more columns, not used")
_NOTES = {
    "name": gettext_lazy("Suggested by its name"),
    "content": gettext_lazy("Suggested by its content"),
    "chosen": gettext_lazy("Remembered"),
    "": gettext_lazy("Nothing suggested"),
}


@dataclass(frozen=True)
class Cell:
    """A cell of the preview, in parts between which a line may break."""

    parts: list[str]

    @property
    def text(self) -> str:
        return "".join(self.parts)


@dataclass(frozen=True)
class ShownColumn:
    """A column with its picker, the note below it, and its first cells."""

    column: Column
    choices: list[tuple[str, str]]
    note: str
    name: str
    cells: list[Cell]
    error: str
    is_folded: bool


@dataclass(frozen=True)
class Need:
    """A required key in the list above the columns. `state`: there, absent (not in the file) or missing."""

    key: str
    title: str
    state: str
    where: str
    may_be_missing: bool
    error: str


def shown_columns(form: ReadingForm) -> list[ShownColumn]:
    """The columns of the preview."""
    choices = [*((key, key_title(key)) for key in KEYS), ("", _("Not used"))]
    errors = {error.field: error.message for error in form.shown_errors()}
    rows = [row.cells for row in sample_rows(form)]
    return [
        ShownColumn(
            column=column,
            choices=choices,
            note=_("Chosen by you") if column.is_chosen else str(_NOTES[column.use.reason if column.key else ""]),
            name=column.use.name,
            cells=[_cell(cells[column.index] if column.index < len(cells) else "") for cells in rows],
            error=errors.get(f"column-{column.index}", ""),
            is_folded=_is_folded(column),
        )
        for column in form.columns
    ]


def sample_rows(form: ReadingForm) -> list[TopRow]:
    """The first rows below the column names."""
    return [row for row in form.decisions.table.top if row.number > form.header_row][:SAMPLE_ROWS]


def folded_text(form: ReadingForm) -> str:
    """How many columns are folded: "14 more columns, not used"; empty for none."""
    count = sum(map(_is_folded, form.columns))
    return counted(_MORE_COLUMNS, count) if count else ""


def _is_folded(column: Column) -> bool:
    return column.index >= COLUMNS_SHOWN and not column.key and not column.is_chosen


def skipped_text(form: ReadingForm) -> str:
    """Which rows above the column names aren't read: "Rows 1 and 2 are skipped: Field team, northern region."."""
    above = [row for row in form.decisions.table.top if row.number < form.header_row]
    if not above:
        return ""
    texts = [visible(cell.strip()) for row in above for cell in row.cells if cell.strip()]
    numbers = [grouped(row.number) for row in above]
    is_long = len(numbers) > 3
    rows = _("{first} to {last}").format(first=numbers[0], last=numbers[-1]) if is_long else listed(numbers)
    return counted(_SKIPPED, len(above), rows=rows, text=shorten(separated(texts)).rstrip("."))


def needs_of(form: ReadingForm) -> list[Need]:
    """The required keys, and the columns that have them."""
    places = {column.key: column.letters for column in form.columns if column.key}
    errors = {error.field: error.message for error in form.shown_errors()}
    return [_need(form, column.key, places, errors.get(column.key, "")) for column in REQUIRED]


def _need(form: ReadingForm, key: str, places: dict[str, str], error: str) -> Need:
    may_be_missing = key in MAY_BE_MISSING
    if key in places:
        state, where = "there", _("column {column}").format(column=places[key])
    elif key in NAME_KEYS and FULL_NAME in places:
        state, where = "there", _("from column {column}").format(column=places[FULL_NAME])
    elif key in form.not_in_file:
        state, where = "absent", ""
    else:
        state, where = "missing", _("choose its column")
    return Need(key, column_title(key), state, where, may_be_missing and state != "there", error)


def _cell(text: str) -> Cell:
    shown = visible(text.strip(), limit=_LONGEST_CELL)
    before, at, after = shown.partition("@")
    return Cell([f"{before}{at}", after] if at else [shown])


def shorten(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"
