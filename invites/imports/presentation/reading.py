"""The questions of "Check how we read this file" in words, with examples from the file."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy, pgettext_lazy

from accounts.wording import counted, grouped, listed, separated
from invites.checking import (
    FULL_NAME,
    REQUIRED,
    Decisions,
    NameOrder,
    Problem,
    Table,
    TopRow,
    found_columns,
    split_full_name,
    visible,
)
from invites.imports.forms.reading_form import KEYS, MAY_BE_MISSING, NAME_KEYS, Column, ReadingForm
from invites.imports.presentation.wording import key_title
from invites.problems import column_title, encoding_title

# More sheets are listed without their columns.
MOST_SHEETS = 8
SAMPLE_ROWS = 4
# Columns after these that aren't used are folded.
COLUMNS_SHOWN = 12
_LONGEST_CELL = 120
_LONGEST_TEXT = 90
_COLUMN_NAMES = 8

_ROWS = ngettext_lazy("{count} row", "{count} rows")
_ROWS_HIDDEN = ngettext_lazy("{count} row is hidden in your spreadsheet", "{count} rows are hidden in your spreadsheet")
_SKIPPED = ngettext_lazy("Row {rows} is skipped: {text}.", "Rows {rows} are skipped: {text}.")
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
_MORE_COLUMNS = ngettext_lazy("{count} more column, not used", "{count} more columns, not used")
_SAMPLES = {
    1: gettext_lazy("One name from your file. Only the underlined letters differ."),
    2: gettext_lazy("Two names from your file. Only the underlined letters differ."),
    3: gettext_lazy("Three names from your file. Only the underlined letters differ."),
}
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
_NOTES = {
    "name": gettext_lazy("Suggested by its name"),
    "content": gettext_lazy("Suggested by its content"),
    "chosen": gettext_lazy("Remembered"),
    "": gettext_lazy("Nothing suggested"),
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
        columns=_shorten(separated(names[:_COLUMN_NAMES]), _LONGEST_TEXT),
        is_hidden=table.is_hidden,
        is_chosen=is_chosen,
    )


def hidden_rows_text(form: ReadingForm) -> str:
    """The question about hidden rows."""
    return counted(_ROWS_HIDDEN, form.decisions.hidden_count)


# --- Spelling -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Piece:
    """A part of a name. `differs`: other encodings have other letters here."""

    text: str
    differs: bool


@dataclass(frozen=True)
class Spelling:
    """The same few names in one encoding. `letters` describes what differs, for those who don't see it."""

    codec: str
    title: str
    names: list[list[Piece]]
    letters: str
    is_chosen: bool


def spellings(form: ReadingForm) -> list[Spelling]:
    """How the plausible encodings spell the same names."""
    samples = form.decisions.samples()
    marked = [mark_differences(readings) for readings in zip(*samples.values(), strict=True)]
    return [
        Spelling(
            codec=codec,
            title=encoding_title(codec),
            names=[readings[place] for readings in marked],
            letters=_letters_in_words([readings[place] for readings in marked]),
            is_chosen=codec == form.encoding,
        )
        for place, codec in enumerate(samples)
    ]


def samples_text(form: ReadingForm) -> str:
    """How many names are shown. There are one to three."""
    count = len(next(iter(form.decisions.samples().values()), ()))
    return str(_SAMPLES[min(max(count, 1), len(_SAMPLES))])


def mark_differences(readings: Sequence[str]) -> list[list[Piece]]:
    """Each reading of a name in pieces: those that are the same in all of them, and those that differ."""
    if len(set(map(len, readings))) == 1:
        differs = [len(set(letters)) > 1 for letters in zip(*readings, strict=True)]
        return [_in_pieces(reading, differs) for reading in readings]
    start = _common_start(readings)
    end = min(_common_start([reading[::-1] for reading in readings]), *(len(each) - start for each in readings))
    return [
        _in_pieces(reading, [start <= place < len(reading) - end for place in range(len(reading))])
        for reading in readings
    ]


def _common_start(readings: Sequence[str]) -> int:
    length = 0
    for letters in zip(*readings, strict=False):
        if len(set(letters)) > 1:
            break
        length += 1
    return length


def _in_pieces(reading: str, differs: Sequence[bool]) -> list[Piece]:
    pairs = groupby(zip(reading, differs, strict=True), key=lambda pair: pair[1])
    return [Piece("".join(letter for letter, _same in letters), is_other) for is_other, letters in pairs]


def _letters_in_words(names: Sequence[Sequence[Piece]]) -> str:
    """The letters that differ, as Unicode names them: "u with double acute"."""
    letters = dict.fromkeys(letter for pieces in names for piece in pieces if piece.differs for letter in piece.text)
    return separated([letter_in_words(letter) for letter in letters])


def letter_in_words(letter: str) -> str:
    """What Unicode calls a letter, in short: "u with double acute", "capital O with stroke"."""
    name = unicodedata.name(letter, "").lower()
    if not name or name.startswith("cjk"):
        return letter
    name = name.removeprefix("latin ").replace("small letter ", "").replace("letter ", "")
    return name if "capital" not in name else f"capital {name.replace('capital ', '').capitalize()}"


# --- Columns ------------------------------------------------------------------------------------------


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
    return counted(_SKIPPED, len(above), rows=rows, text=_shorten(separated(texts), _LONGEST_TEXT).rstrip("."))


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


def _shorten(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


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
