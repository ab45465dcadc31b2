"""What the grid sends: edited cells, and the action of the pressed button."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.http import QueryDict

from accounts.numbers import number_in
from invites.checking import CATALOG, COLUMNS
from invites.imports.corrections import Edit

_CELL = re.compile(r"cell-(\d{1,9})-(\d{1,3})")


@dataclass(frozen=True)
class GridAction:
    """What a button of the grid asks for: `skip:14`, `take:14:0`, `this:14:9`, `all:email_two_at`, `check`.

    `other` is the number of another row with the same address.
    """

    name: str
    number: int = 0
    place: int = 0
    other: int = 0
    code: str = ""


def read_action(data: QueryDict) -> GridAction:
    name, *rest = data.get("do", "").split(":")
    numbers = [found for each in rest if (found := number_in(each)) is not None]
    number, place = [*numbers, 0, 0][:2]
    code = known_code(rest[0]) if rest else ""
    return GridAction(name, number, min(place, len(COLUMNS) - 1), other=place, code=code)


def known_code(code: str) -> str:
    """The code if it exists, or an empty string: PostgreSQL doesn't accept every text in a query."""
    return code if code in CATALOG else ""


def read_edits(data: QueryDict) -> list[Edit]:
    """The cells of the form; `seen-14` is the version of row 14 when it was shown.

    Of an edit that is sent again, `was-14-2` are the values of which one stood in the cell before.
    """
    edits = []
    for name, value in data.items():
        if (cell := _CELL.fullmatch(name)) and int(cell[2]) < len(COLUMNS):
            seen = number_in(str(data.get(f"seen-{cell[1]}", "")))
            was = frozenset(data.getlist(f"was-{cell[1]}-{cell[2]}"))
            edits.append(Edit(int(cell[1]), int(cell[2]), str(value), -1 if seen is None else seen, was))
    return edits
