"""Find notes that somebody has written beside the table, which must not block the person in that row.

A cell beyond the last column can also mean that the row is shifted, because a comma in it isn't quoted. So it is a
note only if an empty column without a name separates it from the table. In a text, every row so far must also be as
long as the header, as spreadsheets write them: a shifted row is longer, or nothing says which columns there are.
"""

from collections.abc import Sequence

from invites.checking.catalog import NUMBERS_NAMED
from invites.checking.cells.text import is_blank
from invites.checking.reading.columns.header import Header


class SideNotes:
    """Looks at the records of one file in order. It needn't see records that are as long as the table."""

    def __init__(self, header: Header, *, is_text: bool) -> None:
        self.count = 0
        self.numbers: list[int] = []  # of the first rows with notes
        self._header, self._is_text = header, is_text
        self._is_possible = not is_text or header.reach > header.width + 1

    def find(self, record: Sequence[str]) -> bool:
        """Whether all that is beyond the last column of this record are notes. False if nothing is there."""
        if not self._is_possible:
            return False
        beyond = record[self._header.width :]
        if (self._is_text and len(record) != self._header.reach) or (beyond and not is_blank(beyond[0])):
            self._is_possible = False
            return False
        return not all(map(is_blank, beyond))

    def add(self, number: int) -> None:
        """Count a row with notes."""
        self.count += 1
        if len(self.numbers) < NUMBERS_NAMED:
            self.numbers.append(number)
