"""Find the row with the column names: below titles and notes, or nowhere."""

from collections.abc import Sequence
from typing import NamedTuple

from invites.checking.cells.text import is_blank
from invites.checking.reading.columns.column_names import find_meaning
from invites.checking.reading.columns.column_suggestions import holds_address
from invites.checking.reading.columns.known_exports import is_preamble

# Below this many rows, a row of names would be a surprise.
_SEARCHED = 20
# Of a row, so that a sheet with thousands of columns is read quickly.
_CELLS = 200


class HeaderGuess(NamedTuple):
    """The number of the row with the column names, 0 if there is none. If it isn't certain, the admin is asked."""

    number: int
    is_certain: bool


def find_header_row(rows: Sequence[tuple[int, Sequence[str]]]) -> HeaderGuess:
    """Find the row with the column names among the first rows, each with its number.

    A row with an address is never a header. Of the others, the one that names the most of our columns is.
    """
    rows = [(number, cells[:_CELLS]) for number, cells in rows[:_SEARCHED] if not is_preamble(cells)]
    addresses = [any(map(holds_address, cells)) for _, cells in rows]
    first_person = addresses.index(True) if True in addresses else len(rows)
    counts = [
        0 if has_address else _count_named(cells) for (_, cells), has_address in zip(rows, addresses, strict=True)
    ]
    most = max(counts, default=0)
    if most >= 2:
        return HeaderGuess(rows[counts.index(most)][0], counts.count(most) == 1)
    if most == 1 and 1 in counts[:first_person]:
        # A title of one word can be the name of a column, too. The header is next to the people.
        best = max(index for index in range(first_person) if counts[index])
        return HeaderGuess(rows[best][0], best + 1 == first_person < len(rows) and _filled(rows[best][1]) > 1)
    if first_person == 0 and rows:
        return HeaderGuess(0, True)
    if first_person < len(rows):
        above, below = rows[first_person - 1], rows[first_person]
        is_like_a_header = _filled(above[1]) > 1 and _filled(above[1]) * 2 >= _filled(below[1])
        return HeaderGuess(above[0] if is_like_a_header else 0, False)
    return HeaderGuess(rows[0][0] if rows else 0, False)


def _count_named(cells: Sequence[str]) -> int:
    """How many of our columns these cells name."""
    return len({meaning.key for cell in cells if (meaning := find_meaning(cell))})


def _filled(cells: Sequence[str]) -> int:
    return sum(not is_blank(cell) for cell in cells)
