"""Find the rows of a chunk that need a closer look, one column at a time.

Nearly all rows of a real file are valid as written: an address in lower-case ASCII and ordinary names. Matching one
pattern with a whole column, or looking up each distinct cell in a set, costs far less than checking row after row. A
cell that isn't flagged here is valid, and in its normal form. Flagged ones are checked one by one.
"""

import re
from collections.abc import Callable, Sequence
from itertools import filterfalse

from invites.checking.allowed_domains import ANY_DOMAIN, AllowedDomains
from invites.checking.cells.email import USUAL, is_usual_domain
from invites.checking.cells.look_alikes import doubt_address
from invites.checking.cells.provider_typos import TYPO_DOMAINS
from invites.checking.columns import COLUMNS, Column

# Memory is bounded: we don't remember longer cells, or more than this.
_CELLS_REMEMBERED, _LONGEST_REMEMBERED = 10_000, 100
# To match a usual cell takes no longer than to find it in a set that is too large for the processor's caches.
_USUAL_REMEMBERED = 500


class Screen:
    """Screens the chunks of one file. It remembers good cells and domains, because they repeat."""

    def __init__(self, allowed: AllowedDomains = ANY_DOMAIN) -> None:
        self._domains = _GoodCells(lambda domain: _is_good_domain(domain) and allowed.include(domain))
        self._others = [_good_cells_of(column) for column in COLUMNS[1:]]

    def flag(self, columns: Sequence[Sequence[str]]) -> dict[int, list[int]]:
        """The positions of the rows that need a closer look, each with the indexes of the columns that do.

        `columns` has the cells of each column of the registry.
        """
        emails, *others = columns
        flagged = {position: [0] for position in self.flag_addresses(emails)}
        for index, (good, cells) in enumerate(zip(self._others, others, strict=True), start=1):
            for position in good.find_others(cells):
                flagged.setdefault(position, []).append(index)
        return flagged

    def flag_addresses(self, emails: Sequence[str]) -> list[int]:
        """The positions of the addresses that need a closer look."""
        domains = [match[1] if match else "" for match in map(USUAL.fullmatch, emails)]
        return self._domains.find_others(domains)


class _GoodCells:
    """Finds the cells of a column that aren't good, and remembers good ones.

    A cell that matches `usual` and has at most `longest` characters is good; `is_good` decides about all others.
    """

    def __init__(
        self, is_good: Callable[[str], bool], *, usual: re.Pattern[str] | None = None, longest: int = 0
    ) -> None:
        self._is_good = is_good
        self._usual = usual
        self._longest = longest
        self._good: set[str] = set()

    def find_others(self, cells: Sequence[str]) -> list[int]:
        """The positions of the cells that aren't good."""
        remembered = self._good
        positions = [position for position, cell in enumerate(cells) if cell not in remembered]
        if not positions:
            return positions
        new = {cells[position] for position in positions}
        unusual = new
        if self._usual:
            unusual = set(filterfalse(self._usual.fullmatch, new))
            if max(map(len, new)) > self._longest:
                unusual |= {cell for cell in new if len(cell) > self._longest}
        others = set(filterfalse(self._is_good, unusual))
        if len(remembered) < _CELLS_REMEMBERED:
            good = (new if len(remembered) < _USUAL_REMEMBERED else unusual) - others
            remembered.update(cell for cell in good if len(cell) <= _LONGEST_REMEMBERED)
        return [position for position in positions if cells[position] in others] if others else []


def _good_cells_of(column: Column) -> _GoodCells:
    return _GoodCells(
        lambda cell: column.check(cell) == cell and column.doubt(cell) is None,
        usual=column.usual,
        longest=column.longest,
    )


def _is_good_domain(domain: str) -> bool:
    return domain not in TYPO_DOMAINS and is_usual_domain(domain) and doubt_address(f"a@{domain}") is None
