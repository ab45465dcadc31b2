"""What the grid says: each cell with its problems and its suggestion, and the figures of the bar."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from accounts.models import User
from accounts.wording import counted
from invites.checking import ADDRESS_OF_ANOTHER, COLUMN_NAMES_AGAIN, COLUMNS, Problem, visible
from invites.imports.presentation.rows import duplicate_text
from invites.imports.selectors.grid import EDITABLE, SHOWN, Tally, editable
from invites.imports.selectors.not_people import is_below_people
from invites.imports.selectors.rows import cells_now
from invites.invitations.typos import domain_of, intended_address
from invites.models import Row
from invites.problems import column_title, fix_of, hint_of, message_of, stored_problem

_LEFT_TO_FIX = ngettext_lazy("{count} left to fix", "{count} left to fix")
_PEOPLE = ngettext_lazy("{count} person", "{count} people")
_FIXED = ngettext_lazy("{count} fixed", "{count} fixed")
_DUPLICATES = ngettext_lazy("{count} twice in the file", "{count} twice in the file")
_SKIPPED = ngettext_lazy("{count} skipped", "{count} skipped")


@dataclass(frozen=True)
class Suggestion:
    """The button of a cell that replaces its value."""

    label: str
    value: str


@dataclass(frozen=True)
class Choice:
    """A button that decides who has an address. `action` is the value of its form."""

    label: str
    action: str


@dataclass(frozen=True)
class Cell:
    """One cell of the grid. `text` is what is edited; `shown` is shorter where that is very long.

    `length` is that of the whole cell, of which `text` may only be the beginning. `meant` is the address that was
    probably meant, where a good one looks like a typo. `choices` are the people who have the same address.
    """

    place: int
    column: str
    text: str
    length: int
    causes: list[str]
    hints: list[str]
    suggestion: Suggestion | None
    may_be_kept: bool
    meant: str | None = None
    choices: tuple[Choice, ...] = ()

    @property
    def shown(self) -> str:
        return self.text if len(self.text) <= SHOWN else f"{self.text[: SHOWN - 1]}…"

    @property
    def meant_domain(self) -> str:
        return domain_of(self.meant or "")

    @property
    def is_cut(self) -> bool:
        return self.length > EDITABLE

    @property
    def most_editable(self) -> int:
        return EDITABLE

    @property
    def has_lines(self) -> bool:
        return "\n" in self.text


@dataclass(frozen=True)
class GridRow:
    """A row of the grid. `state`: left, fixed, twice (skipped because of another row) or out (skipped by an admin)."""

    row: Row
    state: str
    cells: list[Cell]

    @property
    def edited_by(self) -> User | None:
        """Who changed the row last, while it differs from what was first uploaded."""
        return self.row.editor

    @property
    def duplicate(self) -> str:
        """Which row has the same address; empty for a row that is no duplicate."""
        return duplicate_text(self.row)

    @property
    def was_not_a_person(self) -> bool:
        """Whether it was skipped because it isn't a person, until an admin decided to import it anyway."""
        return self.state == "left" and is_below_people(self.row.batch, self.row.number)

    @property
    def may_be_undone(self) -> bool:
        return self.row.edit is not None and self.state != "out"


def shown_row(row: Row) -> GridRow:
    """The row as the grid shows it. Its first cell also shows the problems of the row as a whole."""
    match row.outcome:
        case Row.Outcome.WAITING:
            state = "fixed"
        case Row.Outcome.SKIPPED:
            state = "twice"
        case _:
            state = "out" if row.reason == Row.Reason.SKIPPED_BY_ADMIN else "left"
    # A skipped row keeps its problems, in case it is restored.
    problems = [stored_problem(each) for each in row.problems] if state == "left" else []
    cells = []
    for place, (column, value) in enumerate(zip(COLUMNS, cells_now(row), strict=True)):
        whole = [each for each in problems if each.column is None] if place == 0 else []
        mine = whole + [each for each in problems if each.column == column.key]
        offers = [Suggestion(fix_of(each), each.suggestion) for each in mine if each.suggestion is not None]
        cells.append(
            Cell(
                place=place,
                column=column_title(column.key),
                text=editable(value),
                length=len(value),
                causes=[message_of(each) for each in mine],
                hints=[hint_of(each) for each in mine],
                suggestion=offers[0] if offers else None,
                may_be_kept=any(each.code != COLUMN_NAMES_AGAIN for each in whole),
                choices=tuple(choice for each in mine for choice in _choices(row, each)),
                meant=intended_address(row.email) if state == "fixed" and place == 0 else None,
            )
        )
    return GridRow(row, state, cells)


def _choices(row: Row, problem: Problem) -> list[Choice]:
    """Keep the other person with this address, or the one in this row."""
    if problem.code != ADDRESS_OF_ANOTHER:
        return []
    own, other = visible(f"{row.first_name} {row.last_name}", limit=60), problem.params["number"]
    keep = _("Keep {name}")
    return [
        Choice(keep.format(name=problem.params["name"]), f"other:{row.number}:{other}"),
        Choice(keep.format(name=own), f"this:{row.number}:{other}"),
    ]


def tally_texts(tally: Tally) -> list[str]:
    """ "8 left to fix", "2 fixed", "1 skipped": the first always, the others if there are any.

    Without rows to fix, there are only people: "22 people".
    """
    if not tally.rows:
        return [counted(_PEOPLE, tally.waiting)]
    others = ((_FIXED, tally.fixed), (_DUPLICATES, tally.twice), (_SKIPPED, tally.skipped_by_admin))
    return [counted(_LEFT_TO_FIX, tally.left), *(counted(message, count) for message, count in others if count)]
