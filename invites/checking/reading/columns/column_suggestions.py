"""Suggest which column of a file is which: by its name first, then by what is in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from invites.checking.cells.text import is_blank
from invites.checking.reading.columns.column_names import Meaning, find_meaning, without_marks
from invites.checking.reading.columns.column_vocabulary import ACCOUNT_RANK, FULL_NAME, NAME

_LONGEST_CELL = 400
# Names that aren't known come after those that mean a private address or an account.
_UNKNOWN_RANK = 9


class Suggestion(NamedTuple):
    """What a column of the file probably is.

    `key` is the key of a column, FULL_NAME, or "" if the column isn't used. `reason` is "name", "content" or "".
    """

    key: str
    reason: str


NOT_USED = Suggestion("", "")


def holds_address(cell: str) -> bool:
    """Whether one of the words of a cell is an email address, or looks like one."""
    if "@" not in cell or len(cell) > _LONGEST_CELL:
        return False
    return any(_is_address(word) for word in cell.replace(",", " ").replace(";", " ").split())


def suggest_columns(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Suggestion]:
    """One suggestion per column. `names` are all empty if the file has none; `rows` are the first ones, of any width.

    No key is suggested for two columns.
    """
    width = max([len(names), *map(len, rows)])
    columns = [
        _Column(index, find_meaning(names[index]) if index < len(names) else None, _cells(rows, index))
        for index in range(width)
    ]
    email = _find_email(columns)
    others = [column for column in columns if not column.is_of_addresses]
    found = _find_names(others)
    # A description may have addresses, too.
    description = _best([column for column in columns if column is not email], "description")
    reasons = {column.index: Suggestion(key, "name") for key, column in found.items()}
    if description:
        reasons[description.index] = Suggestion("description", "name")
    if email:
        reasons[email.index] = Suggestion("email", "name" if email.means("email") else "content")
        if not found and (column := _find_full_names(others, email)):
            reasons[column.index] = Suggestion(FULL_NAME, "content")
    return [reasons.get(index, NOT_USED) for index in range(width)]


@dataclass(frozen=True, eq=False)
class _Column:
    """A column of the file: what its name means, and its cells in the first rows."""

    index: int
    meaning: Meaning | None
    cells: list[str]

    def means(self, key: str) -> bool:
        return self.meaning is not None and self.meaning.key == key

    @property
    def rank(self) -> int:
        return self.meaning.rank if self.meaning else _UNKNOWN_RANK

    @property
    def is_empty(self) -> bool:
        """Whether no cell of this column has anything."""
        return all(is_blank(cell) for cell in self.cells)

    @property
    def is_of_addresses(self) -> bool:
        """Whether at least half of the cells that aren't blank have an address."""
        filled = [cell for cell in self.cells if not is_blank(cell)]
        return bool(filled) and 2 * sum(map(holds_address, filled)) >= len(filled)


def _cells(rows: Sequence[Sequence[str]], index: int) -> list[str]:
    return [row[index] if index < len(row) else "" for row in rows]


def _is_address(word: str) -> bool:
    name, _, domain = word.partition("@")
    return bool(name and domain) and "@" not in domain


def _best(columns: list[_Column], key: str) -> _Column | None:
    """The column that means this most likely: one with cells, then the one with the clearest name, then the first."""
    return min(
        (column for column in columns if column.means(key)),
        key=lambda column: (column.is_empty, column.rank, column.index),
        default=None,
    )


def _find_email(columns: list[_Column]) -> _Column | None:
    """A column that has addresses if there is one. Work goes before private, and a known name before others."""
    if with_addresses := [column for column in columns if column.is_of_addresses]:
        return min(
            with_addresses,
            key=lambda column: (column.rank if column.means("email") else _UNKNOWN_RANK, column.index),
        )
    # "User name" and "Contact" are columns of addresses only if they have some.
    named = [column for column in columns if not (column.rank == ACCOUNT_RANK and any(column.cells))]
    return _best(named, "email")


def _find_names(columns: list[_Column]) -> dict[str, _Column]:
    """The first and the last name, or the full name, by the names of the columns."""
    first, last = _best(columns, "first_name"), _best(columns, "last_name")
    full, name = _best(columns, FULL_NAME), _best(columns, NAME)
    if name and not (first and last):
        if first:
            last = name
        elif last:
            first = name
        else:
            full = full or name
    has_both = first and last and not (full and not full.is_empty and (first.is_empty or last.is_empty))
    if full and not has_both:
        return {FULL_NAME: full}
    found = {"first_name": first, "last_name": last}
    return {key: column for key, column in found.items() if column}


def _find_full_names(columns: list[_Column], email: _Column) -> _Column | None:
    """The only column whose cells look like full names, if they also occur in the addresses."""
    unknown = [column for column in columns if column.rank in (ACCOUNT_RANK, _UNKNOWN_RANK)]
    found = [column for column in unknown if _are_full_names(column.cells, email.cells)]
    return found[0] if len(found) == 1 else None


def _are_full_names(cells: list[str], addresses: list[str]) -> bool:
    filled = [(cell, address) for cell, address in zip(cells, addresses, strict=True) if not is_blank(cell)]
    names = [(cell, address) for cell, address in filled if _is_full_name(cell)]
    in_address = sum(_is_in_address(cell, address) for cell, address in names)
    return bool(names) and len(names) * 5 >= len(filled) * 4 and in_address * 2 >= len(names)


def _is_full_name(cell: str) -> bool:
    """Whether the cell has two to four words of letters, of which the first and the last begin with a capital."""
    words = cell[:_LONGEST_CELL].replace(",", " ").split()
    if not 2 <= len(words) <= 4:
        return False
    are_letters = all(word.strip(".'’").replace("-", "").replace("'", "").replace("’", "").isalpha() for word in words)
    return are_letters and words[0][0].isupper() and words[-1][0].isupper()


def _is_in_address(cell: str, address: str) -> bool:
    """Whether a word of the name is a part of the address: Péter Hegedűs is in hegedus.p@example.com."""
    local = without_marks(address[:_LONGEST_CELL].partition("@")[0].casefold())
    words = without_marks(cell.casefold()).replace(",", " ").split()
    return any(len(word) >= 3 and word in local for word in words)
