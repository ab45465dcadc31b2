"""The form of "Check how we read this file": what is asked about a file, and what was answered.

What is asked depends on earlier answers: which columns there are depends on the sheet, for example. So the form decides
step by step, in the order of the page, and the page is drawn again after an answer on which others depend.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.numbers import number_in
from invites.checking import FULL_NAME, KEYS, NAME_KEYS, NOT_USED, Decisions, HiddenRows, NameOrder, ReadingOptions
from invites.imports.forms.matched_columns import Column, FieldError, column_errors
from invites.imports.forms.reading_answers import Answers, one_of
from invites.imports.reading import decider_of
from invites.models import Batch
from invites.problems import explain


class ReadingForm:
    """The questions about one file. `is_bound`: it was sent, and not only opened or drawn again.

    `asks` has the questions that the page shows. `columns`, `header_row` and `decisions` are as answered, and as
    suggested where nothing was answered. `errors` are in the order of the page.
    """

    def __init__(self, batch: Batch, data: QueryDict, *, is_bound: bool) -> None:
        self.batch, self.is_bound = batch, is_bound
        self.posted = Answers.of(data)
        self.remember = "remember" in data
        self.shows_all_columns = "all_columns" in data
        self.asks: set[str] = set()
        self.columns: list[Column] = []
        self.header_row: int = 0
        self.row_text = ""
        self.errors: list[FieldError] = []
        self._decide()

    @property
    def is_valid(self) -> bool:
        return self.is_bound and not self.errors

    @property
    def asks_columns(self) -> bool:
        return "columns" in self.asks

    @property
    def shown(self) -> str:
        """What the columns depend on. If it has changed since the page was drawn, they weren't seen by anybody."""
        return f"{self.first_sheet}:{self.header_row}"

    @property
    def first_sheet(self) -> str:
        """The number of the sheet whose columns are shown; empty for a text."""
        return str(self.sheet_numbers[0]) if self.sheet_numbers else ""

    @property
    def is_outdated(self) -> bool:
        """Whether the columns that were sent belong to another sheet or row of names."""
        return self.asks_columns and bool(self.posted.shown) and self.posted.shown != self.shown

    @property
    def may_remember(self) -> bool:
        return bool(self.decisions.signature) and bool(self.asks & {"encoding", "columns"})

    def shown_errors(self) -> list[FieldError]:
        """The errors for the summary: only after the form was sent."""
        return self.errors if self.is_bound else []

    # --- Step by step -----------------------------------------------------------------------------

    def _decide(self) -> None:
        self._decide_with = decider_of(self.batch)
        stored = ReadingOptions.from_json(self.batch.reading)
        first = self._decide_with(stored)
        self.first = first
        tables = [table.name for table in first.preview.tables]
        options = self._decide_sheets(stored, first, tables)
        options = self._decide_encoding(options, first, tables)
        options = self._decide_hidden_rows(options)
        guess = self._decide_with(options)
        if guess.open & {"columns", "header_row", "name_order"}:
            self.asks.add("columns")
            options = self._decide_columns(options, guess)
        self.options = options
        self.decisions = self._decide_with(options)
        self._check_result()

    def _decide_sheets(self, options: ReadingOptions, first: Decisions, tables: list[str]) -> ReadingOptions:
        self.sheet_numbers: tuple[int, ...] = tuple(
            number for number, name in enumerate(tables) if name in first.sheets and first.preview.is_workbook
        )
        if "sheet" not in first.open:
            return options
        self.asks.add("sheet")
        if chosen := tuple(sorted({number for number in self.posted.sheets if number < len(tables)})):
            self.sheet_numbers = chosen
        elif self.posted.has_sheets:
            self.sheet_numbers = ()
            self._add_error("sheet", "sheet-0", _("Choose at least one sheet"), _("No sheet is chosen yet"))
        names = tuple(tables[number] for number in self.sheet_numbers)
        return replace(options, sheets=names or first.sheets)

    def _decide_encoding(self, options: ReadingOptions, first: Decisions, tables: list[str]) -> ReadingOptions:
        if "encoding" not in first.open:
            return options
        self.asks.add("encoding")
        self.encoding = one_of(self.posted.encoding, tables)
        if not self.encoding:
            message = _("Choose the spelling that’s right")
            self._add_error("encoding", "encoding-0", message, _("The spelling isn’t chosen yet"))
        return replace(options, encoding=self.encoding)

    def _decide_hidden_rows(self, options: ReadingOptions) -> ReadingOptions:
        decided = self._decide_with(options)
        if "hidden_rows" not in decided.open:
            return options
        self.asks.add("hidden_rows")
        self.hidden_rows = self.posted.hidden_rows or decided.hidden_rows
        return replace(options, hidden_rows=cast(HiddenRows, self.hidden_rows))

    def _decide_columns(self, options: ReadingOptions, guess: Decisions) -> ReadingOptions:
        is_same_sheet = self.posted.shown.partition(":")[0] in ("", self.first_sheet)
        self.header_row = self._header_row(guess.header_row if not is_same_sheet else None, guess)
        options = replace(options, header_row=self.header_row)
        suggested = self._decide_with(options)
        self.columns = self._columns(suggested, is_same_sheet=is_same_sheet)
        places = {column.key: column.index for column in reversed(self.columns) if column.key}
        used = set(places) | (set(NAME_KEYS) if FULL_NAME in places else set())
        self.not_in_file = tuple(
            key for key in (self.posted.not_in_file if self.posted.shown else suggested.not_in_file) if key not in used
        )
        options = replace(
            options, columns={key: places.get(key, NOT_USED) for key in KEYS}, not_in_file=self.not_in_file
        )
        self.errors += column_errors(self.columns, used=used, not_in_file=self.not_in_file)
        decided = self._decide_with(options)
        if "name_order" in decided.open:
            self.asks.add("name_order")
            self.name_order = self.posted.name_order or decided.name_order
            options = replace(options, name_order=cast(NameOrder, self.name_order))
            if not self.name_order:
                message = _("Choose which name comes first")
                self._add_error("name_order", "name_order-0", message, _("The order of names isn’t chosen yet"))
        return options

    def _header_row(self, fresh: int | None, guess: Decisions) -> int:
        """The row of the column names that was entered, or the suggested one."""
        text = self.posted.header_row
        if fresh is not None or text is None:
            self.row_text = str(guess.header_row or 1)
            return guess.header_row
        self.row_text = text.strip()
        if self.posted.has_no_names:
            return 0
        row, last = number_in(self.row_text) or 0, guess.last_header_row
        if 1 <= row <= last:
            return row
        message = _("Enter a row from {first} to {last}").format(first=1, last=last)
        self._add_error("header_row", "header-row", message, message)
        # The columns are shown as before.
        shown = number_in(self.posted.shown.partition(":")[2])
        return guess.header_row if shown is None or shown > last else shown

    def _columns(self, suggested: Decisions, *, is_same_sheet: bool) -> list[Column]:
        """The columns with what they are used for. What an admin chose stays with its column."""
        posted = self.posted
        was_shown = bool(posted.shown) and is_same_sheet
        as_shown = was_shown and posted.shown == self.shown
        chosen: set[int] = set()
        if was_shown:
            chosen = {at for at, key in posted.keys.items() if key != posted.suggested.get(at, "")} | posted.chosen
        taken = {posted.keys.get(at, "") for at in chosen} - {""}
        if FULL_NAME in taken:
            taken |= set(NAME_KEYS)
        elif taken & set(NAME_KEYS):
            taken.add(FULL_NAME)
        columns = []
        for index, use in enumerate(suggested.columns):
            if index in chosen or (as_shown and index in posted.keys):
                key = posted.keys.get(index, "")
            else:
                key = "" if use.key in taken else use.key
            columns.append(Column(index, use, key, is_chosen=index in chosen))
        return columns

    # --- Errors -----------------------------------------------------------------------------------

    def _check_result(self) -> None:
        decisions = self.decisions
        if self.errors:
            return
        if decisions.problem:
            message = explain(decisions.problem)
            first = {"sheet": "sheet-0", "columns": "column-0"}
            place = next((name for name in first if name in self.asks), "sheet")
            self._add_error(place, first[place], message, message)
        elif not decisions.row_count:
            target = "sheet-0" if "sheet" in self.asks else "header-row"
            message = _("This sheet has no rows. Choose another sheet.")
            if not decisions.preview.is_workbook:
                message = _("This file has no rows below the column names.")
            self._add_error("sheet" if "sheet" in self.asks else "header_row", target, message, message)

    def _add_error(self, name: str, target: str, message: str, brief: str) -> None:
        self.errors.append(FieldError(name, target, message, brief))
