"""Decide how to read a file, from a preview of it, from what was answered, and from what the file says itself.

Nothing is guessed in silence: what isn't certain is open until it is answered, and has a suggestion in the meantime.
The spelling of names has none. Nothing here reads the file, so pages can decide again after each answer.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from functools import cached_property
from typing import cast

from invites.checking.catalog import file_problem
from invites.checking.cells.text import is_blank, trim_all, visible
from invites.checking.columns import REQUIRED
from invites.checking.full_names import is_decided_by_commas, suggest_order
from invites.checking.limits import Limits
from invites.checking.problem import Problem
from invites.checking.reading.columns.column_suggestions import holds_address, suggest_columns
from invites.checking.reading.columns.column_vocabulary import FULL_NAME
from invites.checking.reading.columns.compare_names import find_column, signature_of
from invites.checking.reading.columns.header import known_columns, read_header, with_found_names
from invites.checking.reading.columns.header_row import find_header_row
from invites.checking.reading.columns.known_exports import Export, is_preamble, recognize_export
from invites.checking.reading.decisions import (
    LAST_HEADER_ROW,
    NAME_KEYS,
    ColumnUse,
    Decisions,
    Layout,
    Question,
    Reason,
    last_header_row_of,
)
from invites.checking.reading.layouts import find_layouts, is_person
from invites.checking.reading.likely_sheet import find_likely_sheet
from invites.checking.reading.options import FIND_OUT, NOT_USED, NOTHING_KNOWN, Evidence, NameOrder, ReadingOptions
from invites.checking.reading.preview import Preview, Table

# What separates the cells of a row that was read as one cell.
_SEPARATOR = re.compile("[,;|\t\x1c-\x1f\uff0c\uff1b\u3001]")


def decide(
    preview: Preview,
    options: ReadingOptions = FIND_OUT,
    evidence: Evidence = NOTHING_KNOWN,
    *,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Decisions:
    """Decide what is certain, and suggest the rest."""
    return _Decider(preview, options, evidence, limits).decide()


class _Decider:
    """Decides about one file. Each property is one decision, and uses those that it depends on."""

    def __init__(self, preview: Preview, options: ReadingOptions, evidence: Evidence, limits: Limits) -> None:
        self.preview, self.options, self.evidence, self.limits = preview, options, evidence, limits

    def decide(self) -> Decisions:
        is_open: dict[Question, bool] = {
            "sheet": self.asks_sheet,
            "hidden_rows": bool(self.hidden_count) and not self.options.hidden_rows,
            "encoding": not self.preview.is_workbook and len(self.preview.tables) > 1 and not self.options.encoding,
            "header_row": self.asks_header_row,
            "columns": self.asks_columns,
            "name_order": self.asks_name_order,
        }
        questions = frozenset(question for question, asked in is_open.items() if asked)
        return Decisions(
            preview=self.preview,
            table=self.table,
            open=questions,
            encoding=self.options.encoding or ("" if self.preview.is_workbook else self.table.name),
            sheets=self.sheets,
            header_row=self.header_row,
            columns=self.columns,
            missing=self.missing,
            not_in_file=self.not_in_file,
            name_order=self.name_order,
            full_names=self.full_names,
            hidden_rows=self.options.hidden_rows or ("exclude" if self.hidden_count else ""),
            hidden_count=self.hidden_count,
            doubt=self.doubt if questions & {"columns", "header_row"} else None,
            problem=self.problem,
            export=self.export.name if self.export and not self.is_remembered else "",
            signature=signature_of(self.header_cells),
            remembered=self.signature if self.is_remembered else "",
            layouts=self.layouts,
        )

    # --- Sheets ---------------------------------------------------------------------------------------

    @cached_property
    def sheets(self) -> tuple[str, ...]:
        if not self.preview.is_workbook:
            return ()
        # In the order of the workbook, as their rows are.
        known = tuple(table.name for table in self.preview.tables if table.name in self.options.sheets)
        return known or (find_likely_sheet(self.preview.tables).name,)

    @cached_property
    def names_of_tables(self) -> frozenset[str]:
        return frozenset(table.name for table in self.preview.tables)

    @cached_property
    def asks_sheet(self) -> bool:
        with_people = [table for table in self.preview.tables if table.has_addresses]
        return self.preview.is_workbook and len(with_people) > 1 and not self.options.sheets

    @cached_property
    def hidden_count(self) -> int:
        return sum(table.hidden_rows for table in self.preview.tables if table.name in self.sheets)

    @cached_property
    def table(self) -> Table:
        return self.preview.table(self.sheets[0] if self.sheets else self.options.encoding)

    # --- The row of column names ----------------------------------------------------------------------

    @cached_property
    def rows(self) -> list[tuple[int, tuple[str, ...]]]:
        return [(row.number, row.cells) for row in self.table.top]

    @cached_property
    def remembered_row(self) -> tuple[int, str]:
        """The row whose names are remembered, and their signature; 0 if there is none."""
        if self.options.header_row is None and self.options.columns is None:
            for number, cells in self.rows[:LAST_HEADER_ROW]:
                signature = signature_of(cells)
                if signature in self.evidence.remembered:
                    return number, signature
        return 0, ""

    @property
    def is_remembered(self) -> bool:
        return bool(self.remembered_row[0])

    @property
    def signature(self) -> str:
        return self.remembered_row[1]

    @cached_property
    def chosen(self) -> ReadingOptions:
        """What was answered for this file, or is remembered of an earlier one.

        Another member may have chosen what is remembered. It never changes what the names of the columns leave no doubt
        about, such as which column the invitations go to.
        """
        if not self.is_remembered or self.is_certain:
            return self.options
        return self.evidence.remembered[self.signature]

    @cached_property
    def header_row(self) -> int:
        if self.options.header_row is not None:
            return self.options.header_row
        return self.remembered_row[0] or find_header_row(self.rows).number

    @cached_property
    def header_cells(self) -> tuple[str, ...]:
        return next((cells for number, cells in self.rows if number == self.header_row), ())

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The column names, as we show them. A column without a name has an empty one."""
        return tuple("" if is_blank(cell) else visible(trim_all(cell)) for cell in self.header_cells)

    @cached_property
    def samples(self) -> list[tuple[str, ...]]:
        return [cells for number, cells in self.rows if number > self.header_row]

    @cached_property
    def asks_header_row(self) -> bool:
        """Whether there is text above the column names, or no row has any."""
        if self.options.header_row is not None:
            return False
        above = [cells for number, cells in self.rows if number < self.header_row]
        if self.is_remembered:
            return any(map(is_person, above))
        return not self.header_row or not all(map(is_preamble, above))

    # --- Columns --------------------------------------------------------------------------------------

    @cached_property
    def export(self) -> Export | None:
        """The known export. A column of it that is empty could be in another column, so it isn't certain."""
        found = recognize_export(self.names)
        is_filled = found and not any(self._is_empty(index) for index in found.columns.values())
        return found if is_filled or not self.samples else None

    def _is_empty(self, index: int) -> bool:
        return all(is_blank(cells[index]) for cells in self.samples if index < len(cells))

    @cached_property
    def width(self) -> int:
        cells = [self.names, *self.samples]
        return max((index + 1 for row in cells for index, cell in enumerate(row) if not is_blank(cell)), default=0)

    @cached_property
    def certain(self) -> dict[str, int]:
        """The columns that their names, or a known export, leave no doubt about."""
        if self.export:
            return dict(self.export.columns)
        found: dict[str, int] = {}
        for index, key in enumerate(known_columns(self.names)):
            if key:
                # Two columns for one thing: neither is certain.
                found[key] = NOT_USED if key in found else index
        return {key: index for key, index in found.items() if index != NOT_USED}

    @cached_property
    def columns(self) -> tuple[ColumnUse, ...]:
        names = [*self.names, *[""] * self.width][: self.width]
        return tuple(ColumnUse(name, *self.uses.get(index, ("", ""))) for index, name in enumerate(names))

    @cached_property
    def uses(self) -> dict[int, tuple[str, Reason]]:
        """For each column that is used, its key and why."""
        if self.chosen.columns is not None:
            return self._with_suggestions(self._chosen_and_certain())
        if self.is_certain:
            return {index: (key, "name") for key, index in self.certain.items()}
        return self._with_suggestions({})

    def _chosen_and_certain(self) -> dict[int, tuple[str, Reason]]:
        chosen = {key: index for key, index in self.resolved.items() if index != NOT_USED}
        uses: dict[int, tuple[str, Reason]] = {index: (key, "chosen") for key, index in chosen.items()}
        for key, index in self.certain.items():
            if key not in self.resolved and not _is_same_name(key, chosen):
                uses.setdefault(index, (key, "name"))
        return uses

    def _with_suggestions(self, uses: dict[int, tuple[str, Reason]]) -> dict[int, tuple[str, Reason]]:
        """The same with suggestions for the rest, if anything required isn't there."""
        keys = {key for key, _reason in uses.values()}
        if all(column.key in _covered(keys) or column.key in self.chosen.not_in_file for column in REQUIRED):
            return uses
        suggested = enumerate(suggest_columns(self.names, self.samples))
        others = {
            index: (each.key, cast(Reason, each.reason))
            for index, each in suggested
            if each.key and each.key not in {*keys, *self.resolved} and not _is_same_name(each.key, keys)
        }
        return {**others, **uses}

    @cached_property
    def is_certain(self) -> bool:
        """Whether every required column has its usual name, and none of ours is there twice."""
        return not self.is_double and all(column.key in _covered(self.certain) for column in REQUIRED)

    @cached_property
    def is_double(self) -> bool:
        keys = [key for key in known_columns(self.names) if key]
        return not self.export and len(keys) != len(set(keys))

    @cached_property
    def resolved(self) -> dict[str, int]:
        """The columns that were chosen, by index. Columns that don't exist are ignored."""
        found = {key: self._index_of(column) for key, column in (self.chosen.columns or {}).items()}
        return {key: index for key, index in found.items() if index is not None}

    def _index_of(self, column: int | str) -> int | None:
        """The index of a column that is given by its index, its name or its letters. None if there is none."""
        index = column if isinstance(column, int) else find_column(column, self.names)
        return index if index is not None and index < max(self.width, len(self.names)) else None

    @cached_property
    def not_in_file(self) -> tuple[str, ...]:
        if self.chosen.not_in_file or self.chosen.columns is not None:
            return tuple(key for key in self.chosen.not_in_file if key not in self.used)
        return tuple(self.export.missing) if self.export else ()

    @cached_property
    def used(self) -> frozenset[str]:
        return _covered(key for key, _reason in self.uses.values())

    @cached_property
    def missing(self) -> tuple[str, ...]:
        return tuple(
            column.key for column in REQUIRED if column.key not in self.used and column.key not in self.not_in_file
        )

    @cached_property
    def asks_columns(self) -> bool:
        """Whether a required column is missing or only suggested."""
        if self.missing or (self.is_double and self.chosen.columns is None):
            return True
        if self.not_in_file and self.chosen.columns is None and not self.chosen.not_in_file:
            return True
        needed = {*(column.key for column in REQUIRED), FULL_NAME}
        suggested = (
            key for index, (key, reason) in self.uses.items() if reason != "chosen" and self.certain.get(key) != index
        )
        return not needed.isdisjoint(suggested)

    @cached_property
    def doubt(self) -> Problem | None:
        """What is wrong with the column names, for the message."""
        first = next((list(cells) for _number, cells in self.rows if not is_preamble(cells)), [])
        names = next((list(cells) for number, cells in self.rows if number == self.header_row), first)
        above = [number for number, cells in self.rows if number < self.header_row]
        wrong = read_header(names, limits=self.limits)
        if isinstance(wrong, Problem) and (self.asks_columns or not above):
            return wrong
        if not above:
            return None
        problem = file_problem("names_below", number=self.header_row, value=", ".join(self.names))
        return with_found_names(problem, names)

    # --- Full names -----------------------------------------------------------------------------------

    @cached_property
    def full_names(self) -> tuple[str, ...]:
        place = next((index for index, column in enumerate(self.columns) if column.key == FULL_NAME), None)
        if place is None:
            return ()
        cells = [row[place] for row in self.samples if place < len(row)]
        return tuple(trim_all(cell) for cell in cells if not is_blank(cell))

    @cached_property
    def are_with_commas(self) -> bool:
        return bool(self.full_names) and is_decided_by_commas(self.full_names)

    @cached_property
    def name_order(self) -> NameOrder:
        if not self.full_names:
            return ""
        if order := self.options.name_order or self.chosen.name_order:
            return order
        if self.are_with_commas:
            return ""
        name = next(column.name for column in self.columns if column.key == FULL_NAME)
        return suggest_order(self.full_names, name, self.evidence.languages)

    @cached_property
    def asks_name_order(self) -> bool:
        return (
            bool(self.full_names)
            and not self.are_with_commas
            and not (self.options.name_order or self.chosen.name_order)
        )

    # --- Several sheets -------------------------------------------------------------------------------

    @cached_property
    def layouts(self) -> tuple[Layout, ...]:
        """Where the rows of each sheet are. Sheets whose columns have other names are ignored."""
        used = [index for index, column in enumerate(self.columns) if column.key]
        others = [self.preview.table(name) for name in self.sheets[1:]]
        return find_layouts(self.table, others, header_row=self.header_row, names=self.header_cells, used=used)

    # --- What can't be read ---------------------------------------------------------------------------

    @cached_property
    def problem(self) -> Problem | None:
        if missing := next((name for name in self.options.sheets if name not in self.names_of_tables), ""):
            return file_problem("sheet_missing", name=missing, names=[table.name for table in self.preview.tables])
        for table in self.preview.tables:
            if table.problem and table.name in self.sheets:
                return Problem(**table.problem)
        if len(self.names) > self.limits.max_columns:
            return file_problem("too_many_columns", found=len(self.names), limit=self.limits.max_columns)
        if self.header_row > last_header_row_of(self.table):
            return file_problem("header_row_too_far", limit=last_header_row_of(self.table))
        for key, column in (self.chosen.columns or {}).items():
            if isinstance(column, str) and self.names.count(column) > 1:
                return file_problem("double_column", column=key, names=[column], value=", ".join(self.names))
            if self._index_of(column) is None:
                return file_problem("column_not_found", name=str(column), value=", ".join(self.names))
        if len(self.layouts) < len(self.sheets):
            found = {layout.sheet for layout in self.layouts}
            other = next(name for name in self.sheets if name not in found)
            return file_problem("other_columns_in_sheet", name=other, other=self.table.name)
        if (self.asks_columns or self.asks_header_row) and not self._may_hold_people:
            return self.doubt
        return None

    @property
    def _may_hold_people(self) -> bool:
        """Whether a cell has an address, and not a whole row with a separator that we don't know."""
        if self.width > 1 or not self.table.has_addresses:
            return self.table.has_addresses
        return any(holds_address(cell) and not _SEPARATOR.search(cell) for cells in self.samples for cell in cells)


def _covered(keys: Iterable[str]) -> frozenset[str]:
    """These keys, and those of the parts of a full name if it is one of them."""
    found = frozenset(keys)
    return found | frozenset(NAME_KEYS) if FULL_NAME in found else found


def _is_same_name(key: str, keys: Container[str]) -> bool:
    """Whether a column would have the names that other columns have: the full name, or its parts."""
    return any(name in keys for name in NAME_KEYS) if key == FULL_NAME else key in NAME_KEYS and FULL_NAME in keys
