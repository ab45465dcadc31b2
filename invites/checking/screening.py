"""Find the rows of a chunk that need a closer look, one column at a time.

Nearly all rows of a real file are good as written: an address in lower-case ASCII and ordinary names. Running one
pattern over a whole column, or looking each distinct cell up in a set, costs far less than checking row after row. A
row that isn't flagged here is good, and its cells are their own normal form. A flagged row is checked in full.
"""

import re
from collections.abc import Callable, Sequence
from itertools import compress

from invites.checking.cells.email import USUAL, is_usual_domain
from invites.checking.cells.names import USUAL_DESCRIPTION, USUAL_NAME, check_description, check_name
from invites.checking.cells.provider_typos import TYPO_DOMAINS
from invites.checking.cells.row import FIRST_NAME_NEEDED
from invites.checking.report import Limits

# Cells beyond this number, or longer ones, aren't remembered, so that memory is bounded.
_CELLS_REMEMBERED, _LONGEST_REMEMBERED = 10_000, 100


class Screen:
    """Screens the chunks of one file. It remembers good names, descriptions and domains, because they repeat."""

    def __init__(self, limits: Limits) -> None:
        # First or last name makes a difference only in the words about an empty one.
        self._names = _GoodCells(
            lambda name: check_name(name, FIRST_NAME_NEEDED, limits) == name, usual=USUAL_NAME, longest=limits.max_name
        )
        self._descriptions = _GoodCells(
            lambda text: check_description(text, limits) == text,
            usual=USUAL_DESCRIPTION,
            longest=limits.max_description,
        )
        self._domains = _GoodCells(lambda domain: domain not in TYPO_DOMAINS and is_usual_domain(domain))

    def flag(
        self, emails: Sequence[str], first_names: Sequence[str], last_names: Sequence[str], descriptions: Sequence[str]
    ) -> set[int]:
        """The positions of the rows that need a closer look."""
        flagged = self._flag_addresses(emails)
        flagged.update(_positions(first_names, self._names.find_others(first_names)))
        flagged.update(_positions(last_names, self._names.find_others(last_names)))
        flagged.update(_positions(descriptions, self._descriptions.find_others(descriptions)))
        return flagged

    def _flag_addresses(self, emails: Sequence[str]) -> set[int]:
        matches = list(map(USUAL.fullmatch, emails))
        domains = [match[1] if match else "" for match in matches]
        return set(_positions(domains, self._domains.find_others(domains)))


class _GoodCells:
    """The cells of a column that were found to be good before.

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
        good: set[str] = set()
        if self._usual:
            good = {cell for cell in filter(self._usual.fullmatch, new) if len(cell) <= self._longest}
        others = new - good
        if others:
            good.update(filter(self._is_good, others))
            others -= good
        if len(self._good) < _CELLS_REMEMBERED:
            self._good.update(cell for cell in good if len(cell) <= _LONGEST_REMEMBERED)
        return others


def _positions(cells: Sequence[str], wanted: set[str]) -> list[int]:
    return list(compress(range(len(cells)), map(wanted.__contains__, cells))) if wanted else []
