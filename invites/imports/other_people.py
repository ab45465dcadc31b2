"""Notice that a corrected file belongs to another import: by its row numbers alone, its people would replace others.

A correction changes a cell or two of a row. If most rows have no word in common with what they were, they are about
other people.
"""

from __future__ import annotations

import re

from accounts.names import fold
from invites.checking import Cells
from invites.reasons import ExplainedError, as_reason

# Colleagues share what is after the @.
_DOMAIN = re.compile(r"@[\w.-]*")
# Digits and single letters say little about a person.
_WORD = re.compile(r"[^\W\d_]{2,}")


class Comparison:
    """Compares the rows of an import with the records that correct them, one after the other."""

    def __init__(self) -> None:
        self._rows = self._others = 0

    def add(self, before: Cells, after: Cells) -> None:
        """A row as it is now, and as it would be."""
        was, is_now = _words_of(before), _words_of(after)
        if was and is_now:
            self._rows += 1
            self._others += was.isdisjoint(is_now)

    def check(self) -> None:
        """Raises ExplainedError("other_import") if most rows would become other people."""
        if 2 * self._others > self._rows:
            raise ExplainedError("other_import", as_reason("other_import", rows=self._rows))


def _words_of(cells: Cells) -> set[str]:
    """The words in the names and the address."""
    text = f"{_DOMAIN.sub(' ', cells.email)} {cells.first_name} {cells.last_name}"
    return set(_WORD.findall(fold(text)))
