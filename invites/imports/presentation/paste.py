"""What the dialog says about pasted rows: how many people there are, and which rows need fixing."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from accounts.wording import counted
from invites.checking import Fix, Problem, Understanding, UnderstoodRow
from invites.imports.presentation.status import rows_need_fixing
from invites.problems import fix_of, message_of
from invites.wording import as_sentence

# How many rows are shown at first: those that need fixing, and then others.
_TO_FIX, _OTHERS = 20, 4

_PEOPLE = ngettext_lazy("{count} person", "{count} people")
_NO_PROBLEMS = ngettext_lazy("{count} person, no problems", "{count} people, no problems")
_NAMES_MISSING = ngettext_lazy("{count} person, names missing", "{count} people, names missing")
_ROWS = ngettext_lazy("{count} row", "{count} rows")
_SHOW_ALL = ngettext_lazy("Show the row", "Show all {count} rows")
_OF_NAMES = ("first_name_needed", "last_name_needed")


@dataclass(frozen=True)
class ShownFix:
    """The button of a row, and what it writes into the text: see `checking.Fix`."""

    label: str
    fix: Fix


@dataclass(frozen=True)
class ShownRow:
    """A row: its number, its name and address as far as they are known, and what is wrong."""

    number: int
    name: str
    email: str
    causes: tuple[str, ...]
    note: str = ""
    fix: ShownFix | None = None


@dataclass(frozen=True)
class ShownPaste:
    """Nothing for an empty text. With an `error`, nothing else is known.

    `people` and `to_fix` are figures in words. `wrong_lines` are the lines of the rows that need fixing. `with_names`
    is the text with the names in the addresses, if all names are missing. `show_all` is the label of a button.
    """

    error: str = ""
    people: str = ""
    to_fix: str = ""
    rows: tuple[ShownRow, ...] = ()
    wrong_lines: tuple[int, ...] = ()
    asks_columns: bool = False
    with_names: str = ""
    show_all: str = ""
    has_all: bool = False


def shown_paste(found: Understanding, *, all_rows: bool = False) -> ShownPaste:
    """What the dialog shows of a pasted text."""
    if found.problem:
        return ShownPaste(error=as_sentence(message_of(found.problem)))
    if not found.rows:
        return ShownPaste(people=counted(_ROWS, found.row_count), asks_columns=found.asks_columns)
    wrong = [each for each in found.rows if _causes(each, found)]
    others = [each for each in found.rows if not _causes(each, found)]
    others.sort(key=lambda each: not each.doubts)
    shown = [*wrong, *others] if all_rows else [*wrong[:_TO_FIX], *others[:_OTHERS]]
    is_short = len(shown) < len(found.rows)
    return ShownPaste(
        people=_people(found, len(wrong)),
        to_fix=rows_need_fixing(len(wrong)) if wrong else "",
        rows=tuple(_shown_row(each, found) for each in shown),
        wrong_lines=tuple(each.line for each in wrong),
        asks_columns=found.asks_columns,
        with_names=found.with_names,
        show_all=counted(_SHOW_ALL, len(found.rows)) if is_short else "",
        has_all=all_rows,
    )


def _people(found: Understanding, to_fix: int) -> str:
    if found.are_names_missing:
        return counted(_NAMES_MISSING, len(found.rows) - to_fix) if to_fix < len(found.rows) else ""
    if not to_fix:
        return counted(_NO_PROBLEMS, found.people)
    return counted(_PEOPLE, found.people) if found.people else ""


def _causes(each: UnderstoodRow, found: Understanding) -> tuple[Problem, ...]:
    """What is wrong with a row. That the names of everyone are missing is said once."""
    if not each.is_person:
        return ()
    if not found.are_names_missing:
        return each.row.problems
    return tuple(problem for problem in each.row.problems if problem.code not in _OF_NAMES)


def _shown_row(each: UnderstoodRow, found: Understanding) -> ShownRow:
    causes = _causes(each, found)
    cells = each.row.cells or each.row.values
    return ShownRow(
        number=each.row.number,
        name=f"{cells.first_name} {cells.last_name}".strip(),
        email=cells.email.strip(),
        causes=tuple(as_sentence(message_of(problem)) for problem in causes),
        note=_note(each),
        fix=_shown_fix(each.fix) if causes and each.fix else None,
    )


def _note(each: UnderstoodRow) -> str:
    if not each.is_person:
        return _("Not a person. This row is skipped.")
    if each.doubts:
        return " ".join(as_sentence(message_of(doubt)) for doubt in each.doubts)
    first = each.row.duplicate_of
    return _("Same address as row {row}").format(row=first) if first is not None else ""


def _shown_fix(fix: Fix) -> ShownFix:
    problem = fix.problems[0]
    if len(fix.problems) > 1:
        # Both names.
        problem = problem._replace(suggestion=" ".join(each.suggestion or "" for each in fix.problems))
    return ShownFix(label=fix_of(problem), fix=fix)
