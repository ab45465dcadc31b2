"""Find the rows below the last person of a table: totals, notes, and lines that say who may read the file.

A row is a person if one of its cells has an @. Two kinds of rows without an @ are people, too, because nobody should
be lost: those with a valid first and last name, which spreadsheets sort to the end if the address is missing, and
those with an address that only lacks its @.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice

from invites.checking.block import Block
from invites.checking.catalog import NUMBERS_NAMED
from invites.checking.cells.text import SHOWN, is_blank, trim_all, visible
from invites.checking.columns import EMAIL, FIRST_NAME, LAST_NAME
from invites.checking.report import Report, Row, RowRange

_AT_SIGNS = ("@", "\uff20", "\ufe6b")
# A whole cell such as bob.example.com. Dates, times, amounts and web addresses with a path have other characters.
_WITHOUT_AT = re.compile(r"[^\s/:]+\.[^\W\d_]{2,}")

# How many cells of a row are shown, which are shortened, too.
_CELLS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class KnownRows:
    """What is known about rows of a table, such as one that was checked before, by their numbers.

    `people` are people whatever they hold. `not_people` aren't, unless they hold an address now. `sheet_starts` are the
    numbers that the rows of each sheet start after, if there were several.
    """

    people: Collection[int] = ()
    not_people: Collection[int] = ()
    sheet_starts: Sequence[int] = ()


NOTHING_KNOWN = KnownRows()


class Tails:
    """Follows all rows of a file in order, and counts those below the last person of each sheet.

    It keeps counts, not rows, so that its memory is constant. A sheet without any @ has no tail: all its rows stay
    problems.
    """

    def __init__(self, known: KnownRows = NOTHING_KNOWN) -> None:
        self._known = known
        self._sheet_ends = list(known.sheet_starts[:0:-1])  # The end of the current sheet is at the end.
        self._without_at: dict[int, bool] = {}  # For rows of the current block: whether they are people anyway.
        self._has_address = False
        self._tail = _Tail()
        self._found: list[_Tail] = []

    def look_at(self, row: Row, record: Sequence[str]) -> Row:
        """Look at the record of a row with problems, before its block is added. Other rows have an address.

        Returns the row, with its text if it isn't a person.
        """
        if row.values.email or any(sign in cell for cell in record for sign in _AT_SIGNS):
            return row
        is_person = row.number in self._known.people or _may_be_person(row)
        self._without_at[row.number] = is_person
        return row if is_person else row._replace(text=_text_of(record))

    def add(self, block: Block) -> None:
        """Add the next block, which has at least one row."""
        if self._is_in_the_middle(block):
            self._has_address = True
            self._without_at.clear()
            return
        blank = {position for position, row in block.flagged_rows.items() if row is None}
        for position, number in enumerate(block.numbers):
            if position in blank:
                continue
            while self._sheet_ends and number > self._sheet_ends[-1]:
                self._end_sheet()
            is_person = self._without_at.get(number)
            if is_person is False:
                # Other rows aren't built, which would take longer than to check them.
                self._tail.add(block.row_at(position), is_known=number in self._known.not_people)
            else:
                if self._tail.rows:
                    self._end_tail(is_at_end=False)
                self._has_address = self._has_address or is_person is None
        self._without_at.clear()

    def _is_in_the_middle(self, block: Block) -> bool:
        """Whether no row of the block can be in a tail, because none was before it and the last one has an address.

        Nearly all blocks are like this.
        """
        last = block.numbers[-1]
        ends_sheet = bool(self._sheet_ends) and last > self._sheet_ends[-1]
        return not (self._tail.rows or ends_sheet) and (
            not self._without_at
            or (
                not self._known.not_people
                and last not in self._without_at
                and block.flagged_rows.get(len(block.numbers) - 1, True) is not None
            )
        )

    def finish(self, report: Report) -> None:
        """Count the rows that were found as skipped rows instead of problems. Call this after the last row."""
        self._end_sheet()
        for tail in self._found:
            report.skip_tail(RowRange(tail.numbers[0], tail.last), tail.rows, tail.codes)
            missing = NUMBERS_NAMED - len(report.not_people_numbers)
            report.not_people_numbers.extend(tail.numbers[:missing])
        report.drop_problems_of_tails()

    def _end_sheet(self) -> None:
        if self._sheet_ends:
            self._sheet_ends.pop()
        self._end_tail(is_at_end=self._has_address)
        self._has_address = False

    def _end_tail(self, *, is_at_end: bool) -> None:
        """Keep the tail if it is at the end of its sheet, or was until somebody added people below it."""
        if self._tail.rows and (is_at_end or self._tail.is_known):
            self._found.append(self._tail)
        self._tail = _Tail()


class _Tail:
    """The rows since the last person: how many, the first numbers and the last one, and their problems by code.

    `is_known` says whether all of them were found before.
    """

    def __init__(self) -> None:
        self.rows = 0
        self.numbers: list[int] = []
        self.last = 0
        self.codes: Counter[str] = Counter()
        self.is_known = True

    def add(self, row: Row, *, is_known: bool) -> None:
        self.rows += 1
        self.is_known = self.is_known and is_known
        self.last = row.number
        if len(self.numbers) < NUMBERS_NAMED:
            self.numbers.append(row.number)
        self.codes.update(problem.code for problem in row.problems)


def _text_of(record: Sequence[str]) -> str:
    # visible() shows the beginning, and a cell may have a million characters.
    cells = (trim_all(cell[:SHOWN]) for cell in record)
    return visible(", ".join(islice((cell for cell in cells if not is_blank(cell)), _CELLS_SHOWN)))


def _may_be_person(row: Row) -> bool:
    """Whether a row without an @ has both names, or an address that only lacks the @."""
    suggestions = {problem.column: problem.suggestion for problem in row.problems if problem.suggestion}
    names = [
        row.values[place] or suggestions.get(key)
        for key, place in (("first_name", FIRST_NAME), ("last_name", LAST_NAME))
    ]
    if all(name and not any(map(str.isdecimal, name)) for name in names):
        return True
    address = trim_all(row.cells.email) if row.cells else ""
    return EMAIL.key in suggestions or _WITHOUT_AT.fullmatch(address) is not None
