"""Find the rows of a chunk that need a closer look, one column at a time.

Nearly all rows of a real file are valid as written: an address in lower-case ASCII and ordinary names. Matching one
pattern with a whole column, or looking up each distinct cell in a set, costs far less than checking row after row. A
row that isn't flagged here is valid, and its cells are in their normal form. A flagged row is checked in full.
"""

import re
from collections.abc import Callable, Sequence
from itertools import compress, filterfalse

from invites.checking.allowed_domains import ANY_DOMAIN, AllowedDomains
from invites.checking.cells.email import USUAL, is_usual_domain
from invites.checking.cells.look_alikes import doubt_address
from invites.checking.cells.provider_typos import TYPO_DOMAINS
from invites.checking.columns import COLUMNS, Column

# Memory is bounded: we don't remember longer cells, or more than this.
_CELLS_REMEMBERED, _LONGEST_REMEMBERED = 10_000, 100


class Screen:
    """Screens the chunks of one file. It remembers good cells and domains, because they repeat."""

    def __init__(self, allowed: AllowedDomains = ANY_DOMAIN) -> None:
        self._domains = _GoodCells(lambda domain: _is_good_domain(domain) and allowed.include(domain))
        self._others = [_good_cells_of(column) for column in COLUMNS[1:]]

    def flag(self, columns: Sequence[Sequence[str]]) -> set[int]:
        """The positions of the rows that need a closer look. `columns` has the cells of each column of the registry."""
        emails, *others = columns
        flagged = self.flag_addresses(emails)
        for good, cells in zip(self._others, others, strict=True):
            flagged.update(_positions(cells, good.find_others(cells)))
        return flagged

    def flag_addresses(self, emails: Sequence[str]) -> set[int]:
        """The same for a column of addresses alone."""
        domains = [match[1] if match else "" for match in map(USUAL.fullmatch, emails)]
        return set(_positions(domains, self._domains.find_others(domains)))


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

    def find_others(self, cells: Sequence[str]) -> set[str]:
        """The distinct cells that aren't good."""
        new = set(cells) - self._good
        if not new:
            return new
        others = new
        if self._usual:
            others = set(filterfalse(self._usual.fullmatch, new))
            if max(map(len, new)) > self._longest:
                others |= {cell for cell in new if len(cell) > self._longest}
        others = set(filterfalse(self._is_good, others))
        if len(self._good) < _CELLS_REMEMBERED:
            self._good |= {cell for cell in new - others if len(cell) <= _LONGEST_REMEMBERED}
        return others


def _good_cells_of(column: Column) -> _GoodCells:
    return _GoodCells(
        lambda cell: column.check(cell) == cell and column.doubt(cell) is None,
        usual=column.usual,
        longest=column.longest,
    )


def _is_good_domain(domain: str) -> bool:
    return domain not in TYPO_DOMAINS and is_usual_domain(domain) and doubt_address(f"a@{domain}") is None


def _positions(cells: Sequence[str], wanted: set[str]) -> list[int]:
    return list(compress(range(len(cells)), map(wanted.__contains__, cells))) if wanted else []
